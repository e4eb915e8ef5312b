package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresMigrations lead from one version to the next, as those of SQLite do.
// What was released is never edited; append.
//
// The tables are those of schema2. The terms of a record are a column here,
// whose lexemes PostgreSQL keeps counts of: the finer the better it plans.
var postgresMigrations = []string{
	`CREATE TABLE records (
		place  BIGINT PRIMARY KEY,
		seq    BIGINT NOT NULL UNIQUE,
		id     TEXT COLLATE "C" NOT NULL,
		risk   INTEGER NOT NULL,
		hash   BYTEA NOT NULL,
		body   TEXT NOT NULL,
		search TSVECTOR NOT NULL
	);
	ALTER TABLE records ALTER search SET STATISTICS 500;
	CREATE INDEX records_by_id ON records (id, place);
	CREATE INDEX records_by_term ON records USING gin (search);
	CREATE TABLE gaps (
		seq  BIGINT PRIMARY KEY,
		hash BYTEA NOT NULL,
		body TEXT NOT NULL
	);
	CREATE TABLE chain (
		first   BIGINT NOT NULL,
		anchor  BYTEA NOT NULL,
		last    BIGINT NOT NULL,
		head    BYTEA NOT NULL,
		head_ms BIGINT NOT NULL,
		bytes   BIGINT NOT NULL
	);
	CREATE TABLE tallies (
		grain      BIGINT NOT NULL,
		kind       TEXT COLLATE "C" NOT NULL,
		start      BIGINT NOT NULL,
		name       TEXT COLLATE "C" NOT NULL,
		requests   BIGINT NOT NULL,
		blocked    BIGINT NOT NULL,
		masked     BIGINT NOT NULL,
		failed     BIGINT NOT NULL,
		lost       BIGINT NOT NULL,
		risk_sum   BIGINT NOT NULL,
		risk_max   BIGINT NOT NULL,
		inspect_us BIGINT NOT NULL,
		scanned    BIGINT NOT NULL,
		skipped    BIGINT NOT NULL,
		opaque     BIGINT NOT NULL,
		PRIMARY KEY (grain, kind, start, name)
	);`,
}

// migrationLock is a number that only our migrations take.
const migrationLock = applicationID

// migrate brings the schema to the newest version in one transaction, which a
// second program starting at the same time waits for.
func (p *postgresServer) migrate(ctx context.Context, s *store) error {
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
		return err
	}
	var ours bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regclass('infershield.version') IS NOT NULL").Scan(&ours); err != nil {
		return err
	}
	if !ours {
		// IF NOT EXISTS: an administrator may have made it for this user.
		if _, err := tx.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS infershield; CREATE TABLE infershield.version (version INTEGER NOT NULL);
			INSERT INTO infershield.version VALUES (0)`); err != nil {
			return err
		}
	}
	version, err := p.version(ctx, tx)
	if err != nil || version == len(postgresMigrations) {
		return err
	}
	for _, step := range postgresMigrations[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	if version == 0 {
		if _, err := beginChain(ctx, s, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE version SET version = $1", len(postgresMigrations)); err != nil {
		return err
	}
	return tx.Commit()
}

func (p *postgresServer) version(ctx context.Context, q queryer) (version int, err error) {
	if err := q.QueryRowContext(ctx, "SELECT version FROM version").Scan(&version); err != nil {
		return 0, err
	}
	if version > len(postgresMigrations) {
		return 0, fmt.Errorf("schema %d was made by a newer version, this one knows %d: %w", version, len(postgresMigrations), ErrForeign)
	}
	return version, nil
}

// checkSchema says whether a reader understands the database.
func (p *postgresServer) checkSchema(ctx context.Context, db *sql.DB) error {
	version, err := p.version(ctx, db)
	var failure *pgconn.PgError
	if errors.As(err, &failure) && failure.Code == "42P01" { // no such table
		return fmt.Errorf("the proxy has not set it up yet: %w", fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if version < len(postgresMigrations) {
		return fmt.Errorf("schema %d is older than %d; starting the proxy brings it up to date: %w", version, len(postgresMigrations), ErrForeign)
	}
	return nil
}

// postgresIndex has the server compare, a chunk at a time.
type postgresIndex struct {
	tx     *sql.Tx
	places []int64
	docs   []string
	wrong  []int64
}

func (p *postgresServer) checkIndex(tx *sql.Tx) indexCheck { return &postgresIndex{tx: tx} }

func (c *postgresIndex) see(ctx context.Context, place int64, d document) error {
	c.places, c.docs = append(c.places, place), append(c.docs, d.tsvector())
	if len(c.places) < verifyChunk {
		return nil
	}
	return c.compare(ctx)
}

func (c *postgresIndex) compare(ctx context.Context) (err error) {
	rows, err := c.tx.QueryContext(ctx, `SELECT place FROM records JOIN unnest($1::bigint[], $2::text[]) AS want (place, doc) USING (place)
		WHERE records.search <> want.doc::tsvector`, c.places, c.docs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var place int64
		if err := rows.Scan(&place); err != nil {
			return err
		}
		if len(c.wrong) < faultsMax {
			c.wrong = append(c.wrong, place)
		}
	}
	c.places, c.docs = c.places[:0], c.docs[:0]
	return rows.Err()
}

func (c *postgresIndex) end(ctx context.Context) ([]int64, error) {
	err := c.compare(ctx)
	return c.wrong, err
}
