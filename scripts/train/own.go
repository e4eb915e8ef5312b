package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// templates are the lines of the text folder by section, with the file's name
// before it: "en_attack/leak", "languages/de attack".
type templates struct {
	lines map[string][]string
	names []string // sections in the order of the files
}

func readTemplates(folder string) (*templates, error) {
	t := &templates{lines: map[string][]string{}}
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no text in %s: %v", folder, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading our own text: %w", err)
		}
		section := ""
		for line := range strings.Lines(string(data)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case line == "" || strings.HasPrefix(line, "# ") && section == "":
			case line[0] == '[' && line[len(line)-1] == ']' && !strings.ContainsAny(line, "{<"):
				section = strings.TrimSuffix(filepath.Base(file), ".txt") + "/" + line[1:len(line)-1]
				t.names = append(t.names, section)
			default:
				t.lines[section] = append(t.lines[section], strings.ReplaceAll(line, `\n`, "\n"))
			}
		}
	}
	return t, nil
}

// readUnseen reads texts as they stand, by section: "tool attack".
func readUnseen(folder string) ([]sample, error) {
	t, err := readTemplates(folder)
	if err != nil {
		return nil, err
	}
	var out []sample
	for _, section := range t.names {
		speaker, kind, _ := strings.Cut(section[strings.IndexByte(section, '/')+1:], " ")
		for _, line := range t.lines[section] {
			out = append(out, sample{
				text: line, attack: kind == "attack", tool: speaker == "tool", answer: speaker == "model", origin: "unseen " + speaker,
			})
		}
	}
	return out, nil
}

// folds is how many times the model is learned without a part of our own text, to
// see how it does on lines that it has never met.
const folds = 4

// everything is the fold that holds nothing out.
const everything = -1

// heldOut reports whether the fold holds out a section's line with this number.
func heldOut(line, fold int) bool { return line%folds == fold }

// fill writes out a template: {a|b} is one of the alternatives, {SLOT} a line of
// that section of slots.txt or of en_indirect.txt; other braces stand for themselves.
func (t *templates) fill(rng *rand.Rand, text string, depth int) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 || depth > 8 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:open])
		end := closing(text, open)
		if end < 0 {
			out.WriteString(text[open:])
			return out.String()
		}
		body := text[open+1 : end]
		text = text[end+1:]
		alternatives := splitTop(body)
		slot := t.slot(body)
		switch {
		case body == "GIBBERISH":
			out.WriteString(gibberish(rng))
		case len(alternatives) > 1:
			one := alternatives[rng.IntN(len(alternatives))]
			if len(t.slot(one)) > 0 {
				one = "{" + one + "}"
			}
			out.WriteString(t.fill(rng, one, depth+1))
		case len(slot) > 0:
			out.WriteString(t.fill(rng, slot[rng.IntN(len(slot))], depth+1))
		default:
			out.WriteString("{" + t.fill(rng, body, depth+1) + "}")
		}
	}
}

// slot returns the lines that may fill in for a name.
func (t *templates) slot(name string) []string {
	switch name {
	case "TOOLTASK":
		return t.lines["en_indirect/TOOLTASK"]
	case "POLITE":
		return t.lines["en_indirect/polite"]
	case "ANSWER":
		return t.lines["en_indirect/answer"]
	}
	return t.lines["slots/"+name]
}

// gibberish is what a search over tokens leaves: bits of words and of code.
func gibberish(rng *rand.Rand) string {
	const letters = "abcdefghilmnoprstuvwy"
	glue := []string{" ", " ", " ", "", ".", "](", " **", "\\", " {\\", "\"", " !--", "]. ", ":%", " `", "}+", ".\\ + ", "<", " [", ");", "=>", "?? ", "//"}
	words := []string{"Sure", "similarly", "Now", "write", "Me", "giving", "ONE", "please", "two", "with", "step", "INST", "sentence", "formatting",
		"describing", "reverse", "text", "tutorial", "Here", "HTML", "Comments", "opposite", "Begin", "printf", "Theme", "Title", "steps", "manner"}
	var out strings.Builder
	for range 10 + rng.IntN(16) {
		if word := pick(rng, words...); rng.IntN(2) == 0 {
			out.WriteString(word)
		} else {
			for range 2 + rng.IntN(6) {
				out.WriteByte(letters[rng.IntN(len(letters))])
			}
		}
		out.WriteString(pick(rng, glue...))
	}
	return out.String()
}

