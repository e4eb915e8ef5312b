//go:build linux

package audit_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// TestPostgresGone: the server is killed and comes back. Nothing waits for it,
// what found no room is counted, and the chain says so.
func TestPostgresGone(t *testing.T) {
	_ = postgres(t) // skips
	s, err := newServer()
	skipWithout(t, err)
	t.Cleanup(func() { _ = s.remove() })
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.stop() })
	var out lines
	path := s.fresh(t)
	log := open(t, audit.Config{Path: path, Queue: 50, Log: out.logger()})
	for n := range 20 {
		log.Record(record(n))
	}
	stored(t, log)

	back := outage(t, s)
	log.Record(record(20))
	if err := log.Sync(t.Context()); err == nil {
		t.Error("a record was stored without a server")
	}
	for n := 21; n < 500; n++ {
		log.Record(record(n)) // would hang here if it ever waited
	}
	during := log.Stats()
	if during.Err == nil || during.Dropped == 0 || during.Queued > during.Capacity || strings.Contains(during.Err.Error(), serverPassword) {
		t.Errorf("during: got %+v; want an error without the password, drops and a bounded queue", during)
	}
	if _, err := log.Query(t.Context(), audit.Filter{}); err == nil {
		t.Error("a query was answered without a server")
	}
	back()
	until(t, "stored what waited", func() bool { s := log.Stats(); return s.Queued == 0 && s.Err == nil })
	after := log.Stats()
	if after.Written+after.Dropped != 500 || after.Lost != 0 {
		t.Errorf("after: got %+v; want 500 written or dropped", after)
	}
	r, faults := verified(t, log, "")
	if len(faults) > 0 || r.Records != after.Written || r.Lost != after.Dropped {
		t.Errorf("got %v, %+v; want a sound chain that knows of %d lost", faults, r, after.Dropped)
	}
	if strings.Contains(out.String(), serverPassword) {
		t.Errorf("the password stands in the log:\n%s", out.String())
	}
}

// TestTwoWriters: several programs write to one database, which has one chain.
func TestTwoWriters(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		const writers, each = 3, 400
		var wg sync.WaitGroup
		for w := range writers {
			log := open(t, audit.Config{Path: path, Queue: each, Batch: 16, BatchInterval: time.Millisecond})
			wg.Go(func() {
				for n := range each {
					r := record(n) // the others have records of the same times
					r.ID = fmt.Sprintf("w%d-%d", w, n)
					log.Record(r)
					if n%50 == 0 {
						if err := log.Sync(t.Context()); err != nil && !errors.Is(err, audit.ErrLocked) {
							t.Error(err)
						}
					}
				}
				until(t, "stored", func() bool { return log.Sync(t.Context()) == nil })
			})
		}
		wg.Wait()
		log := open(t, audit.Config{Path: path, ReadOnly: true})
		if r, faults := verified(t, log, ""); len(faults) > 0 || r.Records != writers*each {
			t.Errorf("got %v, %+v; want %d records in one sound chain", faults, r, writers*each)
		}
	})
}

// TestPostgresFollow reads through a second handle, as `audit tail` does.
func TestPostgresFollow(t *testing.T) {
	path := postgres(t)
	writer := open(t, audit.Config{Path: path})
	for n := range 3 {
		writer.Record(record(n))
	}
	stored(t, writer)
	reader := open(t, audit.Config{Path: path, ReadOnly: true})
	n := 1
	for r, err := range reader.Follow(t.Context(), audit.Filter{Limit: 2}) {
		if err != nil || r.ID != record(n).ID {
			t.Fatalf("got %s, %v; want %s", r.ID, err, record(n).ID)
		}
		if n++; n == 3 {
			writer.Record(record(3))
		}
		if n == 4 {
			break
		}
	}
}

func TestPostgresOpenFails(t *testing.T) {
	path := postgres(t)
	for name, tt := range map[string]struct {
		path     string
		readOnly bool
		want     error
		says     string
	}{
		"not set up":     {path, true, fs.ErrNotExist, "not set it up yet"},
		"wrong password": {strings.Replace(path, serverPassword, "wrong-guess-here", 1), false, fs.ErrPermission, "password"},
		"no database":    {strings.Replace(path, "/audit", "/nothing", 1), false, fs.ErrNotExist, "createdb"},
		"no server":      {"postgres://tester:hunter22hunter@127.0.0.1:1/audit", false, nil, "does not answer"},
		"no URL":         {"postgres://tester:hunter22hunter@127.0.0.1:port/audit", false, nil, "USER:PASSWORD"},
		"odd option":     {path + "&connect_timeout=never", false, nil, "USER:PASSWORD"},
	} {
		_, err := audit.Open(t.Context(), audit.Config{Path: tt.path, ReadOnly: tt.readOnly})
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v; want %v and %q", name, err, tt.want, tt.says)
			continue
		}
		for _, secret := range []string{serverPassword, "wrong-guess-here", "hunter22hunter"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the password stands in %q", name, err)
			}
		}
	}
	db := raw(t, path)
	if err := open(t, audit.Config{Path: path}).Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, db, "UPDATE version SET version = 99")
	if _, err := audit.Open(t.Context(), audit.Config{Path: path}); !errors.Is(err, audit.ErrForeign) {
		t.Errorf("a newer version's: got %v; want ErrForeign", err)
	}
}
