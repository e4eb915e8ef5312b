//go:build unix

package main

import (
	"io"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// Signals that only this process gets reach the program, and the exit code is
// the program's.
func TestRunForwardsSignals(t *testing.T) {
	for name, s := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "USR1": syscall.SIGUSR1} {
		for _, flags := range [][]string{{"-q"}, {"-q", "--jail"}} {
			t.Run(name+strings.Join(flags, ""), func(t *testing.T) {
				t.Parallel()
				if signal.Ignored(s) {
					t.Skip("these tests were started with the signal ignored, as nohup does, and so is every program of theirs")
				}
				if len(flags) > 1 {
					needsJail(t)
				}
				rig := newRunRig(t, providerConfig{})
				script := "trap 'echo got " + name + "; exit 42' " + name + "; echo ready; while :; do sleep 0.05; done"
				cmd := rig.command(t.Context(), append(append([]string{"run"}, flags...), "--", "sh", "-c", script)...)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				readUntil(t, out, "ready\n")
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				rest, err := io.ReadAll(out)
				if err != nil || string(rest) != "got "+name+"\n" {
					t.Errorf("got %q, %v", rest, err)
				}
				_ = cmd.Wait() // the exit code says it
				if got := cmd.ProcessState.ExitCode(); got != 42 {
					t.Errorf("exit code: got %d; want 42", got)
				}
			})
		}
	}
}

// readUntil reads until the text has come.
func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var got strings.Builder
	buffer := make([]byte, 1)
	for !strings.Contains(got.String(), text) {
		n, err := r.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			t.Fatalf("waiting for %q: got %q, %v", text, got.String(), err)
		}
	}
	return got.String()
}