func closing(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// splitTop splits at the bars that stand in no inner braces.
func splitTop(body string) []string {
	var parts []string
	depth, start := 0, 0
	for i := range len(body) {
		switch body[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '|':
			if depth == 0 {
				parts = append(parts, body[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, body[start:])
}

// make fills the templates: those that are learned from, or those held out.
func (t *templates) make(rng *rand.Rand, rows []row, fold int, held bool) []sample {
	var out []sample
	around := benignTexts(rows)
	for _, section := range t.names {
		file, name, _ := strings.Cut(section, "/")
		for i, line := range t.lines[section] {
			if heldOut(i, fold) != held {
				continue
			}
			switch file {
			case "en_attack":
				out = append(out, t.prompts(rng, line, true, "own en "+name, 40, around)...)
			case "en_benign":
				out = append(out, t.prompts(rng, line, false, "own en "+name, 40, around)...)
			case "languages":
				lang, kind, _ := strings.Cut(name, " ")
				out = append(out, t.prompts(rng, line, kind == "attack", "own "+lang, 16, around)...)
			}
		}
	}
	return append(out, t.documents(rng, fold, held)...)
}

// benignTexts are short honest prompts, to put before and behind an attack.
func benignTexts(rows []row) []string {
	var out []string
	for _, r := range rows {
		if r.Label == "benign" && r.Source == "user" && len(r.Text) < 400 {
			out = append(out, r.Text)
		}
	}
	return out
}

// prompts makes variants of one template. Attacks and look-alikes are wrapped,
// shouted and mistyped alike, so that none of that tells them apart.
func (t *templates) prompts(rng *rand.Rand, line string, attack bool, origin string, n int, around []string) []sample {
	var out []sample
	seen := map[string]bool{}
	for range n {
		text := t.fill(rng, line, 0)
		how := rng.IntN(12)
		if seen[text] && how > 6 {
			continue
		}
		seen[text] = true
		switch how {
		case 0, 1:
			text = around[rng.IntN(len(around))] + pick(rng, " ", "\n", "\n\n") + text
		case 2:
			text += pick(rng, " ", "\n\n") + around[rng.IntN(len(around))]
		case 3:
			text = around[rng.IntN(len(around))] + "\n" + text + "\n" + around[rng.IntN(len(around))]
		case 4:
			text = strings.ToUpper(text)
		case 5:
			text = mistype(rng, text)
		case 6:
			text = strings.ToLower(text)
		}
		out = append(out, sample{text: text, attack: attack, origin: origin, group: groupOf(line)})
	}
	for i := range out {
		out[i].weight = 12 / float64(len(out)+8)
		if strings.Contains(line, "{GIBBERISH}") {
			out[i].weight *= 3 // it never looks the same
		}
		if attack && len(strings.Fields(out[i].text)) <= 6 {
			out[i].weight *= 3 // little to go by, and the first thing that anybody tries
		}
	}
	return out
}

// groupOf numbers a template, apart from the rows of train.jsonl.
func groupOf(line string) uint32 { return uint32(hashString(line)) | 1<<31 }

// mistype swaps two letters here and there.
func mistype(rng *rand.Rand, text string) string {
	r := []rune(text)
	for i := 1; i+2 < len(r); i++ {
		if rng.IntN(25) == 0 && unicode.IsLetter(r[i]) && unicode.IsLetter(r[i+1]) && unicode.IsLetter(r[i-1]) {
			r[i], r[i+1] = r[i+1], r[i]
			i += 4
		}
	}
	return string(r)
}

func pick(rng *rand.Rand, from ...string) string { return from[rng.IntN(len(from))] }

// documents makes what tools bring in: carriers with a planted instruction, and
// the same carriers with an honest note or none.
func (t *templates) documents(rng *rand.Rand, fold int, held bool) []sample {
	planted := map[string][]string{}
	for _, section := range plantedSections {
		planted[section] = t.split(section, fold, held)
	}
	notes := t.split("en_carriers/note", fold, held)
	for _, section := range t.names {
		if file, name, _ := strings.Cut(section, "/"); file == "en_benign" && name != "everyday" {
			notes = append(notes, t.split(section, fold, held)...)
		}
	}
	var out []sample
	for _, section := range t.names {
		name, ok := strings.CutPrefix(section, "en_carriers/")
		if !ok || name == "note" {
			continue
		}
		for _, carrier := range t.lines[section] {
			for range 45 {
				section := pick(rng, plantedSections...)
				_, family, _ := strings.Cut(section, "/")
				out = append(out, t.document(rng, carrier, planted[section], true, "own tool "+family))
				out = append(out, t.document(rng, carrier, notes, false, "own tool in "+name))
			}
		}
	}
	return out
}

// plantedSections are what is planted in documents, the commonest more than once.
var plantedSections = []string{
	"en_indirect/planted", "en_indirect/planted", "en_indirect/planted", "en_indirect/polite", "en_indirect/polite", "en_indirect/answer",
	"en_indirect/message", "en_attack/override", "en_attack/override2", "en_attack/exfil", "en_attack/fake",
}

func (t *templates) split(section string, fold int, held bool) []string {
	var out []string
	for i, line := range t.lines[section] {
		if heldOut(i, fold) == held {
			out = append(out, line)
		}
	}
	return out
}

func (t *templates) document(rng *rand.Rand, carrier string, plants []string, attack bool, origin string) sample {
	template := plants[rng.IntN(len(plants))]
	plant := t.fill(rng, template, 0)
	if !attack && rng.IntN(5) == 0 {
		plant = ""
	}
	plant = strings.ReplaceAll(plant, "\n", pick(rng, "\n", " "))
	text := strings.Replace(t.fill(rng, carrier, 0), "§", plant, 1)
	return sample{text: text, attack: attack, tool: true, origin: origin, group: groupOf(template), weight: 0.4}
}
