package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		bare := audit.Record{ID: "bare", Time: epoch.Add(time.Second)}
		log.Record(complete())
		log.Record(bare)
		stored(t, log)
		got, err := log.Query(t.Context(), audit.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		bare.Labels, bare.Findings, bare.Coverage = []string{}, []audit.Finding{}, []audit.Coverage{}
		if diff := cmp.Diff([]audit.Record{bare, complete()}, got.Records); diff != "" {
			t.Errorf("want(-) got(+):\n%s", diff)
		}
	})
}

func TestRecordWithoutTimeIsStamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, audit.Config{})
		log.Record(audit.Record{ID: "a"})
		stored(t, log)
		got, err := log.Query(t.Context(), audit.Filter{})
		if err != nil || len(got.Records) != 1 {
			t.Fatalf("got %d records, %v; want 1", len(got.Records), err)
		}
		if want := time.Now(); !got.Records[0].Time.Equal(want) {
			t.Errorf("got %v; want %v", got.Records[0].Time, want)
		}
	})
}

// TestBatches: nothing is written before a batch is due, and both ways of
// being due work without a Sync.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, audit.Config{Batch: 3, BatchInterval: time.Minute})
		log.Record(record(1))
		log.Record(record(2))
		synctest.Wait()
		if got := log.Stats(); got.Written != 0 || got.Queued != 2 {
			t.Errorf("before the batch is due: got %+v; want 2 queued", got)
		}
		log.Record(record(3))
		synctest.Wait()
		if got := log.Stats(); got.Written != 3 || got.Queued != 0 {
			t.Errorf("batch complete: got %+v; want 3 written", got)
		}
		log.Record(record(4))
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if got := log.Stats(); got.Written != 4 {
			t.Errorf("interval over: got %+v; want 4 written", got)
		}
	})
}

func TestCloseFlushesAndReopens(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path, BatchInterval: time.Hour, Batch: 1000})
		for n := range 100 {
			log.Record(record(n))
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		log.Record(record(100))
		if got := log.Stats(); got.Written != 100 || got.Dropped != 1 || got.Queued != 0 {
			t.Errorf("got %+v; want 100 written, 1 dropped", got)
		}
		if err := log.Sync(t.Context()); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Sync after Close: got %v; want fs.ErrClosed", err)
		}
		if _, err := log.Query(t.Context(), audit.Filter{}); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Query after Close: got %v; want fs.ErrClosed", err)
		}
		again := open(t, audit.Config{Path: path})
		if got := query(t, again, audit.Filter{Limit: 1000}); len(got) != 100 || got[0] != "id-000099" {
			t.Errorf("got %d records from %v; want 100", len(got), got[:1])
		}
	})
}

// TestFullQueue holds the writer up with a lock on the database, so that
// nothing can leave the queue.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		var out lines
		log := open(t, audit.Config{Path: path, Queue: 10, Log: out.logger()})
		synctest.Wait() // the first prune is over
		db := raw(t, path)
		execute(t, db, "BEGIN IMMEDIATE")

		before := time.Now()
		for n := range 1000 {
			log.Record(record(n))
		}
		if waited := time.Since(before); waited != 0 {
			t.Errorf("Record took %v of a clock that moves only while all wait", waited)
		}
		if got := log.Stats(); got.Queued+int(got.Dropped) != 1000 || got.Queued > 20 {
			t.Errorf("got %+v; want at most 20 queued and the rest dropped", got)
		}
		dropped := log.Stats().Dropped
		time.Sleep(30 * time.Second)
		execute(t, db, "COMMIT")
		time.Sleep(time.Minute)
		got := log.Stats()
		if got.Written+dropped != 1000 || got.Dropped != dropped || got.Lost != 0 || got.Err != nil {
			t.Errorf("got %+v; want all that was taken written", got)
		}
		if text := out.String(); !strings.Contains(text, fmt.Sprintf("dropped=%d", dropped)) {
			t.Errorf("the log does not say that %d were dropped:\n%s", dropped, text)
		}
		if n := strings.Count(out.String(), "level=WARN"); n > 4 {
			t.Errorf("got %d warnings in 30 seconds of outage; want at most one in ten:\n%s", n, out.String())
		}
	})
}

func TestConcurrentRecord(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path, Queue: 100_000, Batch: 64})
		const goroutines, each = 8, 250
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for n := range each {
					log.Record(record(g*each + n))
					if n%50 == 0 {
						_, err := log.Query(t.Context(), audit.Filter{Limit: 5})
						if err != nil {
							t.Error(err)
						}
						if err := log.Sync(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		stored(t, log)
		if got := counts(log); got != (audit.Stats{Written: goroutines * each}) {
			t.Errorf("got %+v; want %d written", got, goroutines*each)
		}
		seen := map[string]bool{}
		for f := (audit.Filter{Limit: 1000}); ; {
			found, err := log.Query(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found.Records {
				seen[r.ID] = true
			}
			if f.Before = found.Next; f.Before == 0 {
				break
			}
		}
		if len(seen) != goroutines*each {
			t.Errorf("got %d different records; want %d", len(seen), goroutines*each)
		}
	})
}

// TestRecordWhileClosing: each record is either written or counted as dropped,
// however the two race.
func TestRecordWhileClosing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	log := open(t, audit.Config{Path: path})
	const goroutines, each = 4, 500
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range each {
				log.Record(record(g*each + n))
			}
		})
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	got := log.Stats()
	if got.Written+got.Dropped != goroutines*each || got.Queued != 0 {
		t.Errorf("got %+v; want written and dropped to make %d", got, goroutines*each)
	}
	var stored int64
	if err := raw(t, path).QueryRowContext(t.Context(), "SELECT count(*) FROM records").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if stored != got.Written {
		t.Errorf("got %d records stored; want %d as counted", stored, got.Written)
	}
}

func TestSyncGivesUpWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	log := open(t, audit.Config{Path: path})
	db := raw(t, path)
	execute(t, db, "BEGIN IMMEDIATE")
	log.Record(record(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
	execute(t, db, "COMMIT")
}
