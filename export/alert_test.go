package export_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/export"
)

func TestParseRules(t *testing.T) {
	got, err := export.ParseRules("risk>=90, blocks >= 20/5m,key_failures>=10/90s, ca_expiry<=14d")
	want := export.Rules{Risk: 90, Blocks: export.Rate{Count: 20, Window: 5 * time.Minute},
		KeyFailures: export.Rate{Count: 10, Window: 90 * time.Second}, CAExpiry: 14 * 24 * time.Hour}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := export.ParseRules("none"); err != nil || got != (export.Rules{}) {
		t.Errorf("none: got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "risk", "risk>=0", "risk>=101", "risk<=90", "risk>=90,risk>=80", "blocks>=20", "blocks>=0/5m",
		"blocks>=20/5", "blocks>=20/25h", "ca_expiry>=14d", "ca_expiry<=14", "speed>=3", "risk>=90,"} {
		if _, err := export.ParseRules(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// watched runs do with a Watch and returns what was raised, rule and message.
func watched(t *testing.T, rules string, expiry func() time.Time, do func(*export.Watch)) (raised []string) {
	t.Helper()
	parsed, err := export.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(*testing.T) {
		w := export.NewWatch(export.WatchConfig{Rules: parsed, CAExpiry: expiry, Raise: func(a export.Alert) {
			raised = append(raised, a.Rule+" "+a.Severity)
		}})
		do(w)
		synctest.Wait()
		w.Close()
	})
	return raised
}

func repeat(w *export.Watch, n int, every time.Duration, r audit.Record) {
	for range n {
		w.Record(r)
		time.Sleep(every) // synctest's time
	}
}

func TestAlerts(t *testing.T) {
	blocked := audit.Record{Action: "block", Status: 403, Risk: 75, Severity: "high", Findings: make([]audit.Finding, 1)}
	risky := audit.Record{Action: "allow", Status: 200, Risk: 95, Severity: "critical", Findings: make([]audit.Finding, 1)}
	for name, test := range map[string]struct {
		rules string
		do    func(*export.Watch)
		want  []string
	}{
		"risk": {"risk>=90", func(w *export.Watch) { w.Record(blocked); w.Record(risky) }, []string{"risk critical"}},
		"risk is bounded": {"risk>=90", func(w *export.Watch) { repeat(w, 25, time.Second, risky) },
			strings.Split(strings.Repeat("risk critical,", 19)+"risk critical", ",")},
		"a burst of blocks":          {"blocks>=3/1m", func(w *export.Watch) { repeat(w, 3, time.Second, blocked) }, []string{"blocks critical"}},
		"blocks far apart":           {"blocks>=3/1m", func(w *export.Watch) { repeat(w, 9, 40*time.Second, blocked) }, nil},
		"a burst after a slow start": {"blocks>=3/1m", func(w *export.Watch) { repeat(w, 2, 50*time.Second, blocked); repeat(w, 2, time.Second, blocked) }, []string{"blocks critical"}},
		"key failures":               {"key_failures>=2/1m", func(w *export.Watch) { repeat(w, 2, 0, audit.Record{Status: 401}) }, []string{"key_failures critical"}},
		"no rule":                    {"none", func(w *export.Watch) { repeat(w, 100, 0, risky) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, watched(t, test.rules, nil, test.do)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCAExpiry(t *testing.T) {
	end := time.Date(2000, 1, 17, 0, 0, 0, 0, time.UTC) // synctest begins 16 days before
	got := watched(t, "ca_expiry<=14d", func() time.Time { return end }, func(*export.Watch) {
		time.Sleep(17 * 24 * time.Hour)
	})
	// Once a day from 14 days before, and once after the end.
	if len(got) < 14 || len(got) > 16 || got[0] != "ca_expiry warning" || got[len(got)-1] != "ca_expiry critical" {
		t.Errorf("got %v; want a warning a day, and critical after the end", got)
	}
}

func TestAlertsKept(t *testing.T) {
	w := export.NewWatch(export.WatchConfig{Rules: export.Rules{KeyFailures: export.Rate{Count: 1, Window: time.Second}}})
	defer w.Close()
	for range 60 {
		w.Record(audit.Record{Status: 401, Agent: "x"})
	}
	w.Record(audit.Record{Status: 401, Agent: "latest"})
	if got := w.Alerts(); len(got) != 50 || !strings.Contains(got[0].Message, "latest") {
		t.Errorf("got %d alerts, first %q; want 50, newest first", len(got), got[0].Message)
	}
}
