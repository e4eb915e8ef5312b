package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infershield/infershield/doctor"
)

// printFindings prints them by group, then what to do, in order.
func (a *app) printFindings(found []doctor.Finding) error {
	var b strings.Builder
	c := a.palette(a.stdout)
	group := ""
	var todo []string
	for _, f := range found {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "%s\n", c.bold(group))
		}
		printFinding(&b, c, f)
		if f.State == doctor.Wrong && f.Fix != "" && !slices.Contains(todo, f.Fix) {
			todo = append(todo, f.Fix)
		}
	}
	if len(todo) > 0 {
		fmt.Fprintf(&b, "\n%s\n", c.bold("What to do, in this order:"))
		for i, fix := range todo {
			fmt.Fprintf(&b, "  %d. %s\n", i+1, fix)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", countWords(c, found))
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

func printFinding(b *strings.Builder, c palette, f doctor.Finding) {
	mark := map[doctor.State]string{
		doctor.OK: c.green("ok   "), doctor.Warn: c.yellow("warn "), doctor.Wrong: c.red("WRONG"), doctor.Skipped: c.dim("-    "),
	}[f.State]
	summary := printable(f.Summary)
	if f.State == doctor.Skipped {
		summary = c.dim(summary)
	}
	fmt.Fprintf(b, "  %s  %s %s\n", mark, summary, c.dim("["+f.ID+"]"))
	if f.Detail != "" {
		fmt.Fprintf(b, "         %s\n", indented(f.Detail))
	}
	if f.Fix != "" {
		fmt.Fprintf(b, "         %s %s\n", c.bold("fix:"), f.Fix)
	}
}

// indented prints no byte that could command a terminal: clients that doctor
// runs say what they like.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n         ")
}

func countStates(found []doctor.Finding) map[doctor.State]int {
	n := make(map[doctor.State]int)
	for _, f := range found {
		n[f.State]++
	}
	return n
}

func countWords(c palette, found []doctor.Finding) string {
	n := countStates(found)
	words := fmt.Sprintf("%d ok, %d to look at, %d wrong, %d not checked", n[doctor.OK], n[doctor.Warn], n[doctor.Wrong], n[doctor.Skipped])
	if n[doctor.Wrong] > 0 {
		return c.red(words)
	}
	return c.green(words)
}
