package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

const (
	// busyTimeout is how long SQLite waits for another process's lock.
	busyTimeout = 2 * time.Second
	// readers bounds the queries that run at a time.
	readers = 4
	// walBytesMax is what the write-ahead log is cut back to after a burst.
	walBytesMax = 16 << 20
)

// store is one opened SQLite file. Writing goes through one connection,
// reading through others that cannot write, so that a long query never stands
// in the writer's way.
type store struct {
	path   string
	file   os.FileInfo // which file was opened, to notice when it is replaced
	rw     *sql.DB     // nil where the store is read-only
	ro     *sql.DB
	insert *sql.Stmt
}

// openStore opens the database for writing and makes it where there is none.
func openStore(ctx context.Context, path string) (*store, error) {
	if err := secure(path); err != nil {
		return nil, err
	}
	s := &store{path: path}
	var err error
	if s.rw, err = connect(path, 1, url.Values{
		"_txlock": {"immediate"},
		// Deleted records are overwritten: retention is a promise.
		"_pragma": {"synchronous(NORMAL)", "secure_delete(ON)", fmt.Sprintf("journal_size_limit(%d)", walBytesMax)},
	}); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(explain(path, err), s.close())
	}
	return s, nil
}

// openStoreReadOnly opens a database that another process may be writing to.
func openStoreReadOnly(ctx context.Context, path string) (*store, error) {
	s := &store{path: path}
	if err := s.openReaders(); err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, s.ro); err != nil {
		return nil, errors.Join(explain(path, err), s.close())
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context) error {
	// Only a database that is ours is changed, if but in its header.
	if _, err := schemaVersion(ctx, s.rw); err != nil {
		return err
	}
	if _, err := s.rw.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	if err := migrate(ctx, s.rw); err != nil {
		return err
	}
	var err error
	if s.insert, err = s.rw.PrepareContext(ctx, insertSQL); err != nil {
		return err
	}
	return s.openReaders()
}

func (s *store) openReaders() error {
	file, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("no audit database yet: %w", err)
	}
	if !file.Mode().IsRegular() {
		return fmt.Errorf("audit database %s is not a regular file", s.path)
	}
	s.file = file
	s.ro, err = connect(s.path, readers, url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)"}})
	return err
}

func connect(path string, conns int, params url.Values) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if abs = filepath.ToSlash(abs); !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/… on Windows
	}
	params.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: params.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// secure makes the file private before SQLite opens it; -wal and -shm take
// their mode from it. A file that exists is never opened here: closing it
// would drop the POSIX locks that this process holds on it elsewhere.
func secure(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the audit database: %w", err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("opening the audit database: %w", err)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("audit database %s is not a regular file", name)
		}
		if info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(name, 0o600); err != nil {
			return fmt.Errorf("making the audit database private: %w", err)
		}
	}
	return nil
}

// current says whether the path still leads to the file that was opened.
// SQLite itself would go on writing into a file that was deleted.
func (s *store) current() bool {
	if s == nil {
		return false
	}
	file, err := os.Stat(s.path)
	return err == nil && os.SameFile(file, s.file)
}

// write stores records in one transaction: all of them or none. Those that
// cannot be encoded are left out and counted in skipped.
func (s *store) write(records []Record) (skipped int, err error) {
	// No deadline of ours: with one the driver starts a goroutine for every
	// statement. The wait for a lock ends after busyTimeout.
	ctx := context.Background()
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return 0, explain(s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	insert := tx.StmtContext(ctx, s.insert)
	for i := range records {
		r := &records[i]
		body, err := r.MarshalJSON() // json.Marshal would read it all over again
		if err != nil {
			skipped++
			continue
		}
		if _, err := insert.ExecContext(ctx, r.ID, r.Time.UnixMilli(), r.Action, r.Risk, r.Host,
			r.Endpoint, r.Agent, r.Model, labelText(r.Labels), string(body)); err != nil {
			return 0, explain(s.path, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, explain(s.path, err)
	}
	return skipped, nil
}

// prune deletes at most limit records from before the given time, oldest first.
func (s *store) prune(before time.Time, limit int) (deleted int, err error) {
	res, err := s.rw.ExecContext(context.Background(), pruneSQL, before.UnixMilli(), limit)
	if err != nil {
		return 0, explain(s.path, err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// checkpoint empties the write-ahead log, which still holds what was deleted.
func (s *store) checkpoint() error {
	_, err := s.rw.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// close closes the writer last, because the last connection to close folds
// the write-ahead log into the database.
func (s *store) close() error {
	var errs []error
	if s.ro != nil {
		errs = append(errs, s.ro.Close())
	}
	if s.rw != nil {
		errs = append(errs, s.rw.Close()) // closes its statements too
	}
	return errors.Join(errs...)
}
