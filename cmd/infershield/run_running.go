package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/launch"
)

const (
	// runningTimeout is how long a proxy on this machine may take to show that
	// it is ours.
	runningTimeout = 2 * time.Second
	// Records reach the database after their answers have reached the client.
	// They are counted every recordPause until so many counts are the same, and
	// twice as many where there is none yet; but no longer than recordsTimeout.
	recordPause    = 200 * time.Millisecond
	recordSame     = 3
	recordsTimeout = 10 * time.Second
)

// runningAuthority returns the authority of the data folder if a proxy is
// running that has its key; nil if none is. That something answers on the port
// proves nothing: it may be anybody's. Who asks is told if it is not seen to be
// ours, since a proxy of ours may only have been too slow.
func (a *app) runningAuthority(ctx context.Context, cfg *Config) *ca.Authority {
	made := madeFor(filepath.Join(cfg.DataDir, "ca.pem"))
	if len(made) == 0 {
		return nil
	}
	addr := doctor.Dialable(cfg.Listen)
	ctx, cancel := context.WithTimeout(ctx, runningTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	authority, err := openCA(ca.Open, cfg.DataDir, made)
	if err != nil || authority.Change().Event != ca.Unchanged || !hasKeyOf(ctx, conn, authority, made[0]) {
		a.warn(fmt.Sprintf("something listens on %s, but did not prove within %s to be the proxy of %s; it is not used", addr, runningTimeout, cfg.DataDir))
		return nil
	}
	return authority
}

// hasKeyOf reports whether the proxy behind conn can speak for host in the
// authority's name. Nothing is sent to host.
func hasKeyOf(ctx context.Context, conn net.Conn, authority *ca.Authority, host string) bool {
	if check := ca.CheckHost(host); check != "" {
		host = check
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // a connection that takes none fails below
	}
	target := net.JoinHostPort(host, "443")
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", target); err != nil {
		return false
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if err != nil || answer.StatusCode != http.StatusOK {
		return false
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Root())
	if before, _ := authority.Overlap(); before != nil {
		roots.AddCert(before) // which the proxy may use still
	}
	return tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: host}).HandshakeContext(ctx) == nil
}

// joinRunning goes through the proxy that is running, by a port of this run's
// own: so that its exchanges can be told from others'.
func (a *app) joinRunning(cfg *Config, authority *ca.Authority) (*way, error) {
	l, err := loopback()
	if err != nil {
		return nil, err
	}
	running := doctor.Dialable(cfg.Listen)
	source := ownAddress(running)
	relay := launch.StartRelay(l, func() (net.Conn, error) {
		return (&net.Dialer{LocalAddr: source, Timeout: runningTimeout}).Dial("tcp", running)
	})
	w := &way{
		addr: l.Addr().String(), hosts: limits(authority.Root()), authority: authority,
		filesDir: filepath.Join(cfg.DataDir, launchFolder), database: cfg.auditFile(), began: time.Now(),
		undo: []func() error{relay.Close},
	}
	w.finish = func(ctx context.Context) (seen, error) {
		err := w.close()
		connections := relay.Connections()
		if connections == 0 {
			return seen{}, err
		}
		client := "127.0.0.1"
		if source != nil {
			client = source.IP.String()
		}
		count, whole, countErr := settledCount(ctx, func(ctx context.Context, count *counter) error {
			return countRecords(ctx, w.database, client, w.began, count)
		})
		s := count.seen(connections)
		s.atLeast = !whole
		return s, errors.Join(err, countErr)
	}
	return w, nil
}

// ownAddress is an address of this machine that no other run has, from which
// running can be reached; nil where there is but one.
func ownAddress(running string) *net.TCPAddr {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" || !strings.HasPrefix(running, "127.") {
		return nil
	}
	n := rand.Uint32()
	return &net.TCPAddr{IP: net.IPv4(127, 64+byte(n>>16)%128, byte(n>>8), 1+byte(n)%254)}
}

// settledCount counts until what is counted stays the same; whole is false if
// it did not in time, and more may come.
func settledCount(ctx context.Context, read func(context.Context, *counter) error) (count *counter, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, recordsTimeout)
	defer cancel()
	pause := time.NewTicker(recordPause)
	defer pause.Stop()
	count = &counter{}
	for same := 0; ; {
		next := &counter{}
		switch err := read(ctx, next); {
		case ctx.Err() != nil:
			return count, false, nil
		case err != nil:
			return count, false, err
		}
		if same++; next.requests.Load() != count.requests.Load() {
			same = 1
		}
		count = next
		if same >= 2*recordSame || same >= recordSame && count.requests.Load() > 0 {
			return count, true, nil
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return count, false, nil
		}
	}
}

// countRecords counts what a client has recorded since then.
func countRecords(ctx context.Context, path, client string, since time.Time, count *counter) error {
	log, err := audit.Open(ctx, audit.Config{Path: path, ReadOnly: true})
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // it was only read
	filter := audit.Filter{Since: since, Client: client, Limit: 1000}
	for {
		page, err := log.Query(ctx, filter)
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			count.Record(r)
		}
		if filter.Before = page.Next; page.Next == 0 {
			return nil
		}
	}
}
