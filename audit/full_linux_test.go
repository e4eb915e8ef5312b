package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/infershield/infershield/audit"
)

// TestDiskFull needs a process of its own: the limit on the size of its files
// stands in for a disk without space.
func TestDiskFull(t *testing.T) {
	if path := os.Getenv(childPath); path != "" {
		if err := fillDisk(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "audit.db")
	cmd := child(t, path)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	log := open(t, audit.Config{Path: path})
	if got := query(t, log, audit.Filter{Limit: 1}); len(got) != 1 || got[0] != record(1<<20).ID {
		t.Errorf("got %v; want the record made after space came back", got)
	}
}

func fillDisk(path string) error {
	ctx := context.Background()
	log, err := audit.Open(ctx, audit.Config{Path: path, Retention: -1, Queue: 100})
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	free := limit.Cur
	limit.Cur = 256 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	n := 0
	for err = nil; err == nil && n < 100_000; n++ {
		log.Record(record(n))
		err = log.Sync(ctx)
	}
	if err == nil {
		return errors.New("the limit did not bite")
	}
	for range 1000 {
		log.Record(record(n)) // would hang here if it ever waited
	}
	if s := log.Stats(); s.Err == nil || s.Dropped == 0 || s.Queued > 200 {
		return fmt.Errorf("full: got %+v; want an error, drops and a bounded queue", s)
	}
	if _, err := log.Query(ctx, audit.Filter{}); err != nil {
		return fmt.Errorf("reading while writing fails: %w", err)
	}
	written := log.Stats().Written
	limit.Cur = free
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	log.Record(record(1 << 20)) // may be one too many for the queue
	if err := log.Sync(ctx); err != nil {
		return fmt.Errorf("after space came back: %w", err)
	}
	log.Record(record(1 << 20))
	if err := log.Close(); err != nil {
		return err
	}
	if s := log.Stats(); s.Written <= written || s.Lost != 0 || s.Err != nil {
		return fmt.Errorf("after space came back: got %+v; want more than %d written, none lost", s, written)
	}
	return nil
}
