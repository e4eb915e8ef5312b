package audit_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/audit"
)

// TestFollow reads through a second handle, as `audit tail` does beside the
// proxy that writes.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		writer := open(t, audit.Config{Path: path})
		for n := range 10 {
			writer.Record(record(n))
		}
		stored(t, writer)
		reader := open(t, audit.Config{Path: path, ReadOnly: true})
		stop := follow(t, reader, audit.Filter{Limit: 2})
		late := record(3) // began before those already seen, and ends now
		late.ID = "late"
		writer.Record(late)
		writer.Record(record(10))
		time.Sleep(time.Second)
		for n := 11; n < 2000; n++ { // more than one chunk
			writer.Record(record(n))
		}
		time.Sleep(time.Second)
		got := stop()
		want := []string{"id-000008", "id-000009", "late", "id-000010"}
		for n := 11; n < 2000; n++ {
			want = append(want, record(n).ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d records, first %v; want %d, first %v", len(got), got[:min(5, len(got))], len(want), want[:5])
		}
	})
}

func TestFollowFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, audit.Config{})
		stop := follow(t, log, audit.Filter{Action: "block"})
		for n := range 1200 {
			r := record(n)
			if n%600 == 0 {
				r.Action = "block"
			}
			log.Record(r)
		}
		time.Sleep(time.Second)
		if got, want := stop(), []string{"id-000000", "id-000600"}; !slices.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	})
}

// follow collects ids until stop is called, which returns them.
func follow(t *testing.T, log *audit.Log, f audit.Filter) (stop func() []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var ids []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r, err := range log.Follow(ctx, f) {
			if err != nil {
				t.Error(err)
				return
			}
			ids = append(ids, r.ID)
		}
	}()
	synctest.Wait() // it has found the end of the log
	return func() []string {
		cancel()
		<-done
		return ids
	}
}

func TestFollowStopsWithItsCaller(t *testing.T) {
	log := open(t, audit.Config{})
	log.Record(record(1))
	log.Record(record(2))
	stored(t, log)
	n := 0
	for _, err := range log.Follow(t.Context(), audit.Filter{Limit: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("got %d records; want 1", n)
	}
}

func TestFollowYieldsItsError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	if err := open(t, audit.Config{Path: path}).Close(); err != nil {
		t.Fatal(err)
	}
	reader := open(t, audit.Config{Path: path, ReadOnly: true})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, err := range reader.Follow(t.Context(), audit.Filter{}) {
		errs = append(errs, err)
	}
	if len(errs) != 1 || !errors.Is(errs[0], fs.ErrNotExist) {
		t.Errorf("got %v; want one fs.ErrNotExist", errs)
	}
}

// TestFollowReplacedDatabase: somebody moves the database away, the proxy
// makes a new one, and the tail goes on there.
func TestFollowReplacedDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		writer := open(t, audit.Config{Path: path})
		for n := range 5 {
			writer.Record(record(n))
		}
		stored(t, writer)
		reader := open(t, audit.Config{Path: path, ReadOnly: true})
		stop := follow(t, reader, audit.Filter{})
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		writer.Record(record(5))
		stored(t, writer)
		time.Sleep(time.Second)
		if got, want := stop(), []string{"id-000005"}; !slices.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	})
}
