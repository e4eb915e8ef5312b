package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
)

// What a caller of Open may want to tell apart. A database that is missing is
// fs.ErrNotExist, one that may not be read or written fs.ErrPermission.
var (
	// ErrCorrupt means that the file is damaged, or no database at all. It is
	// left as it is.
	ErrCorrupt = errors.New("not a sound database")
	// ErrLocked means that another process holds the database.
	ErrLocked = errors.New("locked by another process")
	// ErrForeign means that the file is a database, but not one that this
	// version can read: another program's, or a newer version's.
	ErrForeign = errors.New("not a database of this version")
)

// applicationID marks the file as ours, in the header field that SQLite has
// for it: "ISau".
const applicationID = 0x49536175

// migrations lead from one user_version to the next. What was released is
// never edited; append.
//
// A record is stored as the JSON that the API shows, byte for byte. The other
// columns repeat what is filtered by, and records_by_time holds them all, so
// that any filter is answered from that index without reading the records it
// passes over. seq never comes back after a delete: Follow relies on it.
var migrations = []string{
	`CREATE TABLE records (
		seq      INTEGER PRIMARY KEY AUTOINCREMENT,
		id       TEXT    NOT NULL,
		time_ms  INTEGER NOT NULL,
		action   TEXT    NOT NULL,
		risk     INTEGER NOT NULL,
		host     TEXT    NOT NULL,
		endpoint TEXT    NOT NULL,
		agent    TEXT    NOT NULL,
		model    TEXT    NOT NULL,
		labels   TEXT    NOT NULL,
		body     TEXT    NOT NULL
	) STRICT;
	CREATE INDEX records_by_time ON records (time_ms, id, action, risk, host, endpoint, agent, model, labels);
	CREATE INDEX records_by_id ON records (id);`,
}

const (
	insertSQL = `INSERT INTO records (id, time_ms, action, risk, host, endpoint, agent, model, labels, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	pruneSQL = `DELETE FROM records WHERE seq IN
		(SELECT seq FROM records WHERE time_ms < ? ORDER BY time_ms, id LIMIT ?)`
)

// labelText holds each label between two line feeds, for a search that needs
// neither a second table nor a pattern.
func labelText(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return "\n" + strings.Join(labels, "\n") + "\n"
}

// migrate brings the database to the newest schema in one transaction, which
// a second process starting at the same time waits for.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	version, err := schemaVersion(ctx, tx)
	if err != nil {
		return err
	}
	if version == len(migrations) {
		return nil
	}
	for _, step := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations))
	if _, err := tx.ExecContext(ctx, mark); err != nil {
		return err
	}
	return tx.Commit()
}

// checkSchema says whether a reader understands the database.
func checkSchema(ctx context.Context, db *sql.DB) error {
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if version == 0 {
		return fmt.Errorf("the proxy has not set it up yet: %w", fs.ErrNotExist)
	}
	if version < len(migrations) {
		return fmt.Errorf("schema %d is older than %d; starting the proxy brings it up to date: %w",
			version, len(migrations), ErrForeign)
	}
	return nil
}

// schemaVersion is 0 for an empty database and fails for one that is not ours.
func schemaVersion(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (int, error) {
	var version, application, tables int
	err := db.QueryRowContext(ctx, `SELECT
		(SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&version, &application, &tables)
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	if application != applicationID {
		return 0, fmt.Errorf("it belongs to another program: %w", ErrForeign)
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("schema %d was made by a newer version, this one knows %d: %w",
			version, len(migrations), ErrForeign)
	}
	return version, nil
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
func explain(path string, err error) error {
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
