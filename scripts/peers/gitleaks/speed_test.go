package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/infershield/infershield/inspect"
)

// TestSpeed prints how long gitleaks and the inspection engine, all detectors
// on, take for the same texts in one run, by turns. It takes the best of many
// scans, because on a shared machine the rest is mostly waiting.
func TestSpeed(t *testing.T) {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	e := inspect.New(inspect.Detectors()...)
	bench, err := os.ReadFile("../../../inspect/bench_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, unit := range map[string]string{
		"prose": constant(string(bench), "proseText"), "code": constant(string(bench), "codeText"),
		"api_key=": "api_key=", "secret ": "secret ", "token: ": "token: ", "digits": "1234567890 ",
	} {
		for _, size := range []int{4 << 10, 64 << 10} {
			text := strings.Repeat(unit, size/len(unit)+1)[:size]
			theirs, ours := time.Hour, time.Hour
			for start := time.Now(); time.Since(start) < 3*time.Second; {
				theirs = min(theirs, clock(func() { d.DetectString(text) }))
				for range 20 {
					ours = min(ours, clock(func() { e.Scan(inspect.Source{}, text) }))
				}
			}
			t.Logf("%-10q %2d KB: gitleaks %8.0f µs, here %6.0f µs: %6.1f times", name, size>>10, us(theirs), us(ours), us(theirs)/us(ours))
		}
	}
}

// constant returns the raw string that source calls name.
func constant(source, name string) string {
	_, text, _ := strings.Cut(source, name+" ")
	_, text, _ = strings.Cut(text, "`")
	text, _, _ = strings.Cut(text, "`")
	return text
}

func clock(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
