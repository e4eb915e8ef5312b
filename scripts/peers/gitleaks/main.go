// Command gitleaks measures gitleaks on the texts that InferShield's own
// figures are taken on. It is a module of its own, so that what gitleaks
// depends on is no part of the product:
//
//	cd scripts/peers/gitleaks && go run . DATA [DIR…]
//
// DATA is the folder that holds secrets/dev.jsonl; each DIR is a source tree.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"
)

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
	if err := lines(d, filepath.Join(data, "secrets", "dev.jsonl")); err != nil {
		return err
	}
	speed(d)
	for _, dir := range trees {
		if err := tree(d, dir); err != nil {
			return err
		}
	}
	return nil
}

// lines prints how many of the rows fire, and the same by rule.
func lines(d *detect.Detector, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	type tally struct{ rows, fired [2]int }
	var all tally
	byRule := map[string]*tally{}
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
		if byRule[row.Rule] == nil {
			byRule[row.Rule] = new(tally)
		}
		fired := 0
		if len(d.DetectString(row.Text)) > 0 {
			fired = 1
		}
		for _, t := range []*tally{&all, byRule[row.Rule]} {
			t.rows[row.Label]++
			t.fired[row.Label] += fired
		}
	}
	var mean, rules [2]float64
	for _, t := range byRule {
		for label := range 2 {
			if t.rows[label] > 0 {
				rules[label]++
				mean[label] += float64(t.fired[label]) / float64(t.rows[label])
			}
		}
	}
	fmt.Printf("by line: recall %d of %d, false positives %d of %d\n", all.fired[1], all.rows[1], all.fired[0], all.rows[0])
	fmt.Printf("by rule: recall %.3f of %.0f rules, false positives %.3f of %.0f\n", mean[1]/rules[1], rules[1], mean[0]/rules[0], rules[0])
	return in.Err()
}

// The texts of inspect/bench_test.go, cut to the same sizes.
func speed(d *detect.Detector) {
	bench, err := os.ReadFile("../../../inspect/bench_test.go")
	if err != nil {
		fmt.Fprintln(os.Stderr, "no speed is measured outside scripts/peers/gitleaks:", err)
		return
	}
	for _, name := range []string{"proseText", "codeText"} {
		_, text, _ := strings.Cut(string(bench), name+" ")
		_, text, _ = strings.Cut(text, "`")
		text, _, _ = strings.Cut(text, "`")
		for _, size := range []int{4 << 10, 64 << 10} {
			sample := strings.Repeat(text, size/len(text)+1)[:size]
			r := testing.Benchmark(func(b *testing.B) {
				for b.Loop() {
					d.DetectString(sample)
				}
			})
			perRun := float64(r.T.Nanoseconds()) / float64(r.N)
			fmt.Printf("%s, %d KB: %.0f µs, %.2f MB/s\n", name, size>>10, perRun/1e3, float64(size)*1e3/perRun)
		}
	}
}

// tree prints what fires in the source files below dir.
func tree(d *detect.Detector, dir string) error {
	files, bytes, findings := 0, 0, 0
	rules := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || len(text) > 256<<10 {
			return err
		}
		files++
		bytes += len(text)
		for _, f := range d.DetectString(string(text)) {
			findings++
			rules[f.RuleID]++
		}
		return nil
	})
	fmt.Printf("%s: %d files, %.1f MB: %d findings, %.2f per MB: %v\n",
		dir, files, float64(bytes)/1e6, findings, float64(findings)/(float64(bytes)/1e6), rules)
	return err
}
