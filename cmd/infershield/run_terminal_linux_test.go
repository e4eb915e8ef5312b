package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a session in it.
type terminal struct {
	*os.File
	cmd *exec.Cmd
}

// openTerminal starts a command as the leader of a session in a new terminal.
func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &terminal{master, cmd}
}

func (tty *terminal) type_(t *testing.T, text string) {
	t.Helper()
	if _, err := tty.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// Programs have the terminal, and get what it sends once.
func TestRunInATerminal(t *testing.T) {
	for _, flags := range []string{"-q", "-q --jail"} {
		t.Run(flags, func(t *testing.T) {
			if strings.Contains(flags, "jail") {
				needsJail(t)
			}
			rig := newRunRig(t, providerConfig{})
			script := `n=0; trap 'n=$((n+1)); echo INT $n' INT; test -t 0 && test -t 1 && test -t 2 && echo a terminal, ready
				while :; do read line && break; done; echo "$line after $n"; exit 5`
			args := append(append([]string{"run"}, strings.Fields(flags)...), "--", "bash", "-c", script)
			tty := openTerminal(t, rig.command(t.Context(), args...))
			readUntil(t, tty, "a terminal, ready\r\n")
			tty.type_(t, "\x03")
			readUntil(t, tty, "INT 1\r\n")
			tty.type_(t, "done\n")
			readUntil(t, tty, "done after 1\r\n")
			_ = tty.cmd.Wait() // the exit code says it
			if got := tty.cmd.ProcessState.ExitCode(); got != 5 {
				t.Errorf("exit code: got %d; want 5", got)
			}
		})
	}
}

// A shell can stop a run and take it to the foreground again.
func TestRunUnderJobControl(t *testing.T) {
	needsTool("bash")(t)
	rig := newRunRig(t, providerConfig{})
	shell := exec.CommandContext(t.Context(), "bash", "--norc", "--noediting", "-i")
	shell.Dir, shell.Env = rig.dir, append(rig.env, "PS1=prompt> ", "TERM=dumb")
	tty := openTerminal(t, shell)
	readUntil(t, tty, "prompt> ")
	tty.type_(t, "infershield run -q -- sh -c 'echo re''ady; cat'\n")
	readUntil(t, tty, "ready\r\n")
	tty.type_(t, "\x1a")
	readUntil(t, tty, "Stopped")
	readUntil(t, tty, "prompt> ")
	tty.type_(t, "fg\n")
	readUntil(t, tty, "cat'\r\n")
	tty.type_(t, "again\n")
	readUntil(t, tty, "again\r\nagain\r\n")
	tty.type_(t, "\x04")
	readUntil(t, tty, "prompt> ")
	tty.type_(t, "exit 3\n")
	_ = shell.Wait() // the exit code says it
	if got := shell.ProcessState.ExitCode(); got != 3 {
		t.Errorf("exit code: got %d; want 3", got)
	}
}
