package inspect_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/build"
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

// certain is the score from which a finding counts; below, policy ignores it.
const certain = 0.3

// figure counts, for one type, what was found, what was missed, and what was
// found where there is none.
type figure struct{ hits, misses, alarms int }

func (f figure) String() string {
	percent := func(n, of int) string {
		if of == 0 {
			return "    –"
		}
		return fmt.Sprintf("%4.0f%%", 100*float64(n)/float64(of))
	}
	return fmt.Sprintf("recall %s (%d of %d)   precision %s (%d false)", percent(f.hits, f.hits+f.misses), f.hits, f.hits+f.misses,
		percent(f.hits, f.hits+f.alarms), f.alarms)
}

func table(t *testing.T, title string, figures map[string]*figure) {
	var b strings.Builder
	var all figure
	for _, rule := range slices.Sorted(maps.Keys(figures)) {
		fmt.Fprintf(&b, "\n  %-28s %v", rule, figures[rule])
		all.hits += figures[rule].hits
		all.misses += figures[rule].misses
		all.alarms += figures[rule].alarms
	}
	t.Logf("%s: %v%s", title, all, b.String())
}

func dataDir(t *testing.T) string {
	dir := os.Getenv("INFERSHIELD_DATA")
	if dir == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	return dir
}

// TestFiguresPII prints recall and precision by type on the labelled texts:
// spans that overlap agree. Weak rows, whose number means nothing by itself,
// are left out.
func TestFiguresPII(t *testing.T) {
	file, err := os.Open(filepath.Join(dataDir(t), "pii", "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	figures := map[string]*figure{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var row struct {
			labelled
			Label int `json:"label"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Weak {
			continue
		}
		if figures[row.Rule] == nil {
			figures[row.Rule] = new(figure)
		}
		var found []inspect.Finding
		for _, f := range engine().Scan(inspect.Source{}, row.Text) {
			if f.Rule == row.Rule && f.Score >= certain {
				found = append(found, f)
			}
		}
		missed := figures[row.Rule].compare(row.labelled, row.Label, found)
		if missed && os.Getenv("INFERSHIELD_DATA_SHOW") == "pii" {
			t.Logf("%s label %d %q: got %v", row.Rule, row.Label, row.Text, engine().Scan(inspect.Source{}, row.Text))
		}
	}
	table(t, "labelled texts", figures)
}

// compare counts a row and reports whether something is wrong with it.
func (f *figure) compare(row labelled, label int, found []inspect.Finding) bool {
	before := *f
	switch {
	case label == 0 && len(found) > 0:
		f.alarms++
	case label == 0:
	case len(row.Expect) == 0 && len(found) > 0:
		f.hits++
	case len(row.Expect) == 0:
		f.misses++
	default:
		for _, span := range row.Expect {
			if slices.ContainsFunc(found, func(g inspect.Finding) bool { return g.Start < span.End && span.Start < g.End }) {
				f.hits++
			} else {
				f.misses++
			}
		}
	}
	return f.alarms > before.alarms || f.misses > before.misses
}

// TestFiguresPIIOrdinary prints what is taken for personal data in the Go tree and
// the module cache: source, documents and test data, which name few people.
func TestFiguresPIIOrdinary(t *testing.T) {
	dataDir(t)
	counts := map[string]int{}
	shown := map[string]int{}
	files, size := 0, 0
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		home, _ := os.UserHomeDir()
		cache = filepath.Join(home, "go", "pkg", "mod")
	}
	goroot := build.Default.GOROOT
	for _, root := range []string{goroot, cache} {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || files >= 12000 && root == goroot || files >= 20000 {
				return nil
			}
			if !d.Type().IsRegular() || !slices.Contains([]string{".go", ".md", ".txt", ".html", ".json", ".yaml", ".yml", ".js", ".py", ".sh"}, filepath.Ext(path)) {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) > 256<<10 || !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
				return nil
			}
			files++
			size += len(data)
			text := string(data)
			for _, f := range engine().Scan(inspect.Source{Role: inspect.Tool}, text) {
				if f.Score < certain || f.Category != inspect.PII && f.Rule != "bulk_pii" {
					continue
				}
				counts[f.Rule]++
				if wanted := os.Getenv("INFERSHIELD_DATA_SHOW"); wanted == f.Rule || wanted == "ordinary" && shown[f.Rule] < 12 {
					shown[f.Rule]++
					t.Logf("%s %.2f %q in %q %s", f.Rule, f.Score, text[f.Start:f.End], text[max(f.Start-30, 0):min(f.End+20, len(text))], path)
				}
			}
			return nil
		})
	}
	var b strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "\n  %-28s %6d  %.3f per MB", rule, counts[rule], float64(counts[rule])*1e6/float64(size))
	}
	t.Logf("%d files, %.1f MB:%s", files, float64(size)/1e6, b.String())
}
