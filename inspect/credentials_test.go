package inspect_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/inspect"
)

// spans is half-open byte ranges of a text.
type spans [][2]int

// marked takes the signs ⟦ and ⟧ out of text and returns where they stood.
func marked(text string) (string, spans) {
	var plain strings.Builder
	var at spans
	for {
		before, rest, ok := strings.Cut(text, "⟦")
		plain.WriteString(before)
		if !ok {
			return plain.String(), at
		}
		value, after, _ := strings.Cut(rest, "⟧")
		at = append(at, [2]int{plain.Len(), plain.Len() + len(value)})
		plain.WriteString(value)
		text = after
	}
}

// secretSpans returns where the secrets of text are that policy would mask.
func secretSpans(text string) (at spans, found []inspect.Finding) {
	for _, f := range engine().Scan(inspect.Source{}, text) {
		if f.Category == inspect.Secret && f.Score >= 0.3 {
			at, found = append(at, [2]int{f.Start, f.End}), append(found, f)
		}
	}
	return at, found
}

// credentialTexts calls each with the texts of testdata/credentials, whose first
// lines say how they are written.
func credentialTexts(t *testing.T, each func(name, text string, want spans)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/credentials/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			data := strings.ReplaceAll(strings.TrimSuffix(string(file.Data), "\n"), "·", "")
			texts := []string{data}
			if strings.HasPrefix(file.Name, "lines/") {
				texts = strings.Split(data, "\n")
			}
			for _, text := range texts {
				plain, want := marked(text)
				each(file.Name, plain, want)
			}
		}
	}
}

// A finding of a secret covers the value, no more and no less.
func TestCredentials(t *testing.T) {
	credentialTexts(t, func(name, text string, want spans) {
		got, found := secretSpans(text)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q: got %v %v; want %v", name, text, got, found, want)
		}
	})
}

func TestCredentialsByteByByte(t *testing.T) {
	credentialTexts(t, func(_, text string, _ spans) {
		checkSplit(t, inspect.Source{}, byteByByte(text))
	})
}
