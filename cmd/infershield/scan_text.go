package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// Bounds of what is shown around and of a finding, in bytes.
const (
	scanAroundMax = 40
	scanShownMax  = 120
)

// texts is scan for people: one line for the text, and for each finding where it
// stands and why it is one.
func (s *scanner) texts(name string, r io.Reader) (failed bool, err error) {
	text, err := s.whole(name, r)
	if err != nil {
		return false, err
	}
	found, verdict := s.judge(s.role, text)
	p := s.app.palette(s.app.stdout)
	w := bufio.NewWriter(s.app.stdout)
	fmt.Fprintf(w, "%s: %s, risk %d%s\n", p.bold(printable(name)), p.action(verdict.Action.String()), verdict.Risk, s.reasons(verdict))
	lines := lineCounter{text: text, line: 1}
	private := slices.DeleteFunc(slices.Clone(found), func(f inspect.Finding) bool { return !s.policy.Private(f) })
	for _, f := range found {
		line, column := lines.at(f.Start)
		fmt.Fprintf(w, "  %d:%d %s (%s, %.2f)\n", line, column, printable(f.Rule), f.Category, f.Score)
		s.passage(text, f, private).write(w, p)
		writeReasons(w, p, f)
	}
	return verdict.Action == policy.Block, w.Flush()
}

// reasons ends the first line: the labels, and what enforcing would do where
// it is not enforced.
func (s *scanner) reasons(v policy.Verdict) string {
	var b strings.Builder
	if len(v.Labels) > 0 {
		b.WriteString(": " + printable(strings.Join(v.Labels, ", ")))
	}
	if v.Would != v.Action {
		fmt.Fprintf(&b, " (mode %s; otherwise: %s)", s.policy.Mode(), v.Would)
	}
	return b.String()
}

// passage is a finding where it stands, fit to be printed.
type passage struct{ before, finding, after string }

// passage shows the line around f, shortened, with everything private masked:
// output ends up in the logs of CI.
func (s *scanner) passage(text string, f inspect.Finding, private []inspect.Finding) passage {
	start, end := within(text, f.Start), within(text, f.End)
	from, to := within(text, start-scanAroundMax), within(text, end+scanAroundMax)
	// A line's neighbours are no help.
	if i := strings.LastIndexByte(text[from:start], '\n'); i >= 0 {
		from += i + 1
	}
	if i := strings.IndexByte(text[end:to], '\n'); i >= 0 {
		to = end + i
	}
	middle := s.window(text, start, end, private)
	if len(middle) > scanShownMax {
		middle = middle[:within(middle, scanShownMax)] + "…"
	}
	p := passage{printable(s.window(text, from, start, private)), printable(middle), printable(s.window(text, end, to, private))}
	if from > 0 && text[from-1] != '\n' {
		p.before = "…" + p.before
	}
	if to < len(text) && text[to] != '\n' {
		p.after += "…"
	}
	return p
}

// write underlines the finding: with colours in the line, else with carets below
// it.
func (l passage) write(w io.Writer, p palette) {
	fmt.Fprintf(w, "    %s%s%s\n", l.before, p.underline(l.finding), l.after)
	if !p {
		fmt.Fprintf(w, "    %s%s\n", strings.Repeat(" ", columns(l.before)), strings.Repeat("^", columns(l.finding)))
	}
}

// columns is how wide s is on a terminal, near enough: the characters of East
// Asia and pictures take two columns, marks on another character none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul), r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
			n += 2
		default:
			n++
		}
	}
	return n
}

// window is text[from:to], masked.
func (s *scanner) window(text string, from, to int, private []inspect.Finding) string {
	var moved []inspect.Finding
	for _, f := range private {
		if f.Start < to && f.End > from {
			f.Start, f.End = f.Start-from, f.End-from
			moved = append(moved, f)
		}
	}
	return s.policy.Mask(text[from:to], moved)
}

// within is i, moved into text and back to the start of a character.
func within(text string, i int) int {
	i = max(0, min(i, len(text)))
	for i > 0 && i < len(text) && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}

// lineCounter turns offsets, which must not decrease, into lines and columns.
type lineCounter struct {
	text   string
	offset int
	line   int
	begin  int // of the line
}

// at returns the line and the column, in characters, from 1.
func (l *lineCounter) at(offset int) (line, column int) {
	offset = max(l.offset, min(offset, len(l.text)))
	skipped := l.text[l.offset:offset]
	l.line += strings.Count(skipped, "\n")
	if i := strings.LastIndexByte(skipped, '\n'); i >= 0 {
		l.begin = l.offset + i + 1
	}
	l.offset = offset
	return l.line, 1 + utf8.RuneCountInString(l.text[l.begin:offset])
}
