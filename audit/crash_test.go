package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/infershield/infershield/audit"
)

// childPath names the database in the environment of a test that was started
// as a process of its own.
const childPath = "AUDIT_TEST_PATH"

// child starts this test once more, as a process of its own.
func child(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeUntilKilled prints how many records are surely stored, again and again.
func writeUntilKilled(path string) error {
	log, err := audit.Open(context.Background(), audit.Config{Path: path, Retention: -1, Batch: 16})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		log.Record(record(n))
		if n%50 != 49 {
			continue
		}
		if err := log.Sync(context.Background()); err != nil {
			return err
		}
		fmt.Println(n + 1)
	}
}

// TestKilled: after kill -9 in the middle of writing the database opens, its
// chain is whole, and it has all that was synced: what a batch interval holds
// is the most that is lost. Each round goes on with what the last one left.
func TestKilled(t *testing.T) {
	if path := os.Getenv(childPath); path != "" {
		t.Fatal(writeUntilKilled(path))
	}
	path := filepath.Join(t.TempDir(), "audit.db")
	var surely int
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	for round := range rounds {
		cmd := child(t, path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var synced int
		for in := bufio.NewScanner(out); synced < 50*(1+round%5) && in.Scan(); {
			if synced, err = strconv.Atoi(in.Text()); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if synced == 0 {
			t.Fatal("the child wrote nothing")
		}
		if got := reopen(t, path); got < surely+synced {
			t.Errorf("round %d: got %d records; want at least %d", round, got, surely+synced)
		} else {
			surely = got
		}
	}
}

// reopen opens what the child left, checks it and counts the records.
func reopen(t *testing.T, path string) (n int) {
	t.Helper()
	log := open(t, audit.Config{Path: path})
	log.Record(record(1 << 20))
	stored(t, log)
	if r, faults := verified(t, log, ""); len(faults) > 0 {
		t.Errorf("got %v, %+v; want a whole chain", faults, r)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	db := raw(t, path)
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM records").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
