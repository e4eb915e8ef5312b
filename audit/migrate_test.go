package audit_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

// schema1 is what the first version made.
const schema1 = `CREATE TABLE records (
		seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, time_ms INTEGER NOT NULL, action TEXT NOT NULL, risk INTEGER NOT NULL,
		host TEXT NOT NULL, endpoint TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, labels TEXT NOT NULL, body TEXT NOT NULL
	) STRICT;
	CREATE INDEX records_by_time ON records (time_ms, id, action, risk, host, endpoint, agent, model, labels);
	CREATE INDEX records_by_id ON records (id);
	PRAGMA application_id = 1230201205; PRAGMA user_version = 1; PRAGMA journal_mode = WAL`

// TestMigrateFromTheFirstSchema: no record is lost or changed, all are found,
// and their chain begins.
func TestMigrateFromTheFirstSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	db := raw(t, path)
	execute(t, db, schema1)
	want := []audit.Record{}
	for n := range 1100 { // more than a chunk
		r := record(1100 - n) // newest first, to be sorted
		if n == 0 {
			r = complete()
		}
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `INSERT INTO records (seq, id, time_ms, action, risk, host, endpoint, agent, model, labels, body)
			VALUES (?, ?, ?, ?, ?, '', '', '', '', '', ?)`, 2*n+1, r.ID, r.Time.UnixMilli(), r.Action, r.Risk, string(body)); err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Open(t.Context(), audit.Config{Path: path, ReadOnly: true}); err == nil {
		t.Error("a reader took the old schema for its own")
	}
	log := open(t, audit.Config{Path: path})
	got := []audit.Record{}
	for f := (audit.Filter{Limit: 1000}); ; {
		page, err := log.Query(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Records...)
		if f.Before = page.Next; f.Before == 0 {
			break
		}
	}
	want = append(want[1:], want[0]) // it has the oldest time
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want(-) got(+):\n%.2000s", diff)
	}
	if got := query(t, log, audit.Filter{Text: "previous", Label: "secret"}); len(got) != 1 {
		t.Errorf("got %v; want the complete one found by its words", got)
	}
	log.Record(record(9999))
	stored(t, log)
	r, faults := verified(t, log, "")
	if len(faults) > 0 || r.Records != 1101 || r.Head.Seq != 1101 {
		t.Errorf("got %v, %+v; want one sound chain", faults, r)
	}
	again := open(t, audit.Config{Path: path}) // nothing is left to do
	if n := len(query(t, again, audit.Filter{Limit: 1})); n != 1 {
		t.Errorf("got %d records after opening again; want 1", n)
	}
}
