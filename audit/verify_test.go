package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

// verified returns what is wrong, a line a fault.
func verified(t testing.TB, log *audit.Log, expect string) (audit.Report, []string) {
	t.Helper()
	r, err := log.Verify(t.Context(), expect, nil)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, f := range r.Faults {
		faults = append(faults, fmt.Sprintf("%s %d %s %s: %s", f.Kind, f.Seq, f.ID, f.Time.Format("15:04:05"), f.Text))
	}
	return r, faults
}

// TestVerifyNames: whatever was done to the database, the entry that it was
// done to is named.
func TestVerifyNames(t *testing.T) {
	each(t, testVerifyNames)
}

func testVerifyNames(t *testing.T, path string) {
	for name, tt := range map[string]struct {
		sql  string
		want string // the beginning of a fault; "" for none
	}{
		"nothing":            {"SELECT 1", ""},
		"a word of a record": {`UPDATE records SET body = replace(body, 'allow', 'block') WHERE seq = 3`, "changed 3 id-000003 15:09:29"},
		"its id":             {`UPDATE records SET id = 'x' WHERE seq = 3`, "changed 3 id-000003"},
		"its risk":           {`UPDATE records SET risk = 1 WHERE seq = 3`, "changed 3 id-000003"},
		"its link":           {`UPDATE records SET hash = zeroblob(32) WHERE seq = 3`, "changed 3 id-000003"},
		"its link's length":  {`UPDATE records SET hash = x'' WHERE seq = 3`, "changed 3 id-000003"},
		"its time":           {`UPDATE records SET place = place + 1 WHERE seq = 3`, "changed 3 id-000003"},
		"deleted":            {`DELETE FROM records WHERE seq = 3`, "missing 3  15:09:28: the entry is not there"},
		"several deleted":    {`DELETE FROM records WHERE seq IN (3, 4)`, "missing 3  15:09:28: the entries up to 4"},
		"the oldest deleted": {`DELETE FROM records WHERE seq = 1`, "missing 1"},
		"the newest deleted": {`DELETE FROM records WHERE seq = 8`, "missing 8"},
		"swapped":            {swap(3, 4), "moved 3 id-000004 15:09:30: the entry belongs to 4"},
		"swapped, far apart": {swap(2, 7), "moved 7 id-000002"},
		"added": {`INSERT INTO records SELECT place + 1, 9, 'new', risk, hash, body FROM records WHERE seq = 3`,
			"changed 9 new"},
		"found by other words": {`DELETE FROM search WHERE rowid = (SELECT place FROM records WHERE seq = 3)`, "index 0"},
		"the end cut off":      {`DELETE FROM records WHERE seq = 8; UPDATE chain SET last = 7`, "chain 7"},
		"the gap":              {`UPDATE gaps SET body = replace(body, '1', '2')`, "changed 6"},
	} {
		t.Run(name, func(t *testing.T) {
			path := again(t, path)
			log := open(t, audit.Config{Path: path, Queue: 1})
			for n := 1; n <= 7; n++ {
				log.Record(record(n))
				if n == 5 {
					log.Record(record(99)) // is lost, which is entry 6
				}
				stored(t, log)
			}
			execute(t, raw(t, path), dialect(path, tt.sql))
			r, faults := verified(t, log, "")
			if tt.want == "" && len(faults) > 0 || tt.want != "" && !contains(faults, tt.want) {
				t.Errorf("got %q of %+v; want %q", faults, r, tt.want)
			}
		})
	}
}

// dialect translates what SQLite alone understands.
func dialect(path, sql string) string {
	if strings.HasPrefix(path, "postgres:") {
		sql = strings.NewReplacer(`zeroblob(32)`, `decode(repeat('00', 32), 'hex')`, `x''`, `''::bytea`,
			"DELETE FROM search WHERE rowid = (SELECT place FROM records WHERE seq = 3)", "UPDATE records SET search = '' WHERE seq = 3",
			"SELECT place + 1, 9, 'new', risk, hash, body", "SELECT place + 1, 9, 'new', risk, hash, body, search").Replace(sql)
	}
	return sql
}

func swap(a, b int) string {
	return fmt.Sprintf(`UPDATE records SET seq = -1 WHERE seq = %[1]d; UPDATE records SET seq = %[1]d WHERE seq = %[2]d;
		UPDATE records SET seq = %[2]d WHERE seq = -1`, a, b)
}

func contains(lines []string, beginning string) bool {
	for _, line := range lines {
		if strings.HasPrefix(line, beginning) {
			return true
		}
	}
	return false
}
