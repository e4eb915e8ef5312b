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
	hosts     []string // that are intercepted
	authority *ca.Authority
	filesDir  string // of the files that variables name
	database  string
	began     time.Time
	finish    func(context.Context) (seen, error) // ends it, and says what was seen
	undo      []func() error                      // what close does, last first
}

// close ends what finish has not ended.
func (w *way) close() error {
	var errs []error
	for _, f := range slices.Backward(w.undo) {
		errs = append(errs, f())
	}
	w.undo = nil
	return errors.Join(errs...)
}

// seen is what came through in one run.
type seen struct {
	connections               int
	requests, masked, blocked int64
	atLeast                   bool // more requests may have come
}

// counter counts the exchanges that it is told of.
type counter struct{ requests, masked, blocked atomic.Int64 }

// Record implements audit.Recorder.
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
		if authority := a.runningAuthority(ctx, cfg); authority != nil {
			return a.joinRunning(cfg, authority)
		}
	}
	return a.startOwn(ctx, cfg)
}

// startOwn starts a proxy in this process, on free ports.
func (a *app) startOwn(ctx context.Context, cfg *Config) (_ *way, err error) {
	cfg.Listen, cfg.Admin = "127.0.0.1:0", "127.0.0.1:0"
	w := &way{hosts: cfg.Intercept, database: cfg.auditFile(), began: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	dir, err := cfg.openDataDir()
	if err != nil {
		return nil, err
	}
	w.filesDir = filepath.Join(dir, launchFolder)
	if why := authorityOfOthers(dir, cfg.Intercept); why != "" {
		a.warn(why + ": this run gets an authority of its own")
		if err := w.ownAuthority(cfg); err != nil {
			return nil, err
		}
	}
	log, err := openRunLog(dir)
	if err != nil {
		return nil, err
	}
	w.undo = append(w.undo, log.Close)
	count := &counter{}
	p, err := newProduct(ctx, cfg, log, count)
	if err != nil {
		return nil, err
	}
	w.undo = append(w.undo, p.Close)
	w.authority = p.authority
	p.drainTimeout = runDrain
	return w, w.serve(ctx, p, count)
}

// ownAuthority makes a folder for an authority that ends with the run.
func (w *way) ownAuthority(cfg *Config) (err error) {
	if cfg.AuthorityDir, err = os.MkdirTemp("", "infershield-run-"); err != nil {
		return fmt.Errorf("making a folder for this run's authority: %w", err)
	}
	w.filesDir = filepath.Join(cfg.AuthorityDir, launchFolder)
	w.undo = append(w.undo, func() error { return os.RemoveAll(cfg.AuthorityDir) })
	return nil
}

// serve has the product serve until finish or close.
func (w *way) serve(ctx context.Context, p *product, count *counter) error {
	stopPolicy := p.watchPolicy()
	w.undo = append(w.undo, func() error { stopPolicy(); return nil })
	front, err := loopback()
	if err != nil {
		return err
	}
	admin, err := loopback()
	if err != nil {
		return errors.Join(err, front.Close())
	}
	w.addr = front.Addr().String()
	counted := &countingListener{Listener: front}
	serving, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- p.run(serving, counted, admin) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ran })
	w.undo = append(w.undo, func() error { _ = stop(); return nil }) // finish tells its error
	w.finish = func(context.Context) (seen, error) {
		err := stop()
		return count.seen(int(counted.count.Load())), err
	}
	return nil
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

// authorityOfOthers says why the authority of the data folder cannot serve
// these hosts as it is, and returns "" if it can. Replacing it would break
// whoever uses it.
func authorityOfOthers(dir string, intercept []string) string {
	path := filepath.Join(dir, "ca.pem")
	made := madeFor(path)
	if len(made) == 0 {
		return "" // there is none, or ca.Open says what is wrong with it
	}
	var wanted []string
	for _, host := range intercept {
		wanted = append(wanted, strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(host, "*.")), "."))
	}
	slices.Sort(wanted)
	slices.Sort(made)
	if slices.Equal(slices.Compact(wanted), made) {
		return ""
	}
	return path + " is for " + strings.Join(made, ", ") + " and not for " + strings.Join(intercept, ", ")
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
