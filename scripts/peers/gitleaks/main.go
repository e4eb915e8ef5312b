// Command gitleaks puts InferShield's detection of secrets beside that of
// gitleaks, on the same texts in the same run. It is a module of its own, so that
// what gitleaks depends on is no part of the product:
//
//	cd scripts/peers/gitleaks && go run . DATA [DIR…]
//
// DATA is the folder that holds secrets/dev.jsonl; each DIR is a source tree, of
// which every file of text up to 256 KB is one document.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/infershield/infershield/inspect"
)

// A peer reports how many secrets it finds in a text.
type peer struct {
	name string
	find func(text string) int
}

// score is from where on InferShield's policy masks a finding.
const score = 0.3

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gitleaks DATA [DIR…]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(data string, trees []string) error {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return fmt.Errorf("reading the rules of gitleaks: %w", err)
	}
	engine := inspect.New(inspect.Detectors()...)
	peers := []peer{
		{"infershield", func(text string) int {
			n := 0
			for _, f := range engine.Scan(inspect.Source{}, text) {
				if f.Category == inspect.Secret && f.Score >= score {
					n++
				}
			}
			return n
		}},
		{"gitleaks", func(text string) int { return len(d.DetectString(text)) }},
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "what\tof\tinfershield\tgitleaks")
	if err := lines(out, peers, filepath.Join(data, "secrets", "dev.jsonl")); err != nil {
		return err
	}
	if err := speed(out, peers); err != nil {
		return err
	}
	for _, dir := range trees {
		if err := tree(out, peers, dir); err != nil {
			return err
		}
	}
	return out.Flush()
}

// tally counts rows and those that fired, by label.
type tally struct{ rows, fired [2]int }

// lines prints how many of the rows fire, by line and by rule.
func lines(out *tabwriter.Writer, peers []peer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	byRule := make([]map[string]*tally, len(peers))
	all := make([]tally, len(peers))
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var row struct {
			Text, Rule string
			Label      int
		}
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		for i, p := range peers {
			if byRule[i] == nil {
				byRule[i] = map[string]*tally{}
			}
			if byRule[i][row.Rule] == nil {
				byRule[i][row.Rule] = new(tally)
			}
			fired := min(1, p.find(row.Text))
			for _, t := range []*tally{&all[i], byRule[i][row.Rule]} {
				t.rows[row.Label]++
				t.fired[row.Label] += fired
			}
		}
	}
	for label, what := range []string{"false positives", "recall"} {
		fmt.Fprintf(out, "%s by line\t%d lines", what, all[0].rows[label])
		for i := range peers {
			fmt.Fprintf(out, "\t%d, %.1f %%", all[i].fired[label], 100*float64(all[i].fired[label])/float64(all[i].rows[label]))
		}
		fmt.Fprintln(out)
		rules, means := 0, ""
		for i := range peers {
			var mean float64
			mean, rules = meanOf(byRule[i], label)
			means += fmt.Sprintf("\t%.1f %%", 100*mean)
		}
		fmt.Fprintf(out, "%s by rule\t%d rules%s\n", what, rules, means)
	}
	return in.Err()
}

// meanOf returns the mean over the rules of how many of their rows fired.
func meanOf(byRule map[string]*tally, label int) (mean float64, rules int) {
	for _, t := range byRule {
		if t.rows[label] > 0 {
			rules++
			mean += float64(t.fired[label]) / float64(t.rows[label])
		}
	}
	return mean / float64(max(1, rules)), rules
}

// speed prints what the texts of inspect/bench_test.go take, cut to the same
// sizes. InferShield runs all its detectors, not those of secrets alone.
func speed(out *tabwriter.Writer, peers []peer) error {
	bench, err := os.ReadFile("../../../inspect/bench_test.go")
	if err != nil {
		return fmt.Errorf("no speed is measured outside scripts/peers/gitleaks: %w", err)
	}
	for _, name := range []string{"proseText", "codeText"} {
		_, text, _ := strings.Cut(string(bench), name+" ")
		_, text, _ = strings.Cut(text, "`")
		text, _, _ = strings.Cut(text, "`")
		for _, size := range []int{4 << 10, 64 << 10} {
			sample := strings.Repeat(text, size/len(text)+1)[:size]
			fmt.Fprintf(out, "time for %s\t%d KB", strings.TrimSuffix(name, "Text"), size>>10)
			for _, p := range peers {
				took := perRun(func() { p.find(sample) })
				fmt.Fprintf(out, "\t%.0f µs, %.1f MB/s", float64(took)/1e3, float64(size)*1e3/float64(took))
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}

// perRun returns what one call of f takes, over half a second of them.
func perRun(f func()) time.Duration {
	f()
	n := 0
	start := used()
	for used()-start < time.Second/2 {
		f()
		n++
	}
	return (used() - start) / time.Duration(n)
}

// used returns the processor time of this process, which, unlike the clock,
// does not depend on what else the machine does.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tree prints in how many of the documents below dir something fires.
func tree(out *tabwriter.Writer, peers []peer, dir string) error {
	texts, size := 0, 0
	alarmed, findings, took := make([]int, len(peers)), make([]int, len(peers)), make([]time.Duration, len(peers))
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err != nil || info.Size() == 0 || info.Size() > 256<<10 {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		texts++
		size += len(text)
		for i, p := range peers {
			start := used()
			n := p.find(string(text))
			took[i] += used() - start
			findings[i] += n
			alarmed[i] += min(1, n)
		}
		return nil
	})
	for _, row := range []struct {
		what string
		cell func(i int) string
	}{
		{"with a finding", func(i int) string {
			return fmt.Sprintf("%d, %.3f %%", alarmed[i], 100*float64(alarmed[i])/float64(texts))
		}},
		{"findings", func(i int) string { return fmt.Sprint(findings[i]) }},
		{"time", func(i int) string { return took[i].Round(100 * time.Millisecond).String() }},
	} {
		fmt.Fprintf(out, "%s: %s\t%d documents, %.0f MB", dir, row.what, texts, float64(size)/1e6)
		for i := range peers {
			fmt.Fprintf(out, "\t%s", row.cell(i))
		}
		fmt.Fprintln(out)
	}
	return err
}
