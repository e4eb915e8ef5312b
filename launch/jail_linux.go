package launch

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// jailTimeout is how long the jail may take to be set up.
const jailTimeout = 10 * time.Second

// socketFD is where the stub finds its socket to this process.
const socketFD = 3

// A Jail is a network namespace with nothing in it but a loopback device, on
// which one port is listened on from outside. A program in it that does not go
// there goes nowhere: not by address, not by UDP, not by IPv6, not to a DNS
// server, not to abstract Unix sockets. Unix sockets that are files can still be
// reached, as can what the program's user may otherwise do on this machine.
type Jail struct {
	socket *os.File // of the stub; closed once it has it
	conn   *net.UnixConn
}

// NewJail makes cmd, which was not started yet, a stub that sets the jail up and
// then becomes what cmd was. The stub is this very program, called with the
// arguments of stub; it must then call EnterJail with those that follow.
func NewJail(cmd *exec.Cmd, addr string, stub ...string) (*Jail, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket for the jail: %w", err)
	}
	j := &Jail{socket: os.NewFile(uintptr(pair[1]), "jail")}
	ours := os.NewFile(uintptr(pair[0]), "jail")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a socket for the jail: %w", err), j.socket.Close())
	}
	j.conn = conn.(*net.UnixConn) // which is what FileConn makes of such a socket
	cmd.Args = append(append(stub, addr, cmd.Path), cmd.Args...)
	cmd.Path = "/proc/self/exe"
	cmd.ExtraFiles = []*os.File{j.socket}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if !mayMakeNamespaces() {
		inUserNamespace(cmd.SysProcAttr)
	}
	return j, nil
}

// mayMakeNamespaces reports whether this process can do without a user
// namespace, whose root would have little of what root is used to.
func mayMakeNamespaces() bool {
	have, err := capabilities()
	return err == nil && have.effective(unix.CAP_SYS_ADMIN) && have.effective(unix.CAP_NET_ADMIN) && have.effective(unix.CAP_SETPCAP)
}

// inUserNamespace gives the stub what it needs to set up its network, and no
// identity but the one that it has.
func inUserNamespace(attr *syscall.SysProcAttr) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_SETPCAP}
}

// Enter returns the listener inside, once the stub has started. Serve it, and
// then let the program go.
func (j *Jail) Enter() (net.Listener, error) {
	_ = j.socket.Close()                                // the stub has it
	_ = j.conn.SetDeadline(time.Now().Add(jailTimeout)) // a socket takes one unless it is closed, and then reading fails
	text, control := make([]byte, 512), make([]byte, unix.CmsgSpace(4))
	n, controlBytes, _, _, err := j.conn.ReadMsgUnix(text, control)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("setting up the jail: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:controlBytes])
	if err != nil || len(messages) != 1 {
		if n == 0 {
			return nil, errors.New("setting up the jail: it ended too early")
		}
		return nil, fmt.Errorf("setting up the jail: %s", text[:n])
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New("setting up the jail: it sent no socket")
	}
	unix.CloseOnExec(fds[0])
	file := os.NewFile(uintptr(fds[0]), "listener")
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("setting up the jail: %w", err)
	}
	return l, nil
}

// Release lets the stub become the program. The error is why it could not, a
// syscall.Errno if the system has said so.
func (j *Jail) Release() error {
	if _, err := j.conn.Write([]byte{1}); err != nil {
		return fmt.Errorf("releasing the jailed program: %w", err)
	}
	// The stub's end closes when it becomes the program, and speaks if it cannot.
	text, err := io.ReadAll(io.LimitReader(j.conn, 512))
	if err != nil {
		return fmt.Errorf("releasing the jailed program: %w", err)
	}
	if number, err := strconv.Atoi(string(text)); err == nil {
		return syscall.Errno(number)
	}
	if len(text) > 0 {
		return fmt.Errorf("starting the jailed program: %s", text)
	}
	return nil
}

// Close gives up what the jail needed here. The program stays in it.
func (j *Jail) Close() error {
	_ = j.socket.Close() // closed already, unless the stub never started
	return j.conn.Close()
}

// EnterJail is the stub: it sets up the jail that it was started in and becomes
// the program, with what NewJail put after its own arguments. It returns only if
// that fails, and has told the other side then.
func EnterJail(args, environ []string) error {
	if len(args) < 3 {
		return errors.New("infershield starts this by itself")
	}
	// Capabilities and the like are a thread's own.
	runtime.LockOSThread()
	unix.CloseOnExec(socketFD)
	if err := setUp(args[0]); err != nil {
		_, _ = unix.Write(socketFD, []byte(err.Error())) // nobody may be there to read it
		return err
	}
	err := unix.Exec(args[1], args[2:], environ)
	text := err.Error()
	var number syscall.Errno
	if errors.As(err, &number) {
		text = strconv.Itoa(int(number)) // of which the other side makes the same error
	}
	_, _ = unix.Write(socketFD, []byte(text)) // as above
	return err
}

// setUp ends when the other side serves the listener.
func setUp(addr string) error {
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("starting the loopback device: %w", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(socketFD, []byte{1}, unix.UnixRights(int(file.Fd())), nil, 0); err != nil {
		return fmt.Errorf("passing the listener on: %w", err)
	}
	if n, err := unix.Read(socketFD, make([]byte, 1)); err != nil || n == 0 {
		return errors.New("infershield has gone")
	}
	_ = file.Close() // the other side has its own
	_ = l.Close()    // likewise
	if err := closeSockets(); err != nil {
		return fmt.Errorf("closing inherited sockets: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	return nil
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	device, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, device); err != nil {
		return err
	}
	device.SetUint16(device.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, device)
}

// closeSockets keeps sockets that whoever started us left open from the
// program: each is a way out. Standard input and outputs stay what they are.
func closeSockets() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		var stat unix.Stat_t
		if unix.Fstat(fd, &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
