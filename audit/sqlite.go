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

	"modernc.org/sqlite" // registers the driver "sqlite"
)

const (
	// busyTimeout is how long SQLite waits for another process's lock.
	busyTimeout = 2 * time.Second
	// walBytesMax is what the write-ahead log is cut back to after a burst.
	walBytesMax = 16 << 20
)

// sqliteFile is the engine of one SQLite file.
type sqliteFile struct {
	path string
	file os.FileInfo // which file was opened, to notice when it is replaced

	insertRow, insertDoc, upsert *sql.Stmt
}

// openSQLite opens the database for writing and makes it where there is none.
func openSQLite(ctx context.Context, path string) (*store, error) {
	if err := secure(path); err != nil {
		return nil, err
	}
	f := &sqliteFile{path: path}
	s := &store{engine: f}
	var err error
	if s.rw, err = connect(path, 1, url.Values{
		"_txlock": {"immediate"},
		// Deleted records are overwritten: retention is a promise.
		"_pragma": {"synchronous(NORMAL)", "secure_delete(ON)", fmt.Sprintf("journal_size_limit(%d)", walBytesMax)},
	}); err != nil {
		return nil, err
	}
	if err := f.prepare(ctx, s); err != nil {
		return nil, errors.Join(f.explain(err), s.close())
	}
	return s, nil
}

// openSQLiteReadOnly opens a database that another process may be writing to.
func openSQLiteReadOnly(ctx context.Context, path string) (*store, error) {
	f := &sqliteFile{path: path}
	s := &store{engine: f}
	if err := f.openReaders(s); err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, s.ro); err != nil {
		return nil, errors.Join(f.explain(err), s.close())
	}
	return s, nil
}

func (f *sqliteFile) prepare(ctx context.Context, s *store) error {
	// Only a database that is ours is changed, if but in its header.
	if _, err := schemaVersion(ctx, s.rw); err != nil {
		return err
	}
	if _, err := s.rw.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	if err := migrate(ctx, s); err != nil {
		return err
	}
	for stmt, query := range map[**sql.Stmt]string{
		&f.insertRow: insertRowSQL, &f.insertDoc: insertDocSQL, &f.upsert: upsertSQL,
	} {
		var err error
		if *stmt, err = s.rw.PrepareContext(ctx, query); err != nil {
			return err
		}
	}
	return f.openReaders(s)
}

func (f *sqliteFile) openReaders(s *store) error {
	file, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("no audit database yet: %w", err)
	}
	if !file.Mode().IsRegular() {
		return fmt.Errorf("audit database %s is not a regular file", f.path)
	}
	f.file = file
	s.ro, err = connect(f.path, readers, url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)"}})
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
func (f *sqliteFile) current() bool {
	file, err := os.Stat(f.path)
	return err == nil && os.SameFile(file, f.file)
}

func (f *sqliteFile) rebind(query string) string { return query }

// deadline: none of ours. With one the driver starts a goroutine for every
// statement, and the wait for a lock ends after busyTimeout.
func (f *sqliteFile) deadline() (context.Context, context.CancelFunc) {
	return context.Background(), func() {}
}

// lock has nothing to wait for: transactions begin with BEGIN IMMEDIATE.
func (f *sqliteFile) lock(ctx context.Context, tx *sql.Tx) (chain, error) {
	return readChain(ctx, tx, chainSQL)
}

const (
	insertRowSQL = "INSERT INTO records (place, seq, id, risk, hash, body) VALUES (?, ?, ?, ?, ?, ?)"
	insertDocSQL = "INSERT INTO search (rowid, doc) VALUES (?, ?)"
)

// statement is the prepared one; a migration has none yet.
func (f *sqliteFile) statement(ctx context.Context, tx *sql.Tx, prepared *sql.Stmt, query string) (*sql.Stmt, error) {
	if prepared != nil {
		return tx.StmtContext(ctx, prepared), nil
	}
	return tx.PrepareContext(ctx, query)
}

