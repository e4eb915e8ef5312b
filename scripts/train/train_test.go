package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// TestTableIsAModel: what newTable encodes is what the scanner reads, by the
// same features.
func TestTableIsAModel(t *testing.T) {
	const attack, honest = "zork the wumpus", "water the tulips"
	fitted := [heads]weights{{bias: -4, of: map[uint32]float64{}}, {bias: -4, of: map[uint32]float64{}}}
	inspect.ModelFeatures(inspect.User, attack, func(features []uint32, _ []uint16, _ int) {
		for _, f := range features {
			fitted[0].of[f] = 2
		}
	})
	model, err := inspect.ParseModel(newTable(fitted).encode())
	if err != nil {
		t.Fatal(err)
	}
	if got := model.Score(inspect.User, attack); got < 0.9 {
		t.Errorf("Score(user, %q): got %.3f; want 0.9 or more", attack, got)
	}
	if got := model.Score(inspect.Tool, attack); got > 0.1 {
		t.Errorf("Score(tool, %q): got %.3f; want the other head's 0.1 or less", attack, got)
	}
	if got := model.Score(inspect.User, honest); got > 0.6 {
		t.Errorf("Score(user, %q): got %.3f; want 0.6 or less", honest, got)
	}
}

// TestFitLearns: a word that only attacks have outweighs those that all have.
func TestFitLearns(t *testing.T) {
	set := &corpus{}
	for i := range 60 {
		word := "tulips"
		if i%2 == 0 {
			word = "wumpus"
		}
		set.train = append(set.train, sample{text: "please water the " + word, attack: i%2 == 0, group: uint32(i), weight: 1})
	}
	gather(set, rand.New(rand.NewPCG(1, 1)))
	model, err := inspect.ParseModel(newTable([heads]weights{
		fit(set, 0, rand.New(rand.NewPCG(1, 2))), fit(set, 1, rand.New(rand.NewPCG(1, 3))),
	}).encode())
	if err != nil {
		t.Fatal(err)
	}
	attack, honest := model.Score(inspect.User, "please water the wumpus"), model.Score(inspect.User, "please water the tulips")
	if attack < honest+0.2 {
		t.Errorf("got %.3f for an attack and %.3f for its look-alike; want them 0.2 apart", attack, honest)
	}
}

func TestFill(t *testing.T) {
	own := &templates{lines: map[string][]string{"slots/NAME": {"Max"}}}
	for in, want := range map[string][]string{
		"no braces":             {"no braces"},
		"{a|b} c":               {"a c", "b c"},
		"say {NAME}{!|}":        {"say Max!", "say Max"},
		`{"role": "{x|y}"}`:     {`{"role": "x"}`, `{"role": "y"}`},
		"func f() { {NAME}() }": {"func f() { Max() }"},
		"{open":                 {"{open"},
	} {
		for seed := range uint64(8) {
			if got := own.fill(rand.New(rand.NewPCG(seed, 0)), in, 0); !slices.Contains(want, got) {
				t.Errorf("fill(%q): got %q; want one of %q", in, got, want)
			}
		}
	}
}

func TestFillPlaceholders(t *testing.T) {
	for _, text := range []string{"Do it now. [INSERT PROMPT HERE]", "Answer: {your question}", "My first request is <<user prompt>>"} {
		if got := fillPlaceholders(text); got == text || strings.ContainsAny(got, "[{<") {
			t.Errorf("fillPlaceholders(%q): got %q; want a question in its place", text, got)
		}
	}
	const code = "a[i] = f(x) // {json: 1}"
	if got := fillPlaceholders(code); got != code {
		t.Errorf("got %q; want %q", got, code)
	}
}

// TestTextMakes: our own text reads, and every fold holds something out of it.
func TestTextMakes(t *testing.T) {
	own, err := readTemplates("text")
	if err != nil {
		t.Fatal(err)
	}
	rows := []row{{Text: "water the tulips", Label: "benign", Source: "user"}}
	for fold := range folds {
		held := own.make(rand.New(rand.NewPCG(1, 1)), rows, fold, true)
		attacks := slices.ContainsFunc(held, func(s sample) bool { return s.attack })
		honest := slices.ContainsFunc(held, func(s sample) bool { return !s.attack })
		if !attacks || !honest {
			t.Errorf("fold %d: got attacks %v, honest %v; want both", fold, attacks, honest)
		}
	}
}
