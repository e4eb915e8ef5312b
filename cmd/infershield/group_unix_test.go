//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// endAll makes the end of cmd's context end what cmd has started as well, with
// a signal.
func endAll(cmd *exec.Cmd, signal syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, signal) }
}