func (f *sqliteFile) insert(ctx context.Context, tx *sql.Tx, rows []row) error {
	insertRow, err := f.statement(ctx, tx, f.insertRow, insertRowSQL)
	if err != nil {
		return err
	}
	insertDoc, err := f.statement(ctx, tx, f.insertDoc, insertDocSQL)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if _, err := insertRow.ExecContext(ctx, r.place, r.seq, r.id, r.risk, r.hash[:], string(r.body)); err != nil {
			return err
		}
		if _, err := insertDoc.ExecContext(ctx, r.place, r.doc.text()); err != nil {
			return err
		}
	}
	return nil
}

func (f *sqliteFile) remove(ctx context.Context, tx *sql.Tx, places []int64) error {
	for _, query := range []string{"DELETE FROM records WHERE place = ?", "DELETE FROM search WHERE rowid = ?"} {
		stmt, err := tx.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		for _, place := range places {
			if _, err := stmt.ExecContext(ctx, place); err != nil {
				return errors.Join(err, stmt.Close())
			}
		}
		if err := stmt.Close(); err != nil {
			return err
		}
	}
	return nil
}

// recent: the index of terms lists the newest first.
func (f *sqliteFile) recent() int { return 0 }

// match has the index of terms drive the query: it walks the lists of all
// terms at a time, newest first, and meets the records in the order in which
// they are wanted.
func (f *sqliteFile) match(w *where, facets []string, phrases []phrase) {
	var parts []string
	for _, facet := range facets {
		parts = append(parts, `"`+facet+`"`)
	}
	for _, p := range phrases {
		part := `"` + strings.Join(p.words, " ") + `"`
		if p.prefix {
			part += " *"
		}
		parts = append(parts, part)
	}
	w.from = "search AS s CROSS JOIN records AS r ON r.place = s.rowid"
	w.add("s.doc MATCH ?", strings.Join(parts, " AND "))
}

func (f *sqliteFile) count(ctx context.Context, tx *sql.Tx, counts tallies) error {
	upsert, err := f.statement(ctx, tx, f.upsert, upsertSQL)
	if err != nil {
		return err
	}
	for k, t := range counts {
		if _, err := upsert.ExecContext(ctx, tallyValues(k, t)...); err != nil {
			return err
		}
	}
	return nil
}

// tidy empties the write-ahead log, which still holds what was deleted, and
// merges what is left of the index.
func (f *sqliteFile) tidy(ctx context.Context, rw *sql.DB) error {
	if _, err := rw.ExecContext(ctx, "INSERT INTO search (search, rank) VALUES ('merge', 500)"); err != nil {
		return err
	}
	_, err := rw.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// used counts no free pages, which take the next records.
func (f *sqliteFile) used(ctx context.Context, q queryer, _ chain) (bytes int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&bytes)
	return bytes, err
}

// The primary result codes of SQLite that a person can do something about.
const (
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// explain says which file an error is about and what to do about it.
func (f *sqliteFile) explain(err error) error {
	path := f.path
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("audit database %s: %w", path, err)
	}
	switch failure.Code() & 0xff { // the rest of an extended code is detail
	case codeNotADB, codeCorrupt:
		return fmt.Errorf("audit database %s is damaged or no database; it was left untouched, move it away to start a new one: %w (%w)",
			path, ErrCorrupt, err)
	case codeBusy, codeLocked:
		return fmt.Errorf("audit database %s is in use, stop the program that holds it: %w (%w)", path, ErrLocked, err)
	case codePerm, codeReadOnly, codeCantOpen:
		return fmt.Errorf("audit database %s cannot be opened, check who owns it and its folder: %w (%w)",
			path, fs.ErrPermission, err)
	case codeFull, codeIO:
		return fmt.Errorf("audit database %s: the disk is full or failing, free some space or shorten the retention: %w", path, err)
	}
	return fmt.Errorf("audit database %s: %w", path, err)
}
