package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/launch"
	"github.com/infershield/infershield/policy"
)

// runDrain is how long what a program has left behind may go on.
const runDrain = 2 * time.Second

// runLogBytes is from where on the log of such proxies is begun anew.
const runLogBytes = 4 << 20

// way is the proxy that a program goes through.
type way struct {
	addr      string   // host:port
	running   string   // the address of the running proxy behind addr; empty for one of our own
	hosts     []string // that are intercepted
	authority *ca.Authority
	own       bool // the authority is for this run alone, in a folder that goes with it
	database  string
	began     time.Time
	finish    func(context.Context) (seen, error) // ends it, and says what was seen
	close     func() error                        // after finish or instead of it
}

// seen is what came through in one run.
type seen struct {
	connections               int
	requests, masked, blocked int64
}

// Record implements audit.Recorder for the counts.
type counter struct{ requests, masked, blocked atomic.Int64 }

func (c *counter) Record(r audit.Record) {
	c.requests.Add(1)
	switch r.Action {
	case policy.Redact.String():
		c.masked.Add(1)
	case policy.Block.String():
		c.blocked.Add(1)
	}
}

func (c *counter) seen(connections int) seen {
	return seen{connections: connections, requests: c.requests.Load(), masked: c.masked.Load(), blocked: c.blocked.Load()}
}

// openWay takes the running proxy, if it is ours and no other settings are
// asked for, or starts one.
func (a *app) openWay(ctx context.Context, cfg *Config, ownSettings bool) (*way, error) {
	if !ownSettings {
		if authority := runningAuthority(ctx, cfg); authority != nil {
			return a.joinRunning(cfg, authority)
		}
	}
	return a.startOwn(ctx, cfg)
}

// startOwn starts a proxy in this process, on free ports.
func (a *app) startOwn(ctx context.Context, cfg *Config) (*way, error) {
	cfg.Listen, cfg.Admin = "127.0.0.1:0", "127.0.0.1:0"
	w := &way{hosts: cfg.Intercept, database: cfg.auditFile(), began: time.Now()}
	var undo []func() error // in reverse
	w.close = sync.OnceValue(func() error {
		var errs []error
		for _, f := range slices.Backward(undo) {
			errs = append(errs, f())
		}
		return errors.Join(errs...)
	})
	fail := func(err error) (*way, error) { return nil, errors.Join(err, w.close()) }

	dir, err := cfg.openDataDir()
	if err != nil {
		return fail(err)
	}
	if serves, why := authorityFits(dir, cfg.Intercept); !serves {
		a.warn(why + ": this run gets an authority of its own")
		if cfg.AuthorityDir, err = os.MkdirTemp("", "infershield-run-"); err != nil {
			return fail(fmt.Errorf("making a folder for this run's authority: %w", err))
		}
		undo = append(undo, func() error { return os.RemoveAll(cfg.AuthorityDir) })
		w.own = true
	}
	log, err := openRunLog(dir)
	if err != nil {
		return fail(err)
	}
	undo = append(undo, log.Close)
	count := &counter{}
	p, err := newProduct(ctx, cfg, log, count)
	if err != nil {
		return fail(err)
	}
	undo = append(undo, p.Close)
	p.drainTimeout = runDrain
	w.authority = p.authority
	stopPolicy := p.watchPolicy()
	undo = append(undo, func() error { stopPolicy(); return nil })
	front, err := loopback()
	if err != nil {
		return fail(err)
	}
	admin, err := loopback()
	if err != nil {
		return fail(errors.Join(err, front.Close()))
	}
	counted := &countingListener{Listener: front}
	w.addr = front.Addr().String()
	serving, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- p.run(serving, counted, admin) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ran })
	undo = append(undo, stop)
	w.finish = func(context.Context) (seen, error) {
		err := stop()
		return count.seen(int(counted.count.Load())), err
	}
	return w, nil
}

// countingListener counts what it accepts.
type countingListener struct {
	net.Listener
	count atomic.Int64
}

// Accept implements net.Listener.
func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.count.Add(1)
	}
	return c, err
}

// openRunLog opens the log of proxies that run starts: their words must not
// come between those of the program.
func openRunLog(dir string) (*os.File, error) {
	path := filepath.Join(dir, "run.log")
	if info, err := os.Stat(path); err == nil && info.Size() > runLogBytes {
		_ = os.Rename(path, path+".old") // else it grows until the next try
	}
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return log, nil
}

// authorityFits reports whether the authority of the data folder can serve
// these hosts without being replaced, which would break whoever uses it.
func authorityFits(dir string, intercept []string) (ok bool, why string) {
	path := filepath.Join(dir, "ca.pem")
	made := madeFor(path)
	if len(made) == 0 {
		return true, "" // there is none, or ca.Open says what is wrong with it
	}
	var wanted []string
	for _, host := range intercept {
		wanted = append(wanted, strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(host, "*.")), "."))
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	slices.Sort(made)
	if slices.Equal(wanted, made) {
		return true, ""
	}
	return false, path + " is for " + printHosts(made) + " and not for " + printHosts(intercept)
}

// filesDir is where the files for programs are.
func (w *way) filesDir(cfg *Config) string {
	if w.own {
		return filepath.Join(cfg.AuthorityDir, launchFolder)
	}
	return filepath.Join(cfg.DataDir, launchFolder)
}

// fileSources are the authority in the forms that programs take.
func fileSources(authority *ca.Authority) (launch.Sources, error) {
	var pem, bundle bytes.Buffer
	if err := authority.WritePEM(&pem); err != nil {
		return launch.Sources{}, err
	}
	src := launch.Sources{CA: pem.Bytes(), TrustStorePassword: ca.TrustStorePassword}
	err := authority.WriteBundle(&bundle)
	switch {
	case err == nil:
		src.Bundle = bundle.Bytes()
	case !errors.Is(err, fs.ErrNotExist):
		return launch.Sources{}, err
	case runtime.GOOS != "windows": // which has roots, but in no file
		src.Bundle = pem.Bytes()
	}
	src.TrustStore = func(w io.Writer, more []*x509.Certificate) error {
		roots, err := ca.SystemRoots()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return authority.WriteTrustStore(w, ca.TrustStorePassword, append(roots, more...))
	}
	return src, nil
}
