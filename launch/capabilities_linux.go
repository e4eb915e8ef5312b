package launch

import (
	"errors"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that root's programs keep in a jail: those over
// files, without which root can do little. None of them opens or enters a
// network namespace, or another process. SETUID and SETGID are not among them:
// who becomes another user may trace that user's processes outside, and take
// their sockets.
var kept = [...]uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL,
	unix.CAP_NET_BIND_SERVICE, unix.CAP_SYS_CHROOT, unix.CAP_AUDIT_WRITE,
}

// capabilitySets are a thread's, 32 of each set a word.
type capabilitySets [2]unix.CapUserData

func (c *capabilitySets) effective(n uintptr) bool { return c[n/32].Effective&(1<<(n%32)) != 0 }

func capabilities() (*capabilitySets, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets capabilitySets
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return nil, err
	}
	return &sets, nil
}

// dropCapabilities leaves this thread, and the program that it becomes, nothing
// that could change the jail or leave it: set-user-ID programs included.
func dropCapabilities() error {
	have, err := capabilities()
	if err != nil {
		return err
	}
	var keep capabilitySets
	if mayKeep(have) {
		for _, n := range kept {
			keep[n/32].Permitted |= have[n/32].Permitted & (1 << (n % 32))
		}
		keep[0].Effective, keep[1].Effective = keep[0].Permitted, keep[1].Permitted
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	for n := uintptr(0); n <= unix.CAP_LAST_CAP; n++ {
		if keep[n/32].Permitted&(1<<(n%32)) != 0 {
			continue
		}
		// A kernel older than the capability does not know it.
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, n, 0, 0, 0); err != nil && !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &keep[0]); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// mayKeep reports whether this is root without a user namespace of the jail's
// own: CAP_CHOWN is not among what the stub is given in one.
func mayKeep(have *capabilitySets) bool { return have.effective(unix.CAP_CHOWN) }
