package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// tail begins with the latest, goes on with what another handle stores, and
// ends well when it is interrupted.
func TestAuditTail(t *testing.T) {
	t.Chdir(t.TempDir())
	path := filepath.Join(t.TempDir(), "audit.db")
	log, err := audit.Open(t.Context(), audit.Config{Path: path, Retention: -1, BatchInterval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	stored := func(r audit.Record) {
		t.Helper()
		log.Record(r)
		if err := log.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	records := seeds()
	for _, r := range records[:3] {
		stored(r)
	}

	ctx, interrupt := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"audit", "tail", "--audit", path, "--json", "-n", "2", "--risk", "1"}, strings.NewReader(""), in, io.Discard)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	next := func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the output ended: %v", lines.Err())
		}
		var r audit.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	for _, want := range []string{"id-masked", "id-blocked"} {
		if got := next(); got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
	risky := records[2]
	risky.ID, risky.Time = "id-later", time.Now()
	stored(records[3]) // without risk
	stored(risky)
	if got := next(); got != "id-later" {
		t.Errorf("got %s; want id-later", got)
	}
	interrupt()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d; want 0", code)
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "now", 999 * time.Millisecond: "now", 59 * time.Second: "59s ago", 60 * time.Second: "1m ago",
		47 * time.Hour: "47h ago", 50 * time.Hour: "2d ago", 400 * 24 * time.Hour: "400d ago",
	} {
		if got := ago(d); got != want {
			t.Errorf("%v: got %q; want %q", d, got, want)
		}
	}
}

// On a terminal rows are coloured, times are relative, and nothing that a
// client chose reaches the terminal as a command.
func TestAuditRowOnTerminal(t *testing.T) {
	var out strings.Builder
	table := &auditTable{w: &out, colours: true, ago: true, rows: 1}
	records := seeds()
	for _, r := range records {
		r.Time = time.Now().Add(-90 * time.Minute)
		if err := table.row(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"\x1b[31mblock \x1b[0m", "\x1b[33mredact\x1b[0m", "\x1b[32mallow \x1b[0m", "\x1b[31m  95\x1b[0m", "1h ago "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %q", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b[2J") || strings.Contains(out.String(), "\a") {
		t.Errorf("the client moved the cursor: %q", out.String())
	}
	if rows := strings.Count(out.String(), "\n"); rows != len(records) {
		t.Errorf("%d lines; want %d", rows, len(records))
	}
}
