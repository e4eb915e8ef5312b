package doctor

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/infershield/infershield/ca"
)

// State is what a check came to.
type State string

// The states, from good to bad. Wrong has a command that heals it, wherever one
// can be known; Skipped says why nothing was looked at.
const (
	OK      State = "ok"
	Skipped State = "skipped"
	Warn    State = "warn"
	Wrong   State = "wrong"
)

// Finding is what one check found. No field ever holds a key.
type Finding struct {
	ID      string `json:"id"` // stable
	Group   string `json:"group"`
	State   State  `json:"state"`
	Summary string `json:"summary"` // one sentence
	Detail  string `json:"detail"`  // what else helps; may be empty or several lines
	Fix     string `json:"fix"`     // one command for a POSIX shell; empty where none is needed or known
}

// Machine is what the checks are told. All but the marked fields are needed.
type Machine struct {
	Environ   []string // as os.Environ
	Home      string   // the user's folder; may be empty
	Listen    string   // host:port of the proxy, as configured
	Admin     string   // host:port of the admin port, as configured
	Intercept []string // as ca.ParseHosts takes it
	DataDir   string   // empty where this user has none
	AuditPath string   // of the SQLite file; empty for another kind of database
	Key       Key
	Files     []File // configuration that was read
	Upstream  Provider
	Stores    []ca.Store // where programs look for roots; may be empty

	// Command returns a command line of ours with the flags that were given and
	// that the verb takes, quoted for a shell.
	Command func(verb string) string
	// Unsaid are the flags, without dashes, whose values can hold a token or a
	// password: no finding repeats them. It may be empty.
	Unsaid []string
	// Origin says where a setting's value came from: "environment NAME",
	// ".env:3", "infershield.yaml:7:3", "flag --name"; "" for a default.
	Origin func(flag string) string
	// Probe is the command line, before the URL, that gets a URL by Go's
	// standard library and prints the answer.
	Probe []string
}

// Key is what there is to say about the server's key, but for the key.
type Key struct {
	Mode        string // server, passthrough or auto
	Set         bool
	Placeholder bool   // it looks like one from an example
	Origin      string // as Machine.Origin
}

// File is a file of configuration.
type File struct {
	Path        string
	HoldsSecret bool // a key, a password or a token
}

// Provider is how the proxy would reach the provider.
type Provider struct {
	Host      string            // with a port, unless it is 443
	Transport http.RoundTripper // without keys, with the roots and redirects of the configuration
	Addr      func(addr string) string
}

// Bounds of a run.
const (
	runTimeout   = 30 * time.Second
	checkTimeout = 20 * time.Second
	checksAtOnce = 4 // clients are started; a laptop should stay usable
)

// Run runs the checks whose id or group is in only, or all of them if it is
// empty, within 30 seconds. Findings come in the order of Checks. After each
// check progress is called with how many are done; calls do not overlap.
func Run(ctx context.Context, m Machine, only []string, progress func(done, total int)) []Finding {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	chosen := selected(only)
	v := newVisit(ctx, m)
	found := make([][]Finding, len(chosen))
	slots := make(chan struct{}, checksAtOnce)
	var wg sync.WaitGroup
	var mu sync.Mutex // orders the calls of progress
	done := 0
	for i, c := range chosen {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = c.examine(ctx, v)
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(done, len(chosen))
		})
	}
	wg.Wait()
	var all []Finding
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

// examine runs one check within its time.
func (c Check) examine(ctx context.Context, v *visit) []Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var found []Finding
	for _, f := range c.run(ctx, v) {
		f.ID, f.Group = c.ID, c.Group
		found = append(found, f)
	}
	return found
}

// visit is one run: the machine, and what several checks want to know of it,
// found out once.
type visit struct {
	Machine
	env      map[string]string
	check    string             // the name to try the way with; empty where there is none
	home     func() proxy       // what answers at the configured address
	way      func() proxy       // what answers where this shell's programs go
	folder   func() authority   // the authority of the data folder
	found    func() anchors     // our roots in stores
	upstream func() [2]Upstream // as the running proxy sees it, and as this process does
}

func newVisit(ctx context.Context, m Machine) *visit {
	v := &visit{Machine: m, env: environment(m.Environ), check: checkHost(m.Intercept)}
	v.home = sync.OnceValue(func() proxy { return knock(ctx, Dialable(m.Listen), v.check, "/") })
	v.way = sync.OnceValue(func() proxy { return v.knockWay(ctx) })
	v.folder = sync.OnceValue(func() authority { return readAuthority(m.DataDir) })
	v.found = sync.OnceValue(func() anchors { return v.readStores(ctx) })
	v.upstream = sync.OnceValue(func() [2]Upstream { return v.lookUpstream(ctx) })
	return v
}

// proxy is the InferShield that this shell's programs are to go through: the one
// at the configured address, or, where there is none, that of `run`.
func (v *visit) proxy() proxy {
	if v.isRuns() {
		return v.way()
	}
	return v.home()
}

// isRuns reports whether that is the one of `run`, which has settings of its own.
func (v *visit) isRuns() bool { return !v.home().ours && v.way().ours }

// one is a check's usual outcome.
func one(f Finding) []Finding { return []Finding{f} }

func ok(summary string) []Finding      { return one(Finding{State: OK, Summary: summary}) }
func skipped(summary string) []Finding { return one(Finding{State: Skipped, Summary: summary}) }

func wrong(summary, detail, fix string) []Finding {
	return one(Finding{State: Wrong, Summary: summary, Detail: detail, Fix: fix})
}

func warn(summary, detail, fix string) []Finding {
	return one(Finding{State: Warn, Summary: summary, Detail: detail, Fix: fix})
}
