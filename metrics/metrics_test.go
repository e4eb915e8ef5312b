package metrics_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/metrics"
)

// config has every source there is.
func config() metrics.Config {
	return metrics.Config{
		Version: "1.2.3", Commit: "abc",
		Endpoints:   []string{"chat_completions", "responses", "generic"},
		Categories:  []string{"injection", "secret", "pii"},
		Connections: func() int { return 7 },
		CAExpiry:    func() time.Time { return time.Unix(2_000_000_000, 0) },
		Audit: func() audit.Stats {
			return audit.Stats{Queued: 1, Written: 2, Dropped: 3, Lost: 4, Err: errors.New("disk full")}
		},
	}
}

func scrape(t testing.TB, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("got status %d, %v", w.Code, err)
	}
	return string(body)
}

// has checks for whole lines of the scrape, without the prefix of our names.
func has(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(text, "\ninfershield_"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			name, _, _ = strings.Cut(name, " ")
			t.Errorf("no line %q; there is\n%s", line, strings.Join(
				regexp.MustCompile(`(?m)^infershield_`+name+`.*$`).FindAllString(text, -1), "\n"))
		}
	}
}

func TestRecord(t *testing.T) {
	m := metrics.New(config())
	m.Record(audit.Record{
		Door: "connect", Endpoint: "responses", Action: "block", Status: 403, Risk: 87, KeyMode: "auto",
		Stream: true, DurationMS: 300, FirstByteMS: 40, InspectUS: 60, HeldBytesMax: 100, RequestBytes: 10, ResponseBytes: 20,
		Error: "cut",
		Findings: []audit.Finding{
			{Category: "pii", Score: 0.5, Direction: "response"},
			{Category: "injection", Score: 0.9, Direction: "request"},
		},
		Coverage: []audit.Coverage{{State: "scanned"}, {State: "scanned"}, {State: "opaque"}},
	})
	m.Record(audit.Record{Door: "local", Endpoint: "chat_completions", Action: "allow", Status: 200, KeyMode: "server", RequestBytes: 5})
	m.Record(audit.Record{Door: "local", Endpoint: "chat_completions", Action: "redact", KeyMode: "server"})
	has(t, scrape(t, m),
		`http_requests_total{action="block",door="connect",endpoint="responses",status="4xx"} 1`,
		`http_requests_total{action="allow",door="local",endpoint="chat_completions",status="2xx"} 1`,
		`http_requests_total{action="redact",door="local",endpoint="chat_completions",status="none"} 1`,
		`http_request_duration_seconds_sum{endpoint="responses"} 0.3`,
		`http_request_duration_seconds_count{endpoint="chat_completions"} 2`,
		`http_first_byte_duration_seconds_sum{endpoint="responses"} 0.04`,
		`blocked_requests_total{category="injection",direction="request"} 1`,
		`blocked_requests_total{category="pii",direction="response"} 0`,
		`allowed_requests_total{action="allow"} 1`,
		`allowed_requests_total{action="redact"} 1`,
		`findings_total{category="injection",direction="request"} 1`,
		`findings_total{category="pii",direction="response"} 1`,
		`findings_total{category="secret",direction="request"} 0`,
		`risk_score_distribution_bucket{le="0"} 2`,
		`risk_score_distribution_bucket{le="80"} 2`,
		`risk_score_distribution_bucket{le="90"} 3`,
		`risk_score_distribution_bucket{le="100"} 3`,
		`surfaces_total{state="scanned"} 2`,
		`surfaces_total{state="opaque"} 1`,
		`key_requests_total{key_mode="auto"} 1`,
		`key_requests_total{key_mode="server"} 2`,
		`http_request_errors_total 1`,
		`inspect_duration_seconds_count 3`,
		`inspect_duration_seconds_sum 6e-05`,
		`held_bytes_count 1`,
		`held_bytes_sum 100`,
		`body_bytes_total{direction="request"} 15`,
		`body_bytes_total{direction="response"} 20`,
	)
}

