package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/infershield/infershield/doctor"
)

// supervisor tells the service manager how this process is (sd_notify), shows
// it that the front answers (the watchdog), and reloads when it asks for that
// (SIGHUP). Where there is no service manager only the signal remains.
type supervisor struct {
	product *product
	on      *listeners
	hangups chan os.Signal // never closed; nil where nothing listens for it
	every   time.Duration  // between two signs of life; zero where nobody waits for them
	done    chan struct{}
	ended   chan struct{}
}

// supervise says that p is up and watches over it until stop.
func (p *product) supervise(on *listeners, hangups chan os.Signal) *supervisor {
	s := &supervisor{product: p, on: on, hangups: hangups, done: make(chan struct{}), ended: make(chan struct{})}
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		p.log.Warn("the watchdog is off: systemd set a time that cannot be read", "error", err)
	}
	s.every = limit / 3 // one may fail or be late
	s.ready()
	go func() { defer close(s.ended); s.watch() }()
	return s
}

// hangups is where SIGHUP arrives, which asks a daemon to reload. Where stderr
// is a terminal it says that the terminal was closed, and keeps its meaning.
func (a *app) hangups() (arrivals chan os.Signal, stop func()) {
	if isTerminal(a.stderr) {
		return nil, func() {}
	}
	arrivals = make(chan os.Signal, 1)
	signal.Notify(arrivals, syscall.SIGHUP)
	return arrivals, func() { signal.Stop(arrivals) }
}

// isManaged reports whether systemd started this process and wants to know how
// it is.
func (a *app) isManaged() bool {
	_, ok := environment(a.environ)["NOTIFY_SOCKET"]
	return ok
}

// stopping says that no new connections are taken. Signs of life go on.
func (s *supervisor) stopping() {
	s.notify(daemon.SdNotifyStopping + "\nSTATUS=Draining: streams and tunnels may go on for " + drainTimeout.String())
}

// stop ends watching and waits for it.
func (s *supervisor) stop() {
	close(s.done)
	<-s.ended
}

func (s *supervisor) watch() {
	var due <-chan time.Time
	if s.every > 0 {
		t := time.NewTicker(s.every)
		defer t.Stop()
		due = t.C
	}
	for {
		select {
		case <-s.done:
			return
		case <-s.hangups:
			s.reload()
		case <-due:
			s.showLife()
		}
	}
}

// ready is also what ends a reload.
func (s *supervisor) ready() {
	p := s.product
	rules := p.policy.Load()
	s.notify(daemon.SdNotifyReady + fmt.Sprintf("\nSTATUS=Listening on %s; key mode %s, %s; policy %s",
		s.on.front[0].Addr(), p.cfg.KeyMode, modeWords(rules), rules.Version()))
}

// reload reads the policy file again. Everything else needs a restart, which
// loses no connection where systemd holds the sockets.
func (s *supervisor) reload() {
	s.notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
	if s.product.cfg.PolicyPath == "" {
		s.product.log.Info("nothing to reload: the policy is the built-in one; other settings need a restart")
	} else {
		s.product.reload()
	}
	s.ready()
}

// showLife resets the watchdog if the proxy answers. While it drains nothing
// is accepted any more, and the drain has a deadline of its own.
func (s *supervisor) showLife() {
	if !s.product.draining.Load() {
		if err := s.check(); err != nil && !s.product.draining.Load() {
			s.product.log.Error("the proxy does not answer; unless that changes systemd restarts it", "error", err)
			return
		}
	}
	s.notify(daemon.SdNotifyWatchdog)
}

// check asks the front how it is, as a client would. A front with as many
// connections as it may have accepts no further one, and is to be left alone;
// then the admin port answers for the process.
func (s *supervisor) check() error {
	at := s.on.front[0].Addr()
	if s.product.proxy.Connections() >= connsMax {
		at = s.on.admin[0].Addr()
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.every)
	defer cancel()
	return checkHealth(ctx, at)
}

func checkHealth(ctx context.Context, at net.Addr) error {
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, at.Network(), doctor.Dialable(at.String()))
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/health", nil)
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /health: %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	return err
}

func (s *supervisor) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.product.log.Warn("systemd cannot be told how this process is", "error", err)
	}
}
