package audit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

func TestSeries(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		start := epoch.Truncate(time.Hour)
		for n := range 120 { // one a minute
			r := record(n)
			r.Time, r.InspectUS = start.Add(time.Duration(n)*time.Minute), int64(n)
			r.Coverage = []audit.Coverage{{State: "scanned"}, {State: "scanned"}, {State: "opaque"}}
			switch {
			case n%10 == 0:
				r.Action, r.Risk, r.Labels, r.Agent = "block", 90, []string{"injection", "secret"}, "bot"
			case n%10 == 1:
				r.Action, r.Risk, r.Labels, r.Error = "redact", 60, []string{"secret"}, "the client left"
			}
			log.Record(r)
		}
		stored(t, log)
		got, err := log.Series(t.Context(), audit.Span{Since: start, Until: start.Add(2 * time.Hour), Step: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		hour := audit.Counts{Requests: 60, Blocked: 6, Masked: 6, Failed: 6, RiskMean: 15, RiskMax: 90, InspectMean: 29, Scanned: 120, Opaque: 60}
		next := hour
		next.InspectMean = 89
		if diff := cmp.Diff([]audit.Bucket{
			{Start: start, Counts: hour, InspectP50: 30, InspectP95: 60, InspectP99: 60},
			{Start: start.Add(time.Hour), Counts: next, InspectP50: 88, InspectP95: 120, InspectP99: 120},
		}, got.Buckets); diff != "" {
			t.Errorf("buckets: want(-) got(+):\n%s", diff)
		}
		if got.Total.Requests != 120 || got.Total.InspectP50 != 60 {
			t.Errorf("total: got %+v; want both hours", got.Total)
		}
		names := func(groups []audit.Group) (s string) {
			for _, g := range groups {
				s += fmt.Sprintf("%s %d/%d ", g.Name, g.Requests, g.Blocked)
			}
			return s
		}
		for _, tt := range []struct{ what, got, want string }{
			{"actions", names(got.Actions), "allow 96/0 block 12/12 redact 12/0 "},
			{"labels", names(got.Labels), "secret 24/12 injection 12/12 "},
			{"agents", names(got.Agents), "unknown-agent 108/0 bot 12/12 "},
			{"models", names(got.Models), "gpt-5 120/12 "},
			{"endpoints", names(got.Endpoints), "chat_completions 120/12 "},
			{"hosts", names(got.Hosts), "api.openai.com 120/12 "},
		} {
			if tt.got != tt.want {
				t.Errorf("%s: got %q; want %q", tt.what, tt.got, tt.want)
			}
		}
	})
}

// TestSeriesBounds: whatever span is asked for, its steps are whole and few.
func TestSeriesBounds(t *testing.T) {
	log := open(t, audit.Config{})
	for name, tt := range map[string]struct {
		span audit.Span
		n    int
		step time.Duration
	}{
		"nothing asked":  {audit.Span{}, 0, 15 * time.Minute},
		"an instant":     {audit.Span{Since: epoch, Until: epoch}, 1, time.Minute},
		"backwards":      {audit.Span{Since: epoch, Until: epoch.Add(-time.Hour)}, 1, time.Minute},
		"seconds":        {audit.Span{Since: epoch, Until: epoch.Add(time.Hour), Step: time.Second}, 61, time.Minute},
		"a year":         {audit.Span{Since: epoch, Until: epoch.AddDate(1, 0, 0), Step: time.Minute}, 0, 6 * time.Hour},
		"all of history": {audit.Span{Since: time.Unix(0, 0), Until: epoch, Step: time.Minute}, 0, 0},
	} {
		got, err := log.Series(t.Context(), tt.span)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := len(got.Buckets)
		if n == 0 || n > 1500 || tt.n > 0 && n != tt.n || tt.step > 0 && got.Step != tt.step {
			t.Errorf("%s: got %d steps of %v; want %d of %v", name, n, got.Step, tt.n, tt.step)
		}
		if last := got.Buckets[n-1].Start.Add(got.Step); !last.Equal(got.Until) || last.Before(tt.span.Until) {
			t.Errorf("%s: the last step ends at %v; want the span's end, %v", name, last, got.Until)
		}
	}
}

// TestSeriesManyNames: a client that changes its name all the time makes no
// statistics without end.
func TestSeriesManyNames(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		for n := range 250 {
			r := record(0)
			r.ID, r.Agent = record(n).ID, fmt.Sprint("agent-", n)
			log.Record(r)
		}
		stored(t, log)
		got, err := log.Series(t.Context(), audit.Span{Since: epoch, Until: epoch.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Agents) != 20 || got.Agents[0].Name != "…" || got.Agents[0].Requests != 50 {
			t.Errorf("got %d agents, first %+v; want 20, first the 50 without a row of their own", len(got.Agents), got.Agents[0])
		}
	})
}
