package audit_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

// small is a log of three records and a gap.
func small(t testing.TB, path string) {
	t.Helper()
	log := open(t, audit.Config{Path: path, Queue: 1})
	for n, r := range []audit.Record{record(1), complete(), record(2)} {
		log.Record(r)
		if n == 1 {
			log.Record(record(99)) // is lost
		}
		stored(t, log)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// sound says whether the database opens, is whole and has all records.
func sound(t testing.TB, path string) bool {
	t.Helper()
	log, err := audit.Open(t.Context(), audit.Config{Path: path, ReadOnly: true})
	if err != nil {
		return false
	}
	defer log.Close() //nolint:errcheck // it was only read
	return whole(t, log)
}

func whole(t testing.TB, log *audit.Log) bool {
	t.Helper()
	r, err := log.Verify(t.Context(), "", nil)
	return err == nil && len(r.Faults) == 0 && r.Records == 3 && r.Gaps == 1
}

// TestTamperEveryByte changes each byte of each column of a record, of a gap
// and of the chain's ends, one at a time. All of it is found. Of a record's
// long text it takes every 17th, from another one each time; every one of them
// with AUDIT_EVERY_BYTE set.
func TestTamperEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	small(t, path)
	if !sound(t, path) {
		t.Fatal("it is not whole to begin with")
	}
	db := raw(t, path)
	log := open(t, audit.Config{Path: path, ReadOnly: true})
	changed, first := 0, rand.IntN(17)
	for _, at := range []struct{ table, column, where string }{
		{"records", "place", "seq = 2"}, {"records", "seq", "seq = 2"}, {"records", "id", "seq = 2"}, {"records", "risk", "seq = 2"},
		{"records", "hash", "seq = 2"}, {"records", "body", "seq = 2"},
		{"gaps", "seq", "seq = 3"}, {"gaps", "hash", "seq = 3"}, {"gaps", "body", "seq = 3"},
		{"chain", "first", "1"}, {"chain", "anchor", "1"}, {"chain", "last", "1"}, {"chain", "head", "1"},
	} {
		var was any
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %s FROM %s WHERE %s", at.column, at.table, at.where)).Scan(&was); err != nil {
			t.Fatal(err)
		}
		for i, value := range flips(was) {
			if at.column == "body" && i%17 != first && os.Getenv("AUDIT_EVERY_BYTE") == "" {
				continue
			}
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var rowid int64
			if err := tx.QueryRowContext(t.Context(), fmt.Sprintf("SELECT rowid FROM %s WHERE %s", at.table, at.where)).Scan(&rowid); err != nil {
				t.Fatal(err)
			}
			update := fmt.Sprintf("UPDATE %s SET %s = ? WHERE rowid = ?", at.table, at.column)
			if _, err := tx.ExecContext(t.Context(), update, value, rowid); err != nil {
				_ = tx.Rollback() // another row has that key
				continue
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if changed++; whole(t, log) {
				t.Errorf("%s.%s: byte %d was changed, and nobody saw", at.table, at.column, i)
			}
			if at.column == "place" || at.column == "seq" && at.table == "gaps" { // these are the rowid
				rowid = value.(int64)
			}
			if _, err := db.ExecContext(t.Context(), update, was, rowid); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !sound(t, path) {
		t.Error("it is not whole after all was put back")
	}
	t.Logf("%d changes were found", changed)
}

// flips are values that differ from v in one byte each.
func flips(v any) (values []any) {
	switch v := v.(type) {
	case int64:
		for i := range 8 {
			values = append(values, v^(1<<(8*i)))
		}
	case []byte:
		for i := range v {
			b := bytes.Clone(v)
			b[i] ^= 1
			values = append(values, b)
		}
	case string:
		for i := range len(v) {
			b := []byte(v)
			b[i] ^= 1
			values = append(values, string(b))
		}
	}
	return values
}

// dump is all that the database's tables and indexes say.
func dump(db *sql.DB) (string, error) {
	var b strings.Builder
	for _, query := range []string{
		"SELECT rowid, * FROM records ORDER BY rowid", "SELECT rowid, * FROM gaps ORDER BY rowid", "SELECT first, anchor, last, head FROM chain",
		"SELECT seq, place FROM records INDEXED BY sqlite_autoindex_records_1 ORDER BY seq",
		"SELECT id, place FROM records INDEXED BY records_by_id ORDER BY id, place", "SELECT * FROM temp.terms",
	} {
		rows, err := db.Query(query)
		if err != nil {
			return "", err
		}
		columns, _ := rows.Columns() // there is a query
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(sql.RawBytes)
			}
			if err := rows.Scan(values...); err != nil {
				return "", err
			}
			for _, v := range values {
				fmt.Fprintf(&b, "%q ", *v.(*sql.RawBytes))
			}
			b.WriteByte('\n')
		}
		if err := rows.Close(); err != nil {
			return "", err
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// TestTamperFile changes bytes of the file itself. Whatever changes what the
// tables, the indexes or the search say is found.
func TestTamperFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	small(t, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	look := func(path string) (string, error) {
		db := raw(t, path)
		defer db.Close() //nolint:errcheck // it was only read
		if _, err := db.Exec("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search, instance)"); err != nil {
			return "", err
		}
		return dump(db)
	}
	want, err := look(path)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(rand.Uint64(), 0))
	seen := 0
	for range 400 {
		i := rnd.IntN(len(content))
		if content[i] == 0 { // most of it is space
			continue
		}
		other := filepath.Join(t.TempDir(), "audit.db")
		changed := bytes.Clone(content)
		changed[i] ^= 1 << rnd.IntN(8)
		write(changed)(t, other)
		got, err := look(other)
		if err == nil && got == want {
			continue // in space that nothing reads, or in the statistics
		}
		if seen++; sound(t, other) {
			t.Errorf("byte %d was changed from %x to %x, and nobody saw", i, content[i], changed[i])
		}
	}
	t.Logf("%d changes were seen and found", seen)
}
