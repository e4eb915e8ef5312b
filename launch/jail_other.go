//go:build !linux

package launch

import (
	"errors"
	"net"
	"os/exec"
)

// errJail says that there is no jail here.
var errJail = errors.New("a jail needs network namespaces, which only Linux has")

// A Jail exists on Linux only.
type Jail struct{}

// NewJail fails: see Jail.
func NewJail(*exec.Cmd, string, ...string) (*Jail, error) { return nil, errJail }

// Enter fails: see Jail.
func (*Jail) Enter() (net.Listener, error) { return nil, errJail }

// Release fails: see Jail.
func (*Jail) Release() error { return errJail }

// Close does nothing.
func (*Jail) Close() error { return nil }

// EnterJail fails: see Jail.
func EnterJail([]string, []string) error { return errJail }
