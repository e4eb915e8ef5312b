package export_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/export"
)

// record is the nth of a series of records, no two alike.
func record(n int) audit.Record {
	r := audit.Record{
		ID: fmt.Sprintf("req_%05d", n), Time: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Millisecond),
		Door: "connect", Client: "10.1.2.3", Agent: "agent|one=two", Session: "s1", Host: "api.openai.com",
		Method: "POST", Path: "/v1/chat/completions", Endpoint: "chat.completions", Model: "gpt-4o-mini", Stream: true,
		Status: 200, Action: "allow", Mode: "block", Severity: "low", KeyMode: "auto", PolicyVersion: "v1",
		PromptExcerpt: "Say \"hello\"\nto C:\\Grüße", RequestBytes: 100, ResponseBytes: 200, DurationMS: 1500, InspectUS: 120,
	}
	if n%3 == 0 {
		r.Action, r.Status, r.Risk, r.Severity = "block", 403, 92, "critical"
		r.Labels = []string{"prompt_injection"}
		r.Findings = []audit.Finding{{Rule: "override", Category: "injection", Score: .92, Direction: "request", Role: "user", Path: "messages[0].content", Start: 3, End: 9}}
	}
	return r
}

func newExporter(t *testing.T, cfg export.Config) *export.Exporter {
	t.Helper()
	cfg.Version = "1.2.3"
	cfg.Log = slog.New(slog.DiscardHandler)
	e, err := export.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// await polls, since receivers tell nobody when they have read.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain: " + what)
		}
	}
}
