package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// figures is docs/figures.json.
type figures struct {
	Measured  string            `json:"measured"`
	Secrets   *tally            `json:"secrets"`
	SecretsBy ruleMeans         `json:"secrets_by_rule"`
	PII       map[string]*spot  `json:"pii"`
	Injection map[string]*tally `json:"injection"`
	Languages map[string]*tally `json:"languages"`
	Ordinary  *ordinaryFigures  `json:"ordinary"`
	Speed     []pace            `json:"speed"`
	Peer      *peerFigures      `json:"gitleaks"`
}

// tally counts texts with and without a threat, and those that were flagged.
type tally struct{ Positives, Hits, Negatives, Alarms int }

func (t *tally) add(positive, hit bool) {
	switch {
	case positive && hit:
		t.Hits++
		fallthrough
	case positive:
		t.Positives++
	case hit:
		t.Alarms++
		fallthrough
	default:
		t.Negatives++
	}
}

// spot counts spans of one type.
type spot struct{ Hits, Misses, Alarms int }

// ruleMeans are means over the rules of the data, so that a rule with a hundred
// lines counts no more than one with two.
type ruleMeans struct {
	Recall, Alarms          float64
	RecallRules, AlarmRules int
}

// row is a line of the labelled data.
type row struct {
	Text, Rule, Origin, Source string
	Label                      json.RawMessage
	Weak                       bool
	Expect                     []struct{ Start, End int }
}

func (r *row) positive() bool {
	return string(r.Label) == "1" || string(r.Label) == `"attack"`
}

// counts is the score from which a finding counts in a verdict.
const counts = 0.3

var engine = inspect.New(inspect.Detectors()...)

// measure measures everything anew but what cannot be measured here, which is
// kept from before, if that is not nil.
func measure(data string, before *figures) (*figures, error) {
	f := &figures{Measured: time.Now().UTC().Format(time.DateOnly)}
	steps := []func(string) error{f.secrets, f.pii, f.injection, f.ordinary}
	for _, step := range steps {
		if err := step(data); err != nil {
			return nil, err
		}
	}
	f.speed()
	if err := f.peer(data); err != nil {
		fmt.Fprintln(os.Stderr, "gitleaks was not measured:", err)
		if before != nil {
			f.Peer = before.Peer
		}
	}
	return f, nil
}

// each calls do for every row of a family's dev.jsonl.
func each(data, family string, do func(*row)) error {
	path := filepath.Join(data, family, "dev.jsonl")
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		do(&r)
	}
	return in.Err()
}

func hasSecret(found []inspect.Finding) bool {
	return slices.ContainsFunc(found, func(f inspect.Finding) bool { return f.Category == inspect.Secret && f.Score >= counts })
}

func (f *figures) secrets(data string) error {
	f.Secrets = new(tally)
	byRule := map[string]*tally{}
	err := each(data, "secrets", func(r *row) {
		hit := hasSecret(engine.Scan(inspect.Source{}, r.Text))
		for _, t := range []*tally{f.Secrets, of(byRule, r.Rule)} {
			t.add(r.positive(), hit)
		}
	})
	m := &f.SecretsBy
	for _, t := range byRule {
		if t.Positives > 0 {
			m.Recall += float64(t.Hits) / float64(t.Positives)
			m.RecallRules++
		}
		if t.Negatives > 0 {
			m.Alarms += float64(t.Alarms) / float64(t.Negatives)
			m.AlarmRules++
		}
	}
	m.Recall /= float64(max(m.RecallRules, 1))
	m.Alarms /= float64(max(m.AlarmRules, 1))
	return err
}

func of[T any](m map[string]*T, key string) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

// pii compares spans: those that overlap agree. Rows that their origin calls
// weak are left out.
func (f *figures) pii(data string) error {
	f.PII = map[string]*spot{}
	return each(data, "pii", func(r *row) {
		if r.Weak {
			return
		}
		found := slices.DeleteFunc(engine.Scan(inspect.Source{}, r.Text), func(g inspect.Finding) bool { return g.Rule != r.Rule || g.Score < counts })
		s := of(f.PII, r.Rule)
		switch {
		case !r.positive():
			s.Alarms += min(len(found), 1)
		case len(r.Expect) == 0:
			s.Hits += min(len(found), 1)
			s.Misses += 1 - min(len(found), 1)
		}
		for _, e := range r.Expect {
			if r.positive() && slices.ContainsFunc(found, func(g inspect.Finding) bool { return g.Start < e.End && e.Start < g.End }) {
				s.Hits++
				continue
			}
			s.Misses++
		}
	})
}

// blocked reports whether the default policy would refuse the text.
func blocked(role inspect.Role, found []inspect.Finding) bool {
	return policy.Default().Decide(policy.Subject{Role: role}, found).Action == policy.Block
}

func (f *figures) injection(data string) error {
	f.Injection, f.Languages = map[string]*tally{}, map[string]*tally{}
	return each(data, "injection", func(r *row) {
		role, err := inspect.ParseRole(r.Source)
		if err != nil {
			role = inspect.User
		}
		hit := blocked(role, engine.Scan(inspect.Source{Role: role}, r.Text))
		of(f.Injection, r.Origin).add(r.positive(), hit)
		of(f.Languages, language(r.Text)).add(r.positive(), hit)
	})
}

var german = regexp.MustCompile(`(?i)\b(und|nicht|der|das|ist|ich|sie|mir|eine?|für|wie)\b`)

// language guesses: the data do not say, and hold little but English and German.
func language(text string) string {
	head := text[:min(len(text), 400)]
	others := 0
	for _, r := range head {
		if r >= 0x370 && r != '’' && r != '“' && r != '”' && r < 0x1f000 && (r < 0x2000 || r > 0x2fff) {
			others++
		}
	}
	switch {
	case 4*others > len(head)/2:
		return "other scripts"
	case len(german.FindAllString(head, -1))*15 > len(strings.Fields(head)):
		return "German"
	}
	return "English and others"
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
