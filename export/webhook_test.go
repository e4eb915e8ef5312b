package export_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/export"
)

// hook is a receiver that checks signatures as the Standard Webhooks
// specification says, and answers with statuses in turn, then 204.
type hook struct {
	secret   []byte
	statuses []int

	mu     sync.Mutex
	ids    []string // of every call
	bodies []string // of those that it took
	faults []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	id, stamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, h.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	if got, want := r.Header.Get("Webhook-Signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		h.faults = append(h.faults, "signature "+got+"; want "+want)
	}
	h.ids = append(h.ids, id)
	if len(h.statuses) > 0 {
		w.WriteHeader(h.statuses[0])
		h.statuses = h.statuses[1:]
		return
	}
	h.bodies = append(h.bodies, string(body))
	w.WriteHeader(http.StatusNoContent)
}

func serveHook(t *testing.T, h *hook) export.Webhook {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	h.secret = []byte("0123456789abcdef")
	return export.Webhook{
		URL: server.URL, Secret: export.Secret("whsec_" + base64.StdEncoding.EncodeToString(h.secret)),
		Records: true, Transport: server.Client().Transport,
	}
}

func TestWebhookHasEveryRecordOnce(t *testing.T) {
	h := &hook{statuses: []int{500, 503, 429}}
	cfg := serveHook(t, h)
	e := newExporter(t, export.Config{Webhook: &cfg})
	const n = 250
	for i := range n {
		e.Record(record(i))
	}
	e.Raise(export.Alert{ID: "a1", Rule: "blocks", Severity: "critical", Message: "many"})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []audit.Record
	alerts := 0
	for _, body := range h.bodies {
		var one struct {
			Type string
			Data json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			t.Fatal(err)
		}
		if one.Type == "alerts" {
			alerts++
			continue
		}
		var some []audit.Record
		if err := json.Unmarshal(one.Data, &some); err != nil {
			t.Fatal(err)
		}
		got = append(got, some...)
	}
	if len(got) != n || alerts != 1 {
		t.Fatalf("got %d records and %d alerts; want %d and 1", len(got), alerts, n)
	}
	for i, r := range got {
		want := record(i)
		want.Coverage, r.Coverage = nil, nil
		if len(want.Findings) == 0 {
			want.Labels, want.Findings = []string{}, []audit.Finding{}
		}
		if !reflect.DeepEqual(r, want) {
			t.Fatalf("got %+v; want %+v", r, want)
		}
	}
	if len(h.faults) > 0 {
		t.Error(h.faults)
	}
	if h.ids[0] != h.ids[1] || h.ids[0] != h.ids[3] {
		t.Errorf("ids of one batch sent again: %v; want the same four times", h.ids[:4])
	}
}

func TestWebhookCountsWhatIsRefused(t *testing.T) {
	for name, status := range map[string]int{"gone": 410, "moved": 307, "bad request": 400} {
		t.Run(name, func(t *testing.T) {
			h := &hook{statuses: []int{status}}
			cfg := serveHook(t, h)
			e := newExporter(t, export.Config{Webhook: &cfg})
			e.Record(record(0))
			err := e.Close(t.Context())
			if err == nil || !strings.Contains(err.Error(), "1 events were not exported") {
				t.Errorf("Close: %v; want that 1 was not exported", err)
			}
			if got := e.Stats()[0]; got.Lost != 1 || got.Sent != 0 || !strings.Contains(got.Error, fmt.Sprint(status)) {
				t.Errorf("got %+v; want 1 lost, with the status", got)
			}
			if len(h.ids) != 1 {
				t.Errorf("tried %d times; want 1", len(h.ids))
			}
		})
	}
}

// TestHangingWebhookHoldsUpNobody fills the queue of a receiver that never
// answers.
func TestHangingWebhookHoldsUpNobody(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	e := newExporter(t, export.Config{Queue: 10, Webhook: &export.Webhook{URL: server.URL + "/token-in-path", Records: true}})
	const n = 1000
	for i := range n {
		e.Record(record(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no patience
	if err := e.Close(ctx); err == nil {
		t.Error("Close: nil; want what was lost")
	}
	got := e.Stats()[0]
	if got.Sent+got.Dropped+got.Lost+uint64(got.Queued) != n || got.Sent != 0 || got.Dropped == 0 {
		t.Errorf("got %+v; want %d events accounted for, some dropped", got, n)
	}
	if strings.Contains(got.Error, "token-in-path") {
		t.Errorf("the error %q tells the URL, which may hold a token", got.Error)
	}
}

func TestWebhookSendsAlertsAloneUnlessAsked(t *testing.T) {
	h := &hook{}
	cfg := serveHook(t, h)
	cfg.Records = false
	e := newExporter(t, export.Config{Webhook: &cfg})
	e.Record(record(0))
	e.Raise(export.Alert{ID: "a1", Rule: "risk"})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.bodies) != 1 || !strings.Contains(h.bodies[0], `"type":"alerts"`) {
		t.Errorf("got %q; want one body with alerts", h.bodies)
	}
}

// Records that nobody wants take no place from alerts.
func TestUnwantedRecordsFillNoQueue(t *testing.T) {
	h := &hook{}
	cfg := serveHook(t, h)
	cfg.Records = false
	e := newExporter(t, export.Config{Webhook: &cfg, Queue: 1})
	for i := range 1000 {
		e.Record(record(i))
	}
	e.Raise(export.Alert{ID: "a1", Rule: "risk"})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := e.Stats()[0]; got.Sent != 1 || got.Dropped != 0 {
		t.Errorf("got %+v; want the alert alone", got)
	}
}

func TestSecretsPrintAsSuch(t *testing.T) {
	cfg := export.Config{Webhook: &export.Webhook{Secret: "planted"}, OTLP: &export.OTLP{Headers: map[string]export.Secret{"a": "planted"}}}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", cfg.Webhook, *cfg.Webhook, *cfg.Webhook, cfg.Webhook.Secret), fmt.Sprintf("%v %#v", *cfg.OTLP, *cfg.OTLP)} {
		if strings.Contains(shown, "planted") {
			t.Errorf("shows the secret: %s", shown)
		}
	}
	if b, err := json.Marshal(cfg.Webhook.Secret); err != nil || strings.Contains(string(b), "planted") {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]export.Config{
		"webhook scheme": {Webhook: &export.Webhook{URL: "ftp://h/"}},
		"webhook secret": {Webhook: &export.Webhook{URL: "https://h/", Secret: "whsec_???"}},
		"syslog scheme":  {Syslog: &export.Syslog{URL: "http://h"}},
		"syslog host":    {Syslog: &export.Syslog{URL: "tcp://"}},
		"syslog path":    {Syslog: &export.Syslog{URL: "unix://"}},
		"syslog format":  {Syslog: &export.Syslog{URL: "udp://h", Format: "xml"}},
		"otlp":           {OTLP: &export.OTLP{URL: "h:4318"}},
	} {
		if _, err := export.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