func TestUnknownWords(t *testing.T) {
	m := metrics.New(config())
	m.Record(audit.Record{
		Door: "window", Endpoint: "beta", Action: "shrug", Status: 999, KeyMode: "lost",
		RequestBytes: -1, ResponseBytes: -1,
		Findings: []audit.Finding{{Category: "novel", Direction: "sideways"}},
		Coverage: []audit.Coverage{{State: "seen"}},
	})
	m.Record(audit.Record{Action: "block"})
	has(t, scrape(t, m),
		`http_requests_total{action="other",door="other",endpoint="generic",status="none"} 1`,
		`findings_total{category="other",direction="other"} 1`,
		`blocked_requests_total{category="other",direction="other"} 1`,
		`surfaces_total{state="other"} 1`,
		`key_requests_total{key_mode="other"} 2`,
		`body_bytes_total{direction="request"} 0`,
	)
}

func TestEvents(t *testing.T) {
	m := metrics.New(config())
	for range 3 {
		m.TunnelOpened()
	}
	m.TunnelClosed(metrics.Tunnel{Up: 10, Down: 20, Duration: 5 * time.Second})
	m.TunnelClosed(metrics.Tunnel{Failed: true, Up: -1})
	m.Distrust()
	m.Panic()
	m.Panic()
	m.Opinion("raised")
	m.Opinion("strange")
	has(t, scrape(t, m),
		`tunnels_total 3`,
		`tunnel_errors_total 1`,
		`open_tunnels 1`,
		`tunnel_bytes_total{direction="up"} 10`,
		`tunnel_bytes_total{direction="down"} 20`,
		`tunnel_duration_seconds_sum 5`,
		`client_ca_distrusts_total 1`,
		`panics_total 2`,
		`second_opinions_total{outcome="raised"} 1`,
		`second_opinions_total{outcome="other"} 1`,
	)
}

func TestSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(config())
		time.Sleep(90 * time.Second) // of the bubble's clock
		text := scrape(t, m)
		has(t, text,
			`uptime_seconds 90`,
			`open_connections 7`,
			`ca_expiry_timestamp_seconds 2e+09`,
			`audit_queued_records 1`,
			`audit_written_records_total 2`,
			`audit_dropped_records_total 3`,
			`audit_lost_records_total 4`,
			`audit_up 0`,
		)
		if !regexp.MustCompile(`infershield_build_info\{commit="abc",go_version="go[^"]+",version="1.2.3"\} 1`).MatchString(text) {
			t.Error("no build_info with the version")
		}
	})
}

func TestZeroConfig(t *testing.T) {
	m := metrics.New(metrics.Config{CAExpiry: func() time.Time { return time.Time{} }})
	m.Record(audit.Record{Endpoint: "responses"})
	text := scrape(t, m)
	has(t, text, `ca_expiry_timestamp_seconds NaN`,
		`http_requests_total{action="other",door="other",endpoint="generic",status="none"} 1`)
	if strings.Contains(text, "infershield_audit_") || strings.Contains(text, "infershield_open_connections") {
		t.Error("metrics without a source are there")
	}
}

