package export

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infershield/infershield/audit"
)

// Alert is something that a person should look at now.
type Alert struct {
	ID       string    `json:"id"` // the same each time it is sent
	Time     time.Time `json:"timestamp"`
	Rule     string    `json:"rule"`     // risk, blocks, key_failures or ca_expiry
	Severity string    `json:"severity"` // warning or critical
	Message  string    `json:"message"`
	Agent    string    `json:"agent_id"` // empty where it is about no single exchange
	RecordID string    `json:"log_id"`   // the same
}

const (
	// alertsKept bounds the alerts that Alerts returns.
	alertsKept = 50
	// riskAlertsMax bounds the alerts about single exchanges in a minute.
	riskAlertsMax = 20
	// expiryEvery is how often the authority's end is looked at, and
	// expiryAgain how long after an alert about it another may come.
	expiryEvery = time.Hour
	expiryAgain = 24 * time.Hour
)

// WatchConfig is what a Watch works with.
type WatchConfig struct {
	Rules Rules
	// CAExpiry returns when the local authority ends. Nil is not watched.
	CAExpiry func() time.Time
	// Raise is called with each alert, by any goroutine. It must not wait. Nil
	// only keeps alerts.
	Raise func(Alert)
}

// Watch raises alerts by rules over what is recorded. All its methods may be
// called from any goroutine.
type Watch struct {
	cfg  WatchConfig
	quit chan struct{}
	done chan struct{}

	mu       sync.Mutex
	kept     []Alert // oldest first
	blocks   rate
	failures rate
	minute   time.Time // in which risky exchanges are counted
	risky    int
}

// NewWatch starts watching. Close it when done.
func NewWatch(cfg WatchConfig) *Watch {
	w := &Watch{cfg: cfg, quit: make(chan struct{}), done: make(chan struct{}),
		blocks: rate{Rate: cfg.Rules.Blocks}, failures: rate{Rate: cfg.Rules.KeyFailures}}
	go w.watchExpiry()
	return w
}

// Close ends watching. Close only once.
func (w *Watch) Close() {
	close(w.quit)
	<-w.done
}

// Alerts returns the latest alerts, newest first, at most 50.
func (w *Watch) Alerts() []Alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.kept)
	slices.Reverse(all)
	return all
}

// Record implements audit.Recorder.
func (w *Watch) Record(r audit.Record) { w.raise(w.judge(&r, time.Now())) }

// judge returns the alerts that a record is a reason for.
func (w *Watch) judge(r *audit.Record, now time.Time) (alerts []Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.cfg.Rules.Risk; n > 0 && r.Risk >= n && len(r.Findings) > 0 && w.mayTell(now) {
		severity := "warning"
		if r.Severity == "critical" {
			severity = "critical"
		}
		alerts = append(alerts, Alert{Time: now, Rule: "risk", Severity: severity, Agent: r.Agent, RecordID: r.ID, Message: summary(r)})
	}
	if r.Action == "block" && w.blocks.reached(now) {
		alerts = append(alerts, Alert{Time: now, Rule: "blocks", Severity: "critical",
			Message: fmt.Sprintf("%d exchanges were blocked within %s, the latest of agent %s: %s", w.blocks.Count, w.blocks.Window, r.Agent, strings.Join(r.Labels, ", "))})
	}
	if r.Status == 401 && w.failures.reached(now) {
		alerts = append(alerts, Alert{Time: now, Rule: "key_failures", Severity: "critical",
			Message: fmt.Sprintf("%d exchanges were answered 401 within %s, the latest of agent %s: a key is missing, wrong or expired", w.failures.Count, w.failures.Window, r.Agent)})
	}
	return alerts
}

// mayTell bounds the alerts of a minute about single exchanges. Those beyond
// are in the audit log.
func (w *Watch) mayTell(now time.Time) bool {
	if now.Sub(w.minute) >= time.Minute {
		w.minute, w.risky = now, 0
	}
	w.risky++
	return w.risky <= riskAlertsMax
}

// raise keeps alerts and hands them on, without the lock: Raise may write a
// log, and the data path must not wait for that.
func (w *Watch) raise(alerts []Alert) {
	for _, a := range alerts {
		a.ID = rand.Text()
		w.keep(a)
		if w.cfg.Raise != nil {
			w.cfg.Raise(a)
		}
	}
}

func (w *Watch) keep(a Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, a)
	if len(w.kept) > alertsKept {
		w.kept = slices.Delete(w.kept, 0, 1)
	}
}

// watchExpiry looks at the authority's end now and then.
func (w *Watch) watchExpiry() {
	defer close(w.done)
	if w.cfg.CAExpiry == nil || w.cfg.Rules.CAExpiry <= 0 {
		return
	}
	tick := time.NewTicker(expiryEvery)
	defer tick.Stop()
	var told time.Time
	for {
		now, end := time.Now(), w.cfg.CAExpiry()
		if left := end.Sub(now); !end.IsZero() && left <= w.cfg.Rules.CAExpiry && (told.IsZero() || now.Sub(told) >= expiryAgain) {
			told = now
			w.raise([]Alert{expiryAlert(now, end, left)})
		}
		select {
		case <-tick.C:
		case <-w.quit:
			return
		}
	}
}

func expiryAlert(now, end time.Time, left time.Duration) Alert {
	a := Alert{Time: now, Rule: "ca_expiry", Severity: "warning",
		Message: fmt.Sprintf("the certificate authority ends on %s, in %d days; infershield ca rotate makes the next one", end.UTC().Format(time.DateOnly), left/(24*time.Hour))}
	if left <= 0 {
		a.Severity = "critical"
		a.Message = fmt.Sprintf("the certificate authority ended on %s; infershield ca rotate makes the next one", end.UTC().Format(time.DateOnly))
	}
	return a
}

// rate tells when Count events have come within Window.
type rate struct {
	Rate
	times []time.Time // of the latest events, at most Count
}

// reached counts an event. It begins anew after it was true.
func (r *rate) reached(now time.Time) bool {
	if r.Count <= 0 {
		return false
	}
	r.times = append(r.times, now)
	if len(r.times) < r.Count {
		return false
	}
	if now.Sub(r.times[0]) <= r.Window {
		r.times = r.times[:0]
		return true
	}
	r.times = slices.Delete(r.times, 0, 1)
	return false
}
