package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/infershield/infershield/inspect"
)

// viewWords say what was undone before a finding could be read.
var viewWords = map[string]string{
	"invisible":      "invisible characters taken out",
	"letters":        "look-alike letters read as what they look like",
	"leet":           "digits and signs read as letters",
	"spaced":         "spaced letters joined",
	"tags":           "invisible tag characters read as letters",
	"selectors":      "invisible variation selectors read as letters",
	"percent":        "percent-encoding undone",
	"escapes":        "escapes undone",
	"entities":       "HTML entities undone",
	"rot13":          "rot13 undone",
	"atbash":         "atbash undone",
	"reversed":       "read backwards",
	"reversed_words": "words read backwards",
	"base64":         "base64 undone",
	"base32":         "base32 undone",
	"hex":            "hex undone",
	"utf16":          "UTF-16 undone",
}

// conceptWords say what the model's concepts stand for. Features that are none
// of them are names that speak for themselves.
var conceptWords = map[string]string{
	"override":   "overriding",
	"prior":      "what came before",
	"instr":      "instructions",
	"reveal":     "revealing",
	"system":     "hidden or internal",
	"prompt":     "the prompt",
	"persona":    "playing a part",
	"unrestrict": "without restraint",
	"limit":      "limits and rules of conduct",
	"neg":        "a negation",
	"ai":         "the assistant",
	"you":        "you",
	"now":        "from now on",
	"obey":       "obeying",
	"refuse":     "refusing",
	"reader":     "whoever reads this",
	"audience":   "the user",
	"hide":       "keeping it from somebody",
	"exfil":      "sending",
	"asset":      "keys or private data",
	"harm":       "harm",
	"tag":        "marks of a chat format",
	"task":       "a task",
	"scope":      "everything",
	"quoted":     "in quotes",
}

// writeReasons says why f is a finding, in words.
func writeReasons(w io.Writer, p palette, f inspect.Finding) {
	if len(f.Views) > 0 {
		undone := make([]string, len(f.Views))
		for i, view := range f.Views {
			if undone[i] = viewWords[view]; undone[i] == "" {
				undone[i] = view
			}
		}
		fmt.Fprintf(w, "    %s\n", p.dim("read with: "+strings.Join(undone, ", then ")))
	}
	if len(f.Features) > 0 {
		reasons := make([]string, len(f.Features))
		for i, feature := range f.Features {
			reasons[i] = inWords(feature)
		}
		fmt.Fprintf(w, "    %s\n", p.dim("because of: "+strings.Join(reasons, "; ")))
	}
}

// inWords is a feature as a person would say it: "override+instr" is
// "overriding, instructions".
func inWords(feature string) string {
	parts := strings.Split(feature, "+")
	for i, part := range parts {
		if words, ok := conceptWords[part]; ok {
			parts[i] = words
			continue
		}
		parts[i] = strings.ReplaceAll(printable(part), "_", " ")
	}
	return strings.Join(parts, ", ")
}