// TestLabelsAreClosed feeds what clients choose: none of it makes a series.
func TestLabelsAreClosed(t *testing.T) {
	m := metrics.New(config())
	words := func(set ...string) string { return set[rand.IntN(len(set))] }
	feed := func(n int) {
		for i := range n {
			odd := fmt.Sprintf("%d-%x", i, rand.Uint64())
			m.Record(audit.Record{
				ID: odd, Client: odd, Agent: odd, Session: odd, Host: odd, Method: odd, Path: odd, Model: odd,
				Labels: []string{odd}, Severity: odd, Mode: odd, PolicyVersion: odd, Error: odd,
				Door:     words("connect", "absolute", "local", "transparent", odd),
				Endpoint: words("chat_completions", "responses", odd), Status: rand.IntN(700),
				Action: words("allow", "redact", "block", odd), KeyMode: words("server", odd),
				FirstByteMS: 1, Stream: true,
				Findings: []audit.Finding{{Rule: odd, Category: words("pii", odd), Direction: words("request", odd), Role: odd, Path: odd}},
				Coverage: []audit.Coverage{{Surface: odd, State: words("scanned", odd), Reason: odd}},
			})
		}
	}
	count := func() int { return strings.Count(scrape(t, m), "\ninfershield_") }
	feed(10_000)
	first := count()
	// 5 doors, 3 endpoints, 4 actions and 6 statuses make 360, the rest is fixed.
	if first > 360+240 {
		t.Errorf("got %d series; want at most 600", first)
	}
	feed(10_000)
	if again := count(); again != first {
		t.Errorf("got %d series after as many records again; want %d still", again, first)
	}
	text := scrape(t, m)
	if odd := regexp.MustCompile(`"\d+-[0-9a-f]{4,}"`).FindString(text); odd != "" {
		t.Errorf("%s became a label value", odd)
	}
}

func TestConcurrentRecord(t *testing.T) {
	m := metrics.New(config())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				m.Record(audit.Record{Door: "connect", Endpoint: "responses", Action: "allow", Status: 200 + i%5*100})
			}
		})
	}
	for range 10 {
		scrape(t, m)
	}
	wg.Wait()
	has(t, scrape(t, m), `allowed_requests_total{action="allow"} 4000`,
		`http_requests_total{action="allow",door="connect",endpoint="responses",status="2xx"} 800`)
}

// TestNames holds the rules for names, and those that are kept from the
// original.
func TestNames(t *testing.T) {
	m := metrics.New(config())
	m.Record(audit.Record{Stream: true, FirstByteMS: 1})
	text := scrape(t, m)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	units := regexp.MustCompile(`^infershield_[a-z_]+(_total|_seconds|_bytes|_records|_tunnels|_connections|_info|_up|_score_distribution)$`)
	types := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (infershield_\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		name, kind := found[1], found[2]
		types[strings.TrimPrefix(name, "infershield_")] = kind
		if !units.MatchString(name) {
			t.Errorf("%s has no unit", name)
		}
		if (kind == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s: counters, and they alone, end in _total", name, kind)
		}
		if !regexp.MustCompile(`(?m)^# HELP ` + name + ` [A-Z].{10,}\.$`).MatchString(text) {
			t.Errorf("%s has no help that is a sentence", name)
		}
	}
	if len(types) < 29 {
		t.Errorf("got %d metrics; want all 29 or more", len(types))
	}
	for name, kind := range map[string]string{
		"http_requests_total": "counter", "http_request_duration_seconds": "histogram", "blocked_requests_total": "counter",
		"allowed_requests_total": "counter", "risk_score_distribution": "histogram", "uptime_seconds": "gauge",
	} {
		if types[name] != kind {
			t.Errorf("%s is %q; want %s, as in the original", name, types[name], kind)
		}
	}
}

func busy() audit.Record {
	return audit.Record{
		Door: "connect", Endpoint: "chat_completions", Action: "redact", Status: 200, Risk: 40, KeyMode: "server", Stream: true,
		DurationMS: 900, FirstByteMS: 300, InspectUS: 90, HeldBytesMax: 30, RequestBytes: 600, ResponseBytes: 2000,
		Findings: []audit.Finding{{Category: "secret", Direction: "request", Score: 1}},
		Coverage: []audit.Coverage{{State: "scanned"}, {State: "scanned"}},
	}
}

func TestRecordAllocations(t *testing.T) {
	m, r := metrics.New(config()), busy()
	if got := testing.AllocsPerRun(1000, func() { m.Record(r) }); got != 0 {
		t.Errorf("got %v allocations; want 0", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	m, r := metrics.New(config()), busy()
	b.ReportAllocs()
	for b.Loop() {
		m.Record(r)
	}
}

func BenchmarkScrape(b *testing.B) {
	m := metrics.New(config())
	m.Record(busy())
	for b.Loop() {
		scrape(b, m)
	}
}
