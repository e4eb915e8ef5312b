package inspect_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

var sourceFiles = []string{
	".go", ".py", ".js", ".ts", ".md", ".rst", ".txt", ".json", ".yaml", ".yml", ".html", ".sh", ".conf", ".c", ".h", ".toml", ".proto", ".s",
	".java", ".rb", ".pl", ".pm", ".css", ".xml",
}

// TestSecretsInTrees prints what is found in the source files below the folders of
// $INFERSHIELD_TREES, a list like PATH: next to all of it is false.
func TestSecretsInTrees(t *testing.T) {
	trees := os.Getenv("INFERSHIELD_TREES")
	if trees == "" {
		t.Skip("INFERSHIELD_TREES names no folders")
	}
	files, bytes, findings := 0, 0, 0
	rules := map[string]int{}
	for _, dir := range filepath.SplitList(trees) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || !slices.Contains(sourceFiles, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || len(text) > 256<<10 {
				return err
			}
			files++
			bytes += len(text)
			for _, found := range secretsIn(string(text)) {
				findings++
				rule, value, _ := strings.Cut(found, " ")
				rules[rule]++
				if os.Getenv("INFERSHIELD_MISSES") != "" {
					fmt.Printf("%s: %s %.100q\n", path, rule, value)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files, %.1f MB: %d findings, %.2f per MB: %v", files, float64(bytes)/1e6, findings, float64(findings)/float64(bytes)*1e6, rules)
}
