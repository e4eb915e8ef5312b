package inspect_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// labelled is a row of the tuning data, which is not part of the repository.
type labelled struct {
	Text   string          `json:"text"`
	Label  json.RawMessage `json:"label"`
	Source string          `json:"source"`
	Rule   string          `json:"rule"`
	Origin string          `json:"origin"`
	Weak   bool            `json:"weak"`
	Expect []struct {
		Start int `json:"start"`
		End   int `json:"end"`
	} `json:"expect"`
}

// TestLabelledData prints how the detectors do on the data that the environment
// names, with -v. It fails only when it cannot read it.
func TestLabelledData(t *testing.T) {
	dir := os.Getenv("INFERSHIELD_DATA")
	if dir == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	measure(t, dir, "injection", func(r labelled, found []inspect.Finding) bool { return risk(found) >= threshold },
		func(r labelled) string { return r.Origin })
	measure(t, dir, "secrets", func(r labelled, found []inspect.Finding) bool {
		return slices.ContainsFunc(found, func(f inspect.Finding) bool { return f.Category == inspect.Secret && f.Score >= 0.3 })
	}, func(r labelled) string { return r.Rule })
	measure(t, dir, "pii", func(r labelled, found []inspect.Finding) bool {
		return slices.ContainsFunc(found, func(f inspect.Finding) bool { return f.Category == inspect.PII && f.Rule == r.Rule })
	}, func(r labelled) string { return r.Rule })
}

// tallied counts how often a detector fired on rows of one kind.
type tallied struct{ hits, positives, alarms, negatives int }

func measure(t *testing.T, dir, family string, fired func(labelled, []inspect.Finding) bool, kind func(labelled) string) {
	file, err := os.Open(filepath.Join(dir, family, "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	counts := map[string]*tallied{"": {}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r labelled
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		role, err := inspect.ParseRole(r.Source)
		if err != nil {
			t.Fatal(err)
		}
		hit := fired(r, engine().Scan(inspect.Source{Role: role}, r.Text))
		label := strings.Trim(string(r.Label), `"`)
		positive := label == "1" || label == "attack"
		if r.Weak {
			continue
		}
		for _, k := range []string{"", kind(r)} {
			if counts[k] == nil {
				counts[k] = new(tallied)
			}
			counts[k].add(positive, hit)
		}
		if wanted := os.Getenv("INFERSHIELD_DATA_SHOW"); wanted == family && hit != positive {
			t.Logf("%s: %s positive %v: %.300q", family, kind(r), positive, r.Text)
		}
	}
	t.Log(family, "in all:", counts[""])
	delete(counts, "")
	for _, k := range sortedKeys(counts) {
		t.Logf("  %-45s %v", k, counts[k])
	}
}

func (c *tallied) add(positive, hit bool) {
	switch {
	case positive && hit:
		c.hits++
		fallthrough
	case positive:
		c.positives++
	case hit:
		c.alarms++
		fallthrough
	default:
		c.negatives++
	}
}

func (c *tallied) String() string {
	return fmt.Sprintf("recall %d/%d, false positives %d/%d", c.hits, c.positives, c.alarms, c.negatives)
}

func sortedKeys(counts map[string]*tallied) []string {
	var keys []string
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// rows returns the texts of a family.
func rows(t *testing.T, dir, family string) []string {
	file, err := os.Open(filepath.Join(dir, family, "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var texts []string
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r labelled
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, r.Text)
	}
	return texts
}
