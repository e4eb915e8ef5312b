package inspect_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
)

// tally counts rows and those that fired, by label.
type tally struct{ rows, fired [2]int }

// TestSecretsFigures prints how well secrets are found in the lines of
// $INFERSHIELD_DATA/secrets/dev.jsonl, and, with INFERSHIELD_MISSES=1, which
// rules of their origin are missed.
func TestSecretsFigures(t *testing.T) {
	data := os.Getenv("INFERSHIELD_DATA")
	if data == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	f, err := os.Open(filepath.Join(data, "secrets", "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all tally
	named := 0 // rows of label 0 where a provider's own rule fires
	byRule := map[string]*tally{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var row struct {
			Text, Rule string
			Label      int
		}
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if byRule[row.Rule] == nil {
			byRule[row.Rule] = new(tally)
		}
		fired := 0
		found := secretsIn(row.Text)
		if len(found) > 0 {
			fired = 1
		}
		generic := row.Rule == "generic-api-key" || strings.HasPrefix(row.Rule, "curl-")
		if row.Label == 0 && slices.ContainsFunc(found, func(f string) bool { return generic || !strings.Contains(f, "_assignment ") }) {
			named++
		}
		for _, c := range []*tally{&all, byRule[row.Rule]} {
			c.rows[row.Label]++
			c.fired[row.Label] += fired
		}
		if fired != row.Label && os.Getenv("INFERSHIELD_MISSES") != "" {
			t.Logf("label %d, %s: %.300q: %v", row.Label, row.Rule, row.Text, found)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	var mean, rules [2]float64
	for _, name := range slices.Sorted(maps.Keys(byRule)) {
		c := byRule[name]
		for label := range 2 {
			if c.rows[label] > 0 {
				rules[label]++
				mean[label] += float64(c.fired[label]) / float64(c.rows[label])
			}
		}
	}
	t.Logf("by line: recall %.1f %% (%d of %d), false positives %.1f %% (%d of %d)",
		100*float64(all.fired[1])/float64(all.rows[1]), all.fired[1], all.rows[1],
		100*float64(all.fired[0])/float64(all.rows[0]), all.fired[0], all.rows[0])
	t.Logf("false positives where a provider is named: %.1f %% (%d of %d)", 100*float64(named)/float64(all.rows[0]), named, all.rows[0])
	t.Logf("by rule: recall %.1f %% of %.0f rules, false positives %.1f %% of %.0f",
		100*mean[1]/rules[1], rules[1], 100*mean[0]/rules[0], rules[0])
}

// secretsIn returns the rules of the secrets in text.
func secretsIn(text string) []string {
	var found []string
	for _, f := range engine().Scan(inspect.Source{}, text) {
		if f.Category == inspect.Secret {
			found = append(found, f.Rule+" "+text[f.Start:f.End])
		}
	}
	return found
}

// documentMax is the size of the largest file that counts as a document.
const documentMax = 256 << 10

// documents calls each with the texts below the folders of $INFERSHIELD_TREES, a
// list like PATH, and skips the test where there are none.
func documents(t *testing.T, each func(path, text string)) {
	t.Helper()
	trees := os.Getenv("INFERSHIELD_TREES")
	if trees == "" {
		t.Skip("INFERSHIELD_TREES names no folders")
	}
	for _, dir := range filepath.SplitList(trees) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			info, err := e.Info()
			if err != nil || info.Size() == 0 || info.Size() > documentMax {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil && utf8.Valid(text) && !bytes.Contains(text, []byte{0}) {
				each(path, string(text))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSecretsInTrees prints in how many of the texts below the folders of
// $INFERSHIELD_TREES, each read as a user's, there is a secret that policy would
// mask, by rule. What is found is next to all false, or made up for a test.
// INFERSHIELD_MISSES=1 prints every finding.
func TestSecretsInTrees(t *testing.T) {
	texts, size, alarmed := 0, 0, 0
	rules := map[string]int{} // texts by rule
	documents(t, func(path, text string) {
		texts++
		size += len(text)
		seen := map[string]bool{}
		_, found := secretSpans(text)
		for _, f := range found {
			seen[f.Rule] = true
			if os.Getenv("INFERSHIELD_MISSES") != "" {
				fmt.Printf("%s: %s %.100q\n", path, f.Rule, text[f.Start:f.End])
			}
		}
		if len(found) > 0 {
			alarmed++
		}
		for rule := range seen {
			rules[rule]++
		}
	})
	t.Logf("%d documents, %.1f MB: a secret in %d, %.3f %%", texts, float64(size)/1e6, alarmed, 100*float64(alarmed)/float64(texts))
	names := slices.Sorted(maps.Keys(rules))
	slices.SortStableFunc(names, func(a, b string) int { return rules[b] - rules[a] })
	for _, name := range names {
		t.Logf("  %-32s %4d", name, rules[name])
	}
}
