package inspect_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
// spans that overlap agree. Apart from them stand the rows without a span, the
// weak ones, whose number means nothing by itself, and what is found with a score
// that policy ignores, as addresses of private networks are.
func TestFiguresPII(t *testing.T) {
	file, err := os.Open(filepath.Join(dataDir(t), "pii", "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	figures := map[string]*figure{}
	var weak, spanless, anyScore, exact figure
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var row struct {
			labelled
			Label int `json:"label"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		var found, sure []inspect.Finding
		for _, f := range engine().Scan(inspect.Source{}, row.Text) {
			if f.Rule == row.Rule {
				found = append(found, f)
			}
			if f.Rule == row.Rule && f.Score >= certain {
				sure = append(sure, f)
			}
		}
		if row.Weak {
			weak.compare(row.labelled, row.Label, sure)
			continue
		}
		anyScore.compare(row.labelled, row.Label, found)
		if row.Label == 1 && len(row.Expect) == 0 {
			spanless.compare(row.labelled, row.Label, sure)
		}
		for _, span := range row.Expect {
			exact.match(slices.ContainsFunc(sure, func(f inspect.Finding) bool { return f.Start == span.Start && f.End == span.End }))
		}
		if figures[row.Rule] == nil {
			figures[row.Rule] = new(figure)
		}
		missed := figures[row.Rule].compare(row.labelled, row.Label, sure)
		if missed && os.Getenv("INFERSHIELD_DATA_SHOW") == "pii" {
			t.Logf("%s label %d %q: got %v", row.Rule, row.Label, row.Text, engine().Scan(inspect.Source{}, row.Text))
		}
	}
	table(t, "labelled texts", figures)
	t.Logf("rows without a span: %v", spanless)
	t.Logf("weak rows: %v", weak)
	t.Logf("whatever the score: %v", anyScore)
	t.Logf("just the span: %v", exact)
}

func (f *figure) match(hit bool) {
	if hit {
		f.hits++
	} else {
		f.misses++
	}
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

// TestPIIInTrees prints in how many of the texts below the folders of
// $INFERSHIELD_TREES there is personal data, by type: source, documents and test
// data, which name few people. With INFERSHIELD_DATA_SHOW it prints the findings
// of that rule, or a dozen of each for "ordinary".
func TestPIIInTrees(t *testing.T) {
	findings, in, shown := map[string]int{}, map[string]int{}, map[string]int{}
	texts, touched, size := 0, 0, 0
	wanted := os.Getenv("INFERSHIELD_DATA_SHOW")
	documents(t, func(path, text string) {
		texts++
		size += len(text)
		rules := map[string]bool{}
		for _, f := range engine().Scan(inspect.Source{Role: inspect.Tool}, text) {
			if f.Score < certain || f.Category != inspect.PII && f.Rule != "bulk_pii" {
				continue
			}
			findings[f.Rule]++
			rules[f.Rule] = true
			if wanted == f.Rule || wanted == "ordinary" && shown[f.Rule] < 12 {
				shown[f.Rule]++
				t.Logf("%s %.2f %q in %q %s", f.Rule, f.Score, text[f.Start:f.End], text[max(f.Start-30, 0):min(f.End+20, len(text))], path)
			}
		}
		if len(rules) > 0 {
			touched++
		}
		for rule := range rules {
			in[rule]++
		}
	})
	var b strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(findings)) {
		fmt.Fprintf(&b, "\n  %-28s %6d in %5d texts, %.3f %%", rule, findings[rule], in[rule], 100*float64(in[rule])/float64(texts))
	}
	t.Logf("%d texts, %.1f MB, %d with a finding:%s", texts, float64(size)/1e6, touched, b.String())
}
