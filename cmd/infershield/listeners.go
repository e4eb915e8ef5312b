package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// The names that socket units give their sockets (FileDescriptorName=).
const (
	frontSocket = "front"
	adminSocket = "admin"
)

// listeners are where serve listens, at least one listener each. Those that systemd
// passed (socket activation) stay open over there when this process ends, so
// that whoever connects while it restarts waits and is not refused.
type listeners struct {
	front, admin []net.Listener
}

// openListeners takes the sockets that were passed, and listens for itself on
// the addresses of cfg where none was.
func openListeners(cfg *Config) (*listeners, error) {
	promised, err := socketsPromised(os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"))
	if err != nil {
		return nil, err
	}
	passed, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("taking the sockets that were passed: %w", err)
	}
	if n := len(passed[frontSocket]) + len(passed[adminSocket]); n == 0 && len(passed) == 0 && promised > 0 {
		return nil, withHint(fmt.Errorf("%d sockets were promised in LISTEN_FDS, and none of them is one", promised),
			"unset LISTEN_FDS, or mend the socket unit")
	}
	l := &listeners{front: passed[frontSocket], admin: passed[adminSocket]}
	for name, foreign := range passed {
		if name != frontSocket && name != adminSocket {
			err = withHint(fmt.Errorf("a socket was passed under the name %q, which is neither %s nor %s", name, frontSocket, adminSocket),
				"FileDescriptorName=front in the socket unit, or systemd-socket-activate --fdname=front:admin")
			closeAll(foreign)
		}
	}
	if err == nil && len(l.front) == 0 {
		l.front, err = listen(cfg.Listen, "--listen")
	}
	if err == nil && len(l.admin) == 0 {
		l.admin, err = listen(cfg.Admin, "--admin")
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// socketsMax bounds the sockets that may be passed.
const socketsMax = 64

// socketsPromised is how many sockets sd_listen_fds(3) says were passed to this
// process. The library would walk through any number.
func socketsPromised(pid, count string) (int, error) {
	if pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > socketsMax {
		return 0, withHint(fmt.Errorf("LISTEN_FDS is %s, not a number of sockets from 0 to %d", quoted(count), socketsMax), "unset LISTEN_FDS, or mend the socket unit")
	}
	return n, nil
}

// Close stops listening here. Serving closes the listeners too; twice does no harm.
func (l *listeners) Close() {
	closeAll(l.front)
	closeAll(l.admin)
}

func closeAll(open []net.Listener) {
	for _, l := range open {
		_ = l.Close() // nothing is lost by it, and it may be closed already
	}
}

// listen says what stands in the way, and what to type.
func listen(addr, flag string) ([]net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return []net.Listener{l}, nil
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err // the rest repeats the address
	}
	err = fmt.Errorf("listening on %s: %w", addr, err)
	_, port, _ := net.SplitHostPort(addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, withHint(err, "infershield may be running already; else choose another port: infershield serve %s 127.0.0.1:%s", flag, nextPort(port))
	case errors.Is(err, os.ErrPermission):
		return nil, withHint(err, "ports below 1024 need privileges; choose another: infershield serve %s 127.0.0.1:8000", flag)
	}
	return nil, withHint(err, "infershield serve %s 127.0.0.1:%s", flag, port)
}

func nextPort(port string) string {
	n, err := net.LookupPort("tcp", port)
	if err != nil || n == 0 || n > 65000 {
		return "8080"
	}
	return fmt.Sprint(n + 80)
}
