package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/infershield/infershield/inspect"
)

// pace is how fast one text is read, in MB per second of processor time: other
// programs on the machine then matter less.
type pace struct {
	Text string
	KB   int
	MBs  float64
}

// sample returns a text of inspect/bench_test.go, repeated to a size.
func sample(name string, size int) (string, error) {
	bench, err := os.ReadFile("inspect/bench_test.go")
	if err != nil {
		return "", err
	}
	_, text, _ := strings.Cut(string(bench), name+" ")
	_, text, _ = strings.Cut(text, "`")
	text, _, ok := strings.Cut(text, "`")
	if !ok {
		return "", fmt.Errorf("inspect/bench_test.go has no %s", name)
	}
	return strings.Repeat(text, size/len(text)+1)[:size], nil
}

func (f *figures) speed() {
	for _, name := range []string{"proseText", "codeText"} {
		for _, kb := range []int{4, 64} {
			text, err := sample(name, kb<<10)
			if err != nil {
				fmt.Fprintln(os.Stderr, "speed was not measured:", err)
				return
			}
			n, spent := 0, time.Duration(0)
			for start := cpu(); spent < 500*time.Millisecond; spent = cpu() - start {
				engine.Scan(inspect.Source{}, text)
				n++
			}
			mbs := float64(len(text)) * float64(n) * 1e3 / float64(spent.Nanoseconds())
			f.Speed = append(f.Speed, pace{strings.TrimSuffix(name, "Text"), kb, mbs})
		}
	}
}

// peerFigures is what gitleaks does on the same lines and texts.
type peerFigures struct {
	Secrets *tally
	ByRule  ruleMeans
	Speed   []pace
}

// What the program of scripts/peers/gitleaks prints, ours before theirs.
var (
	peerRecall = regexp.MustCompile(`(?m)^recall by line +(\d+) lines +\d+, \S+ % +(\d+),`)
	peerAlarms = regexp.MustCompile(`(?m)^false positives by line +(\d+) lines +\d+, \S+ % +(\d+),`)
	peerRules  = regexp.MustCompile(`(?m)^(recall|false positives) by rule +(\d+) rules +\S+ % +([\d.]+) %`)
	peerPace   = regexp.MustCompile(`(?m)^time for (\w+) +(\d+) KB +\d+ µs, ([\d.]+) MB/s +\d+ µs, ([\d.]+) MB/s`)
)

// peer runs scripts/peers/gitleaks, which measures both in one run: its pace of
// ours is taken too, or the ratio would be of two moments.
func (f *figures) peer(data string) error {
	data, err := filepath.Abs(data)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "run", ".", data)
	cmd.Dir = "scripts/peers/gitleaks"
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %.300s", err, fault.String())
	}
	return f.readPeer(out.String())
}

func (f *figures) readPeer(out string) error {
	recall, alarms := peerRecall.FindStringSubmatch(out), peerAlarms.FindStringSubmatch(out)
	rules, paces := peerRules.FindAllStringSubmatch(out, -1), peerPace.FindAllStringSubmatch(out, -1)
	if recall == nil || alarms == nil || len(rules) != 2 || len(paces) == 0 {
		return fmt.Errorf("it printed something else: %.300q", out)
	}
	p := &peerFigures{Secrets: &tally{Hits: whole(recall[2]), Positives: whole(recall[1]), Alarms: whole(alarms[2]), Negatives: whole(alarms[1])}}
	for _, m := range rules {
		if m[1] == "recall" {
			p.ByRule.Recall, p.ByRule.RecallRules = fraction(m[3])/100, whole(m[2])
			continue
		}
		p.ByRule.Alarms, p.ByRule.AlarmRules = fraction(m[3])/100, whole(m[2])
	}
	f.Speed = nil
	for _, m := range paces {
		f.Speed = append(f.Speed, pace{m[1], whole(m[2]), fraction(m[3])})
		p.Speed = append(p.Speed, pace{m[1], whole(m[2]), fraction(m[4])})
	}
	f.Peer = p
	return nil
}

// whole and fraction read numbers that an expression has found.
func whole(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func fraction(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}
