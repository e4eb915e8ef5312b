package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

func TestQueryOrder(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		for _, n := range []int{2, 5, 1, 4, 3} { // long exchanges are recorded late
			log.Record(record(n))
		}
		twin := record(4)
		twin.ID = "id-000004-b"
		log.Record(twin)
		stored(t, log)
		want := []string{"id-000005", "id-000004-b", "id-000004", "id-000003", "id-000002", "id-000001"}
		if got := query(t, log, audit.Filter{}); !slices.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	})
}

func TestQueryCursor(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		var want []string
		for n := range 25 {
			r := record(n / 4) // several share a time
			r.ID = record(n).ID
			log.Record(r)
			want = append(want, r.ID)
		}
		slices.Reverse(want)
		stored(t, log)
		var got []string
		for f := (audit.Filter{Limit: 7}); ; {
			page, err := log.Query(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				got = append(got, r.ID)
			}
			if f.Before = page.Next; f.Before == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	})
}

func TestQueryLimit(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		for n := range 1100 {
			log.Record(record(n))
		}
		stored(t, log)
		for limit, want := range map[int]int{0: 50, -1: 50, 1: 1, 1000: 1000, 5000: 1000} {
			if got := len(query(t, log, audit.Filter{Limit: limit})); got != want {
				t.Errorf("limit %d: got %d records; want %d", limit, got, want)
			}
		}
	})
}

func TestQueryFilters(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		a, b, c := record(1), record(2), record(3)
		a.ID, b.ID, c.ID = "a", "b", "c"
		b.Action, b.Risk, b.Labels = "block", 90, []string{"prompt injection", "secret"}
		b.Host, b.Endpoint, b.Agent, b.Model = "other.example", "responses", "bot", "gpt-5-mini"
		c.Action, c.Risk, c.Labels = "redact", 40, []string{"secret"}
		for _, r := range []audit.Record{a, b, c} {
			log.Record(r)
		}
		stored(t, log)
		for name, tt := range map[string]struct {
			f    audit.Filter
			want []string
		}{
			"all":                   {audit.Filter{}, []string{"c", "b", "a"}},
			"id":                    {audit.Filter{ID: "b"}, []string{"b"}},
			"unknown id":            {audit.Filter{ID: "B"}, nil},
			"since is inclusive":    {audit.Filter{Since: b.Time}, []string{"c", "b"}},
			"until is exclusive":    {audit.Filter{Until: b.Time}, []string{"a"}},
			"since and until":       {audit.Filter{Since: b.Time, Until: c.Time}, []string{"b"}},
			"in another time zone":  {audit.Filter{Since: b.Time.In(time.FixedZone("", 7200))}, []string{"c", "b"}},
			"action":                {audit.Filter{Action: "redact"}, []string{"c"}},
			"least risk":            {audit.Filter{RiskMin: 40}, []string{"c", "b"}},
			"label":                 {audit.Filter{Label: "secret"}, []string{"c", "b"}},
			"label with a space":    {audit.Filter{Label: "prompt injection"}, []string{"b"}},
			"part of a label":       {audit.Filter{Label: "injection"}, nil},
			"host":                  {audit.Filter{Host: "other.example"}, []string{"b"}},
			"endpoint":              {audit.Filter{Endpoint: "responses"}, []string{"b"}},
			"agent":                 {audit.Filter{Agent: "bot"}, []string{"b"}},
			"model":                 {audit.Filter{Model: "gpt-5"}, []string{"c", "a"}},
			"several":               {audit.Filter{Label: "secret", RiskMin: 80, Action: "block"}, []string{"b"}},
			"several, none":         {audit.Filter{Label: "secret", Action: "allow"}, nil},
			"quotes are no escape":  {audit.Filter{Host: `x' OR '1'='1`}, nil},
			"percent is no pattern": {audit.Filter{Label: "%"}, nil},
		} {
			t.Run(name, func(t *testing.T) {
				got := query(t, log, tt.f)
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %v; want %v", got, tt.want)
				}
			})
		}
	})
}

// TestHostileText: whatever a client puts into a name comes back as it was,
// and can be asked for.
func TestHostileText(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		want := record(1)
		want.Agent = "a\x00b'; DROP TABLE records; --"
		want.Path = "/v1/\n\x1b[31m"
		want.Labels = []string{"", "x\ny"}
		log.Record(want)
		stored(t, log)
		got, err := log.Query(t.Context(), audit.Filter{Agent: want.Agent})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]audit.Record{want}, got.Records); diff != "" {
			t.Errorf("want(-) got(+):\n%s", diff)
		}
	})
}
