package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/infershield/infershield/keys"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2 // wrong arguments or configuration
)

// hinted is an error with the next command to type.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// withHint adds a hint to err, which is not nil.
func withHint(err error, format string, args ...any) error {
	return &hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

// exitCode is an error that has been told already, or needs no telling.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// misuse is a wrong use of the command line that cobra cannot see.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// report prints err as `error:` and `hint:` lines and returns the exit code.
func (a *app) report(err error) int {
	var code exitCode
	var invalid *invalidConfig
	var wrong misuse
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &invalid):
		for _, p := range invalid.problems {
			a.printError(p.String(), p.hint)
		}
		return exitMisuse
	case errors.Is(err, keys.ErrNoKey):
		// The wording is bound, its capitals included.
		fmt.Fprintf(a.stderr, "ERROR: %v\n", keys.ErrNoKey)
		a.printHint("export OPENAI_API_KEY=…, or KEY_MODE=passthrough infershield serve")
		return exitFailed
	}
	a.printError(err.Error(), hintOf(err))
	if !a.started || errors.As(err, &wrong) {
		if hintOf(err) == "" {
			a.printHint(a.help)
		}
		return exitMisuse
	}
	return exitFailed
}

func hintOf(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

func (a *app) printError(message, hint string) {
	p := a.palette(a.stderr)
	// Further lines are indented, so that each error begins at the margin.
	message = strings.ReplaceAll(strings.TrimRight(message, "\n"), "\n", "\n  ")
	fmt.Fprintf(a.stderr, "%s %s\n", p.red("error:"), message)
	if hint != "" {
		a.printHint(hint)
	}
}

func (a *app) printHint(hint string) {
	fmt.Fprintf(a.stderr, "%s %s\n", a.palette(a.stderr).bold("hint:"), hint)
}

// warn tells of something that is no reason to stop.
func (a *app) warn(message string) {
	fmt.Fprintf(a.stderr, "%s %s\n", a.palette(a.stderr).yellow("warning:"), message)
}
