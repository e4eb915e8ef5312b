package main

import (
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// palette colours words, or leaves them as they are.
type palette bool

// palette returns the colours for w: none unless w is a terminal that can show
// them and nobody asked for none (no-color.org).
func (a *app) palette(w io.Writer) palette {
	unwanted := slices.ContainsFunc(a.environ, func(entry string) bool {
		value, ok := strings.CutPrefix(entry, "NO_COLOR=")
		return ok && value != "" || entry == "TERM=dumb"
	})
	return palette(isTerminal(w) && !unwanted)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p palette) paint(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p palette) bold(s string) string      { return p.paint("1", s) }
func (p palette) dim(s string) string       { return p.paint("2", s) }
func (p palette) underline(s string) string { return p.paint("4", s) }
func (p palette) red(s string) string       { return p.paint("31", s) }
func (p palette) green(s string) string     { return p.paint("32", s) }
func (p palette) yellow(s string) string    { return p.paint("33", s) }

// action is the word for what was done, in its colour.
func (p palette) action(word string) string {
	switch strings.TrimSpace(word) {
	case "block":
		return p.red(word)
	case "redact":
		return p.yellow(word)
	}
	return p.green(word)
}
