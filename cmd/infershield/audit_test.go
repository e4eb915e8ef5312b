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
