package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/infershield/infershield/audit"
)

// seed is a script command: `seed FILE` makes an audit database with four
// exchanges of three kinds, and `seed FILE N` one with N plain ones.
func seed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: seed FILE [N]")
	}
	records := seeds()
	if len(args) > 1 {
		var n int
		_, err := fmt.Sscan(args[1], &n)
		ts.Check(err)
		plain := records[0]
		records = nil
		for i := range n {
			plain.ID, plain.Time = fmt.Sprintf("plain-%04d", i), plain.Time.Add(time.Second)
			records = append(records, plain)
		}
	}
	log, err := audit.Open(context.Background(), audit.Config{Path: ts.MkAbs(args[0]), Retention: -1})
	ts.Check(err)
	for _, r := range records {
		log.Record(r)
	}
	ts.Check(log.Close())
}

// tamper is a script command: `tamper FILE SQL` does to a database what
// nobody should.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper FILE SQL")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0])) // the driver that audit registers
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

func seeds() []audit.Record {
	start := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	plain := audit.Record{
		ID: "id-plain", Time: start, Door: "connect", Client: "127.0.0.1", Agent: "unknown-agent",
		Host: "api.openai.com", Method: "POST", Path: "/v1/chat/completions", Endpoint: "chat.completions", Model: "gpt-4.1-mini",
		Status: 200, Action: "allow", Mode: "block", Severity: "low", KeyMode: "server", PolicyVersion: "0123456789ab",
		PromptExcerpt: "Say hello", ResponseExcerpt: "Hello!", RequestBytes: 120, ResponseBytes: 640, DurationMS: 812, FirstByteMS: 790, InspectUS: 41,
		BodySHA256: audit.Digests{RequestIn: "aa", RequestOut: "aa", ResponseIn: "bb", ResponseOut: "bb"},
		Coverage:   []audit.Coverage{{Surface: "request", State: "scanned"}, {Surface: "response", State: "scanned"}},
	}
	masked := plain
	masked.ID, masked.Time, masked.Action, masked.Risk, masked.Severity = "id-masked", start.Add(time.Minute), "redact", 65, "medium"
	masked.Agent, masked.Labels = "ci", []string{"secret", "openai_api_key"}
	masked.BodySHA256.RequestOut = "cc"
	masked.Findings = []audit.Finding{{Rule: "openai_api_key", Category: "secret", Score: 1, Direction: "request", Role: "user", Path: "/messages/0/content", Start: 4, End: 60}}
	blocked := masked
	blocked.ID, blocked.Time, blocked.Action, blocked.Risk, blocked.Severity = "id-blocked", start.Add(2*time.Minute), "block", 95, "critical"
	blocked.Status, blocked.Agent, blocked.Labels = 403, "unknown-agent", []string{"injection", "instruction_override", "secret", "openai_api_key"}
	blocked.Findings = append([]audit.Finding{{Rule: "instruction_override", Category: "injection", Score: 0.95, Direction: "request", Role: "user", Path: "/messages/1/content", Start: 0, End: 32}}, masked.Findings...)
	rude := plain
	rude.ID, rude.Time = "id-rude", start.Add(3*time.Minute)
	rude.Agent, rude.Model, rude.Error = "evil\x1b[2J\x1b]0;owned\a", "a\nb", "the client left"
	rude.Coverage = []audit.Coverage{{Surface: "response", State: "opaque", Reason: "audio"}}
	return []audit.Record{plain, masked, blocked, rude}
}
