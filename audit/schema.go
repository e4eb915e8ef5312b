package audit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"
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
var migrations = []func(context.Context, *store, *sql.Tx) error{
	func(ctx context.Context, _ *store, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, schema1)
		return err
	},
	chainUp,
}

// schema1 had no chain. Its index of all columns answered every filter in one
// scan, which takes longer with every record.
const schema1 = `CREATE TABLE records (
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
	CREATE INDEX records_by_id ON records (id);`

// schema2 keeps a record as the JSON that the API shows, byte for byte, under
// its place in time. The index of terms has everything else that can be asked
// for (see document), and keeps no text. seq is the place in the chain.
const schema2 = `CREATE TABLE records (
		place INTEGER PRIMARY KEY,
		seq   INTEGER NOT NULL UNIQUE,
		id    TEXT    NOT NULL,
		risk  INTEGER NOT NULL,
		hash  BLOB    NOT NULL,
		body  TEXT    NOT NULL
	) STRICT;
	CREATE INDEX records_by_id ON records (id);
	CREATE VIRTUAL TABLE search USING fts5(doc, content='', contentless_delete=1, tokenize="ascii tokenchars '='");
	CREATE TABLE gaps (
		seq  INTEGER PRIMARY KEY,
		hash BLOB NOT NULL,
		body TEXT NOT NULL
	) STRICT;
	CREATE TABLE chain (
		first   INTEGER NOT NULL,
		anchor  BLOB    NOT NULL,
		last    INTEGER NOT NULL,
		head    BLOB    NOT NULL,
		head_ms INTEGER NOT NULL,
		bytes   INTEGER NOT NULL
	) STRICT;
	CREATE TABLE tallies (
		grain      INTEGER NOT NULL,
		kind       TEXT    NOT NULL,
		start      INTEGER NOT NULL,
		name       TEXT    NOT NULL,
		requests   INTEGER NOT NULL,
		blocked    INTEGER NOT NULL,
		masked     INTEGER NOT NULL,
		failed     INTEGER NOT NULL,
		lost       INTEGER NOT NULL,
		risk_sum   INTEGER NOT NULL,
		risk_max   INTEGER NOT NULL,
		inspect_us INTEGER NOT NULL,
		scanned    INTEGER NOT NULL,
		skipped    INTEGER NOT NULL,
		opaque     INTEGER NOT NULL,
		PRIMARY KEY (grain, kind, start, name)
	) STRICT, WITHOUT ROWID;`

const upsertSQL = `INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (grain, kind, start, name) DO UPDATE SET ` + upsertSet

const upsertSet = `requests = tallies.requests + excluded.requests, blocked = tallies.blocked + excluded.blocked,
	masked = tallies.masked + excluded.masked, failed = tallies.failed + excluded.failed, lost = tallies.lost + excluded.lost,
	risk_sum = tallies.risk_sum + excluded.risk_sum,
	risk_max = CASE WHEN excluded.risk_max > tallies.risk_max THEN excluded.risk_max ELSE tallies.risk_max END,
	inspect_us = tallies.inspect_us + excluded.inspect_us, scanned = tallies.scanned + excluded.scanned,
	skipped = tallies.skipped + excluded.skipped, opaque = tallies.opaque + excluded.opaque`

func tallyValues(k tallyKey, t *tally) []any {
	return []any{k.grain, k.kind, k.start, k.name, t.requests, t.blocked, t.masked, t.failed, t.lost,
		t.riskSum, t.riskMax, t.inspectUS, t.scanned, t.skipped, t.opaque}
}

// migrate brings the database to the newest schema in one transaction, which
// a second process starting at the same time waits for.
func migrate(ctx context.Context, s *store) error {
	tx, err := s.rw.BeginTx(ctx, nil)
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
		if err := step(ctx, s, tx); err != nil {
			return err
		}
	}
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations))
	if _, err := tx.ExecContext(ctx, mark); err != nil {
		return err
	}
	return tx.Commit()
}

// chainUp moves the records of schema 1 over, in the order in which they were
// stored: their chain begins here.
func chainUp(ctx context.Context, s *store, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DROP INDEX records_by_id; ALTER TABLE records RENAME TO records1; "+schema2); err != nil {
		return err
	}
	c, err := beginChain(ctx, s, tx)
	if err != nil {
		return err
	}
	for seq := int64(0); ; {
		records, rows, last, err := chunk1(ctx, tx, seq)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		counts := tallies{}
		for i := range records {
			counts.add(&records[i], &s.names)
		}
		if err := s.add(ctx, tx, &c, rows, gap{}); err != nil {
			return err
		}
		if err := s.count(ctx, tx, counts); err != nil {
			return err
		}
		seq = last
	}
	if err := s.saveChain(ctx, tx, c); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DROP TABLE records1")
	return err
}

// beginChain begins a chain with a link that no other database has.
func beginChain(ctx context.Context, s *store, tx *sql.Tx) (c chain, err error) {
	_, _ = rand.Read(c.anchor[:]) // never fails
	c.first, c.head, c.headMS = 1, c.anchor, time.Now().UnixMilli()
	_, err = tx.ExecContext(ctx, s.rebind("INSERT INTO chain (first, anchor, last, head, head_ms, bytes) VALUES (?, ?, ?, ?, ?, ?)"),
		c.first, c.anchor[:], c.last, c.head[:], c.headMS, c.bytes)
	return c, err
}

// chunk1 reads the next records of schema 1.
func chunk1(ctx context.Context, tx *sql.Tx, after int64) (records []Record, rows []row, last int64, err error) {
	found, err := tx.QueryContext(ctx, "SELECT seq, body FROM records1 WHERE seq > ? ORDER BY seq LIMIT 1000", after)
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var r Record
		var body []byte
		if err := found.Scan(&last, &body); err != nil {
			return nil, nil, 0, err
		}
		if err := decode(body, &r); err != nil {
			return nil, nil, 0, fmt.Errorf("record %d: %w: %w", last, ErrCorrupt, err)
		}
		records = append(records, r)
		rows = append(rows, row{place: at(r.Time), id: idText(r.ID), risk: r.Risk, body: body, doc: newDocument(&r)})
	}
	return records, rows, last, found.Err()
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
func schemaVersion(ctx context.Context, db queryer) (int, error) {
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
