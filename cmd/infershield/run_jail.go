package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/launch"
)

// jailVerb is how run calls itself inside a jail.
const jailVerb = "jail-stub"

func newJailCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:                jailVerb,
		Short:              "Becomes a jailed program; run --jail calls it",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := launch.EnterJail(args, a.environ); runtime.GOOS != "linux" || len(args) < 3 {
				return err
			}
			return exitCode(exitFailed) // the other side tells why
		},
	}
}

// runChild runs the program, in a jail if one is wanted.
func (w *way) runChild(child *exec.Cmd, jailed bool) (int, error) {
	if !jailed {
		return launch.Run(child, nil)
	}
	jail, err := launch.NewJail(child, w.addr, os.Args[0], jailVerb)
	if err != nil {
		return 0, jailError(err)
	}
	defer jail.Close() //nolint:errcheck // nothing is lost
	var relay *launch.Relay
	started := false
	code, err := launch.Run(child, func() error {
		started = true
		inside, err := jail.Enter()
		if err != nil {
			return jailError(err)
		}
		relay = launch.StartRelay(inside, func() (net.Conn, error) { return net.DialTimeout("tcp", w.addr, 5*time.Second) })
		return jail.Release()
	})
	if relay != nil {
		_ = relay.Close() // its listener is not needed any more
	}
	if err != nil && !started {
		err = jailError(err)
	}
	return code, err
}

// errJail is a jail that could not be made.
type errJail struct{ error }

func (e errJail) Unwrap() error { return e.error }

func jailError(err error) error {
	hint := "infershield run without --jail, where a program that ignores its settings gets out"
	if runtime.GOOS == "linux" && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL)) {
		hint = "this system forbids user namespaces; one of these allows them: sudo sysctl -w user.max_user_namespaces=10000, " +
			"sudo sysctl -w kernel.unprivileged_userns_clone=1, sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
	}
	return errJail{withHint(err, "%s", hint)}
}
