package audit_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/infershield/infershield/audit"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	for name, before := range map[string]func(*testing.T, string){
		"new": func(*testing.T, string) {},
		"too open before": func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o666); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.db")
			before(t, path)
			log := open(t, audit.Config{Path: path})
			log.Record(record(1))
			stored(t, log)
			for _, suffix := range []string{"", "-wal", "-shm"} {
				info, err := os.Stat(path + suffix)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != 0o600 {
					t.Errorf("%s: got mode %o; want 600", info.Name(), got)
				}
			}
		})
	}
}

// TestOpenOddPaths: characters that mean something in SQLite's file URIs.
func TestOpenOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory.db", "a#b.db", "50%25.db", "ü&_pragma=x.db"} {
		path := filepath.Join(t.TempDir(), name)
		log := open(t, audit.Config{Path: path})
		log.Record(record(1))
		if err := log.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %v, %v; want a database there", name, info, err)
		}
	}
}

func TestOpenReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.db")
	writer := open(t, audit.Config{Path: path})
	writer.Record(record(1))
	stored(t, writer)
	reader := open(t, audit.Config{Path: path, ReadOnly: true})
	writer.Record(record(2))
	stored(t, writer)
	if got := query(t, reader, audit.Filter{}); len(got) != 2 {
		t.Errorf("got %v; want what was written before and after the reader opened", got)
	}
	reader.Record(record(3))
	if got := reader.Stats(); got.Dropped != 1 {
		t.Errorf("got %+v; want the record dropped", got)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	writer.Record(record(4))
	stored(t, writer) // the reader's end took no lock along
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
	alone := open(t, audit.Config{Path: path, ReadOnly: true})
	if got := query(t, alone, audit.Filter{}); len(got) != 3 {
		t.Errorf("without a writer: got %v; want three", got)
	}
}

func TestOpenFails(t *testing.T) {
	garbage := []byte(strings.Repeat("this is a shopping list, not a database\n", 200))
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, path string)
		cfg     audit.Config
		want    error
		says    string
	}{
		"folder is missing":         {nil, audit.Config{Path: "missing/audit.db"}, fs.ErrNotExist, "missing/audit.db"},
		"read-only, file missing":   {nil, audit.Config{ReadOnly: true}, fs.ErrNotExist, "no audit database yet"},
		"read-only, not set up yet": {write(nil), audit.Config{ReadOnly: true}, fs.ErrNotExist, "not set it up yet"},
		"a folder":                  {mkdir, audit.Config{}, nil, "not a regular file"},
		"read-only, a folder":       {mkdir, audit.Config{ReadOnly: true}, nil, "not a regular file"},
		"no database":               {write(garbage), audit.Config{}, audit.ErrCorrupt, "left untouched"},
		"read-only, no database":    {write(garbage), audit.Config{ReadOnly: true}, audit.ErrCorrupt, "left untouched"},
		"damaged schema":            {damage, audit.Config{}, audit.ErrCorrupt, "left untouched"},
		"another program's":         {statement("CREATE TABLE recipes (x)"), audit.Config{}, audit.ErrForeign, "another program"},
		"newer version": {func(t *testing.T, path string) {
			if err := open(t, audit.Config{Path: path}).Close(); err != nil {
				t.Fatal(err)
			}
			statement("PRAGMA user_version = 99")(t, path)
		}, audit.Config{}, audit.ErrForeign, "newer version"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.db")
			if tt.cfg.Path != "" {
				path = filepath.Join(t.TempDir(), tt.cfg.Path)
			}
			tt.cfg.Path = path
			if tt.prepare != nil {
				tt.prepare(t, path)
			}
			before, _ := os.ReadFile(path) // nothing there is nothing to keep
			_, err := audit.Open(t.Context(), tt.cfg)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("got %v; want %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("got %q; want %q and the file's name in it", err, tt.says)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func write(content []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func statement(sql string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		db := raw(t, path)
		execute(t, db, sql)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// damage makes a real database and overwrites what follows its header.
func damage(t *testing.T, path string) {
	t.Helper()
	log := open(t, audit.Config{Path: path})
	log.Record(record(1))
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(content); i++ {
		content[i] = 0xA5
	}
	write(content)(t, path)
}

func TestOpenLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // SQLite's wait for the lock is on the bubble's clock
		path := filepath.Join(t.TempDir(), "audit.db")
		db := raw(t, path)
		execute(t, db, "CREATE TABLE x (y); BEGIN EXCLUSIVE")
		_, err := audit.Open(t.Context(), audit.Config{Path: path})
		if !errors.Is(err, audit.ErrLocked) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v; want audit.ErrLocked with the path", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("permission bits do not bind this user")
	}
	path := filepath.Join(t.TempDir(), "audit.db")
	if err := open(t, audit.Config{Path: path}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		_, err := audit.Open(t.Context(), audit.Config{Path: path, ReadOnly: readOnly})
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("read-only %v: got %v; want fs.ErrPermission", readOnly, err)
		}
	}
}

func TestOpenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Open(ctx, audit.Config{Path: filepath.Join(t.TempDir(), "audit.db")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
}
