//go:build unix

package doctor

import (
	"os/exec"
	"syscall"
)

// alone keeps a program away from the terminal: an interactive shell would take
// it for itself, and others might ask questions there.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what it started as well
}
