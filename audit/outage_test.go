package audit_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/audit"
)

// TestOutageIsSurvived: writing fails for a while, and nothing is lost.
func TestOutageIsSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		var out lines
		log := open(t, audit.Config{Path: path, Log: out.logger()})
		synctest.Wait()
		db := raw(t, path)
		execute(t, db, "BEGIN IMMEDIATE")
		log.Record(record(1))
		if err := log.Sync(t.Context()); !errors.Is(err, audit.ErrLocked) {
			t.Errorf("got %v; want audit.ErrLocked", err)
		}
		log.Record(record(2))
		time.Sleep(20 * time.Second)
		if got := log.Stats(); got.Queued != 2 || !errors.Is(got.Err, audit.ErrLocked) {
			t.Errorf("during: got %+v; want 2 queued and ErrLocked", got)
		}
		if !strings.Contains(out.String(), "cannot be written") {
			t.Errorf("the log does not tell: %s", out.String())
		}
		execute(t, db, "COMMIT")
		time.Sleep(time.Minute)
		if got := counts(log); got != (audit.Stats{Written: 2}) {
			t.Errorf("after: got %+v; want 2 written", got)
		}
	})
}

// TestLongOutage: what cannot be stored for long is given up and counted, and
// later records are stored once writing works again.
func TestLongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		var out lines
		log := open(t, audit.Config{Path: path, Log: out.logger()})
		synctest.Wait()
		db := raw(t, path)
		execute(t, db, "BEGIN IMMEDIATE")
		log.Record(record(1))
		time.Sleep(5 * time.Minute)
		if got := log.Stats(); got.Lost != 1 || got.Queued != 0 || got.Err == nil {
			t.Errorf("during: got %+v; want 1 lost", got)
		}
		if n := strings.Count(out.String(), "lost=1"); n != 1 {
			t.Errorf("the loss was told %d times; want once:\n%s", n, out.String())
		}
		execute(t, db, "COMMIT")
		time.Sleep(time.Minute)
		if got := log.Stats(); got.Err != nil {
			t.Errorf("nothing to write, and still %v", got.Err)
		}
		log.Record(record(2))
		stored(t, log)
		if got := query(t, log, audit.Filter{}); len(got) != 1 || got[0] != "id-000002" {
			t.Errorf("got %v; want the second record", got)
		}
	})
}

func TestCloseDuringOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		log := open(t, audit.Config{Path: path})
		synctest.Wait()
		db := raw(t, path)
		execute(t, db, "BEGIN IMMEDIATE")
		log.Record(record(1))
		log.Record(record(2))
		err := log.Close()
		if !errors.Is(err, audit.ErrLocked) || !strings.Contains(err.Error(), "2 audit records were not stored") {
			t.Errorf("got %v; want ErrLocked and the number of records", err)
		}
		execute(t, db, "COMMIT")
	})
}

// TestDatabaseGone: SQLite alone would write into the deleted file for ever.
func TestDatabaseGone(t *testing.T) {
	for name, remove := range map[string]func(t *testing.T, path string){
		"file": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"all its files": func(t *testing.T, path string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(path + suffix); err != nil {
					t.Fatal(err)
				}
			}
		},
		"moved away": func(t *testing.T, path string) {
			if err := os.Rename(path, path+".old"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.db")
			var out lines
			log := open(t, audit.Config{Path: path, Log: out.logger()})
			log.Record(record(1))
			stored(t, log)
			remove(t, path)
			log.Record(record(2))
			stored(t, log)
			if !strings.Contains(out.String(), "removed or replaced") {
				t.Errorf("the log does not tell: %s", out.String())
			}
			if err := log.Close(); err != nil {
				t.Error(err)
			}
			again := open(t, audit.Config{Path: path})
			if got := query(t, again, audit.Filter{}); len(got) != 1 || got[0] != "id-000002" {
				t.Errorf("got %v; want the record made after the removal", got)
			}
		})
	}
}

// TestFolderGone: the folder comes back, as a volume does that is mounted late.
func TestFolderGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		log := open(t, audit.Config{Path: filepath.Join(dir, "audit.db")})
		synctest.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		log.Record(record(1))
		time.Sleep(10 * time.Second)
		if got := log.Stats(); got.Queued != 1 || !errors.Is(got.Err, os.ErrNotExist) {
			t.Errorf("got %+v; want 1 queued and os.ErrNotExist", got)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := counts(log); got != (audit.Stats{Written: 1}) {
			t.Errorf("got %+v; want 1 written", got)
		}
	})
}
