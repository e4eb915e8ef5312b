package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/audit"
)

func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) { // the bubble's clock starts in the year 2000
		path := filepath.Join(t.TempDir(), "audit.db")
		log := open(t, audit.Config{Path: path, Retention: -1})
		old := time.Now()
		for n := range 1700 { // more than three chunks
			r := record(n)
			r.Time = old.Add(time.Duration(n) * time.Millisecond)
			r.PromptExcerpt = "what only the old ones say"
			log.Record(r)
		}
		stored(t, log)
		time.Sleep(5 * day)
		if got := count(t, path); got != 1700 {
			t.Errorf("kept for ever: got %d records; want 1700", got)
		}
		young := record(5000)
		young.Time = time.Now()
		log.Record(young)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}

		log = open(t, audit.Config{Path: path, Retention: 2 * day})
		time.Sleep(time.Second)
		if got := query(t, log, audit.Filter{}); len(got) != 1 || got[0] != young.ID {
			t.Errorf("at the start: got %d records; want the young one", len(got))
		}
		for _, name := range []string{path, path + "-wal"} {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte("what only the old ones say")) {
				t.Errorf("%s still holds the text of deleted records", filepath.Base(name))
			}
		}
		time.Sleep(2*day - time.Hour)
		if got := count(t, path); got != 1 {
			t.Errorf("an hour before its time: got %d records; want 1", got)
		}
		time.Sleep(2 * time.Hour)
		if got := count(t, path); got != 0 {
			t.Errorf("an hour after its time: got %d records; want 0", got)
		}
	})
}

// TestRetentionDefault is 90 days, by the record's own time.
func TestRetentionDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.db")
		log, err := audit.Open(t.Context(), audit.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		for n, age := range []time.Duration{91, 89} {
			r := record(n)
			r.Time = time.Now().Add(-age * 24 * time.Hour)
			log.Record(r)
		}
		stored(t, log)
		time.Sleep(90 * time.Minute)
		if got := query(t, log, audit.Filter{}); len(got) != 1 || got[0] != "id-000001" {
			t.Errorf("got %v; want the one of 89 days", got)
		}
	})
}

func count(t *testing.T, path string) (n int) {
	t.Helper()
	synctest.Wait()
	if err := raw(t, path).QueryRowContext(t.Context(), "SELECT count(*) FROM records").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRetentionBySize: the oldest go until the rest fits, what is kept is a
// whole chain that knows how many went, and the statistics stay.
func TestRetentionBySize(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path, Queue: 5000})
		for n := range 1600 {
			log.Record(record(n))
		}
		stored(t, log)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		const most = 1 << 20 // about half
		log = open(t, audit.Config{Path: path, BytesMax: most})
		var deleted, left int64
		until(t, "small enough", func() bool {
			r, faults := verified(t, log, "")
			if len(faults) > 0 {
				t.Fatalf("got %v", faults)
			}
			steady := r.Deleted == deleted && deleted > 0
			deleted, left = r.Deleted, r.Records
			return steady
		})
		if deleted < 500 || left < 500 || deleted+left != 1600 {
			t.Errorf("got %d deleted and %d left; want some of each", deleted, left)
		}
		if got := query(t, log, audit.Filter{Limit: 1, Until: record(int(deleted)).Time}); len(got) > 0 {
			t.Errorf("%v is older than the %d that were deleted", got, deleted)
		}
		s, err := log.Series(t.Context(), audit.Span{Since: epoch, Until: epoch.Add(2 * time.Hour)})
		if err != nil || s.Total.Requests != 1600 {
			t.Errorf("got %+v, %v; want all 1600 counted", s.Total, err)
		}
	})
}
