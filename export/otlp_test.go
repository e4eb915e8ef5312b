package export_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	logspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logpb "go.opentelemetry.io/proto/otlp/logs/v1"
	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/infershield/infershield/export"
)

// collector takes OTLP over HTTP with the messages of OpenTelemetry's own
// module.
type collector struct {
	failures int // answers of 503 before it works

	mu      sync.Mutex
	spans   []*spanpb.Span
	logs    []*logpb.LogRecord
	metrics map[string]int // data points by metric
	faults  []string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Header.Get("X-Token") != "t" {
		c.faults = append(c.faults, "no header")
	}
	if c.failures > 0 {
		c.failures--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err := c.take(r); err != nil {
		c.faults = append(c.faults, err.Error())
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) take(r *http.Request) error {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if from, err = gzip.NewReader(r.Body); err != nil {
			return err
		}
	}
	body, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	switch r.URL.Path {
	case "/base/v1/traces":
		var m tracepb.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			return err
		}
		for _, rs := range m.ResourceSpans {
			if text(rs.Resource.Attributes, "service.name") != "infershield" {
				return fmt.Errorf("resource %v", rs.Resource)
			}
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
	case "/base/v1/logs":
		var m logspb.ExportLogsServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			return err
		}
		for _, rl := range m.ResourceLogs {
			for _, sl := range rl.ScopeLogs {
				c.logs = append(c.logs, sl.LogRecords...)
			}
		}
	case "/base/v1/metrics":
		var m metricspb.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			return err
		}
		for _, rm := range m.ResourceMetrics {
			for _, sm := range rm.ScopeMetrics {
				for _, one := range sm.Metrics {
					c.metrics[one.Name] += len(one.GetHistogram().GetDataPoints()) + len(one.GetSum().GetDataPoints())
				}
			}
		}
	default:
		return fmt.Errorf("path %s", r.URL.Path)
	}
	return nil
}

func text(attributes []*commonpb.KeyValue, name string) string {
	for _, kv := range attributes {
		if kv.Key == name {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

func TestOTLP(t *testing.T) {
	c := &collector{failures: 2, metrics: map[string]int{}}
	server := httptest.NewServer(c)
	defer server.Close()
	e := newExporter(t, export.Config{OTLP: &export.OTLP{URL: server.URL + "/base/", Headers: map[string]export.Secret{"X-Token": "t"}}})
	const n = 150
	for i := range n {
		e.Record(record(i))
	}
	e.Raise(export.Alert{ID: "a1", Rule: "risk", Severity: "critical", Message: "look", RecordID: record(0).ID})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.faults) > 0 {
		t.Fatal(c.faults)
	}
	checkSpans(t, c.spans, n)
	checkLogs(t, c.logs, c.spans, n)
	for _, name := range []string{"gen_ai.client.operation.duration", "infershield.inspect.duration", "infershield.exchanges", "infershield.findings"} {
		if c.metrics[name] == 0 {
			t.Errorf("no data points of %s: %v", name, c.metrics)
		}
	}
}

func checkSpans(t *testing.T, spans []*spanpb.Span, n int) {
	t.Helper()
	ids := map[string]*spanpb.Span{}
	found := 0
	for _, s := range spans {
		ids[string(s.SpanId)] = s
	}
	if len(spans) != 2*n || len(ids) != 2*n {
		t.Fatalf("got %d spans with %d ids; want two for each of %d", len(spans), len(ids), n)
	}
	for _, s := range spans {
		if s.Name != "apply_guardrail infershield" {
			if s.Name != "chat gpt-4o-mini" || s.EndTimeUnixNano-s.StartTimeUnixNano != 1.5e9 {
				t.Fatalf("span %v", s)
			}
			continue
		}
		parent := ids[string(s.ParentSpanId)]
		if parent == nil || string(parent.TraceId) != string(s.TraceId) {
			t.Fatalf("guardrail without its exchange: %v", s)
		}
		decision := text(s.Attributes, "gen_ai.security.decision.type")
		if id := text(parent.Attributes, "infershield.request_id"); strings.HasSuffix(id, "00003") && decision != "deny" {
			t.Errorf("%s: decision %q; want deny", id, decision)
		}
		for _, event := range s.Events {
			if event.Name == "gen_ai.security.finding" && text(event.Attributes, "gen_ai.security.risk.category") == "injection" {
				found++
			}
		}
	}
	if found != n/3 {
		t.Errorf("got %d findings; want %d", found, n/3)
	}
}

func checkLogs(t *testing.T, logs []*logpb.LogRecord, spans []*spanpb.Span, n int) {
	t.Helper()
	traces := map[string]bool{}
	for _, s := range spans {
		traces[string(s.TraceId)] = true
	}
	exchanges, alerts := 0, 0
	for _, l := range logs {
		switch l.EventName {
		case "infershield.exchange":
			exchanges++
			if !traces[string(l.TraceId)] {
				t.Fatalf("log without its trace: %v", l)
			}
		case "infershield.alert":
			alerts++
		}
		if strings.Contains(l.String(), "hello") {
			t.Errorf("a log tells the excerpt: %v", l)
		}
	}
	if exchanges != n || alerts != 1 {
		t.Errorf("got %d exchanges and %d alerts; want %d and 1", exchanges, alerts, n)
	}
}
