package launch

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
)

// Exit codes of shells for a program that did not start, or not end by itself.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignalled     = 128 // and the signal's number
)

// ExitCode is that of a shell for an error of Run: 127 for a program that was
// not found, 126 for one that could not be executed.
func ExitCode(err error) int {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		return exitNotFound
	}
	return exitNotExecutable
}

// Run starts cmd, passes on the signals that this process gets, and returns the
// exit code once cmd has ended: 128 and the number for one that a signal ended.
// Signals that a terminal sends reach cmd once, since it stays in this process's
// group. The error is for a program that could not be started. Once it has been,
// started is called, unless it is nil; its error ends cmd and is returned.
func Run(cmd *exec.Cmd, started func() error) (int, error) {
	signals := make(chan os.Signal, 32)
	signal.Notify(signals, passedOn()...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if started != nil {
		if err := started(); err != nil {
			_ = cmd.Process.Kill() // it may have ended by itself
			_ = cmd.Wait()         // which tells only that it was killed
			return 0, err
		}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if !hasItAlready(s) {
				_ = cmd.Process.Signal(s) // it may have ended just now
			}
		case err := <-done:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, err
			}
			return exitCode(cmd.ProcessState), nil
		}
	}
}
