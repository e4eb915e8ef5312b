package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infershield/infershield/audit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		stopShared()
		os.Exit(code)
	}))
}

// each runs a test with both kinds of databases, which path names.
func each(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "audit.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgres(t)) })
}

var epoch = time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC)

// record is a plain one; n tells it from others, a greater n is newer.
func record(n int) audit.Record {
	return audit.Record{
		ID:       fmt.Sprintf("id-%06d", n),
		Time:     epoch.Add(time.Duration(n) * time.Second),
		Door:     "connect",
		Host:     "api.openai.com",
		Method:   "POST",
		Path:     "/v1/chat/completions",
		Endpoint: "chat_completions",
		Model:    "gpt-5",
		Agent:    "unknown-agent",
		Status:   200,
		Action:   "allow",
		Labels:   []string{},
		Findings: []audit.Finding{},
		Coverage: []audit.Coverage{},
	}
}

// complete has a value of its own in every field.
func complete() audit.Record {
	return audit.Record{
		ID: "0198c0de-1", Time: epoch, Door: "transparent", Client: "192.0.2.7", Agent: "billing-bot", Session: "s-17",
		Host: "api.openai.com", Method: "POST", Path: "/v1/responses", Endpoint: "responses", Model: "gpt-5-mini",
		Stream: true, Status: 403, Action: "block", Mode: "warn", Risk: 87,
		Labels: []string{"prompt injection", "secret"}, Severity: "high",
		Findings: []audit.Finding{
			{Rule: "override", Category: "injection", Score: 0.87, Direction: "request", Role: "user", Path: "/input/0", Start: 3, End: 41},
			{Rule: "openai_key", Category: "secret", Score: 1, Direction: "response", Role: "model", Path: "/output/0", Start: 1, End: 2},
		},
		PromptExcerpt: "ignore ‹all› \"previous\" & \x00 instructions", ResponseExcerpt: "no",
		Coverage: []audit.Coverage{
			{Surface: "request.body", State: "scanned"},
			{Surface: "response.body", State: "opaque", Reason: "websocket"},
		},
		BodySHA256: audit.Digests{RequestIn: "a1", RequestOut: "b2", ResponseIn: "c3", ResponseOut: "d4"},
		KeyMode:    "auto", RequestBytes: 1 << 40, ResponseBytes: 22, DurationMS: 333, FirstByteMS: 44, InspectUS: 555,
		HeldBytesMax: 66, PolicyVersion: "v7", Error: "upstream: unexpected EOF",
	}
}

func open(t testing.TB, cfg audit.Config) *audit.Log {
	t.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "audit.db")
	}
	if cfg.Retention == 0 {
		cfg.Retention = -1 // fixtures have fixed dates
	}
	if cfg.BytesMax == 0 {
		cfg.BytesMax = -1 // nothing is looked for while a test holds the lock
	}
	log, err := audit.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() }) // the test has looked at the error where it matters
	return log
}

// stored waits until all that was recorded is in the database.
func stored(t testing.TB, log *audit.Log) {
	t.Helper()
	if err := log.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// query returns the ids of what is found.
func query(t testing.TB, log *audit.Log, f audit.Filter) []string {
	t.Helper()
	found, err := log.Query(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(found.Records))
	for i, r := range found.Records {
		ids[i] = r.ID
	}
	return ids
}

// counts are the Stats that count, without those that tell how it is set up
// and when.
func counts(log *audit.Log) audit.Stats {
	s := log.Stats()
	s.Capacity, s.LastWrite = 0, time.Time{}
	return s
}

// raw opens the database beside the Log, as another program would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	driver := "sqlite" // these are the drivers that audit registers
	if strings.HasPrefix(path, "postgres:") {
		driver, path = "pgx", path+"&search_path=infershield"
	}
	db, err := sql.Open(driver, path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// lines is a log's output, safe to read while it is written to.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// again returns the path of another empty database of the same kind.
func again(t testing.TB, path string) string {
	t.Helper()
	if strings.HasPrefix(path, "postgres:") {
		return postgres(t)
	}
	return filepath.Join(t.TempDir(), "audit.db")
}

// until asks again and again, for a minute.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("a minute over, and not %s", what)
		}
	}
}
