package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// connectTimeout and writeTimeout bound what the writer waits for a server
	// that does not answer. Records wait in the queue meanwhile.
	connectTimeout = 5 * time.Second
	writeTimeout   = 15 * time.Second
	// serverConnLife makes connections anew, so that a server that took over
	// gets its share.
	serverConnLife = 30 * time.Minute
)

// postgresServer is the engine of a PostgreSQL database. Ours is the schema
// "infershield" in it.
type postgresServer struct {
	name     string // the URL without its password
	password string // never shown
}

// openPostgres opens the database and, unless readOnly, sets up its schema.
func openPostgres(ctx context.Context, rawURL string, readOnly bool) (*store, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		// The parser's own message repeats what it was given.
		return nil, errors.New("the audit database's URL is not one that PostgreSQL takes: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…")
	}
	p := &postgresServer{name: shownURL(rawURL), password: cfg.Password}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "infershield"
	}
	cfg.RuntimeParams["search_path"] = "infershield"
	s := &store{engine: p}
	if !readOnly {
		s.rw = pool(cfg, 1)
		if err := p.migrate(ctx, s); err != nil {
			return nil, errors.Join(p.explain(err), s.close())
		}
	}
	reading := cfg.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	// A plan for any terms is a bad one for most: how frequent they are decides.
	reading.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	s.ro = pool(reading, readers)
	if readOnly {
		if err := p.checkSchema(ctx, s.ro); err != nil {
			return nil, errors.Join(p.explain(err), s.close())
		}
	}
	return s, nil
}

func pool(cfg *pgx.ConnConfig, conns int) *sql.DB {
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(serverConnLife)
	return db
}

// shownURL is a URL as messages may show it: where the database is, and
// nothing of who asks.
func shownURL(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "postgres://…"
	}
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	return "postgres://" + host + u.Path
}

// current: the pool connects anew by itself.
func (p *postgresServer) current() bool { return true }

func (p *postgresServer) rebind(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func (p *postgresServer) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), writeTimeout)
}

func (p *postgresServer) snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// lock holds the chain's row until the transaction ends, so that the order of
// commits is the order of the chain, however many programs write.
func (p *postgresServer) lock(ctx context.Context, tx *sql.Tx) (chain, error) {
	return readChain(ctx, tx, chainSQL+" FOR UPDATE")
}

// insert sends all rows at a time, whatever the way to the server costs.
func (p *postgresServer) insert(ctx context.Context, tx *sql.Tx, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	places, seqs, risks := make([]int64, n), make([]int64, n), make([]int32, n)
	ids, bodies, docs, hashes := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i := range rows {
		r := &rows[i]
		places[i], seqs[i], risks[i], ids[i] = r.place, r.seq, int32(r.risk), r.id
		hashes[i], bodies[i], docs[i] = r.hash[:], string(r.body), r.doc.tsvector()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO records (place, seq, id, risk, hash, body, search)
		SELECT place, seq, id, risk, hash, body, doc::tsvector
		FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::bytea[], $6::text[], $7::text[])
		AS row (place, seq, id, risk, hash, body, doc)`, places, seqs, ids, risks, hashes, bodies, docs)
	return err
}

func (p *postgresServer) remove(ctx context.Context, tx *sql.Tx, places []int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM records WHERE place = ANY ($1::bigint[])", places)
	return err
}

func (p *postgresServer) recent() int { return 2000 }

// match leaves it to the planner whether to go by the index of terms or by
// time: it knows how frequent each term is.
func (p *postgresServer) match(w *where, facets []string, phrases []phrase) {
	var parts []string
	for _, f := range facets {
		parts = append(parts, "'"+f+"'")
	}
	for _, ph := range phrases {
		words := "'" + strings.Join(ph.words, "' <-> '") + "'"
		if ph.prefix {
			words += ":*"
		}
		parts = append(parts, "("+words+")")
	}
	w.add("r.search @@ ?::tsquery", strings.Join(parts, " & "))
}

// tsvector is the document as PostgreSQL reads it. Words have positions, for
// phrases; facets have none.
func (d document) tsvector() string {
	var b strings.Builder
	for i, w := range d.words {
		if w != "" {
			fmt.Fprintf(&b, "'%s':%d ", w, i+1)
		}
	}
	for _, f := range d.facets {
		fmt.Fprintf(&b, "'%s' ", f)
	}
	return b.String()
}

func (p *postgresServer) count(ctx context.Context, tx *sql.Tx, counts tallies) error {
	if len(counts) == 0 {
		return nil
	}
	var kinds, names []string
	numbers := make([][]int64, 13)
	for k, t := range counts {
		kinds, names = append(kinds, k.kind), append(names, k.name)
		for i, n := range [...]int64{k.grain, k.start, t.requests, t.blocked, t.masked, t.failed, t.lost,
			t.riskSum, t.riskMax, t.inspectUS, t.scanned, t.skipped, t.opaque} {
			numbers[i] = append(numbers[i], n)
		}
	}
	args := []any{kinds, names}
	for _, column := range numbers {
		args = append(args, column)
	}
	// In one order, lest two writers wait for each other's rows.
	_, err := tx.ExecContext(ctx, `INSERT INTO tallies (kind, name, grain, start, requests, blocked, masked, failed, lost,
			risk_sum, risk_max, inspect_us, scanned, skipped, opaque)
		SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
			$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])
		ON CONFLICT (grain, kind, start, name) DO UPDATE SET `+upsertSet, args...)
	return err
}

// tidy is what the server does by itself.
func (p *postgresServer) tidy(context.Context, *sql.DB) error { return nil }

// spaceFactor is how many bytes a byte of a record takes up with its row, its
// indexes and its terms. Deleted rows free space only later, and for other
// rows, so the files' size does not say what is kept.
const spaceFactor = 2

func (p *postgresServer) used(_ context.Context, _ queryer, c chain) (int64, error) {
	return spaceFactor * c.bytes, nil
}

// check: looking into the server's files takes an extension of its own.
func (p *postgresServer) check(context.Context, *sql.Tx) ([]string, error) { return nil, nil }

// scrubbed is an error whose text is ours.
type scrubbed struct {
	text string
	error
}

func (s scrubbed) Error() string { return s.text }
func (s scrubbed) Unwrap() error { return s.error }

// explain says which database an error is about and what to do about it.
func (p *postgresServer) explain(err error) error {
	text := err.Error()
	if p.password != "" {
		text = strings.ReplaceAll(text, p.password, "…")
		text = strings.ReplaceAll(text, url.QueryEscape(p.password), "…")
	}
	err = scrubbed{text, err}
	var failure *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &failure):
		return p.explainCode(failure.Code, err)
	case errors.As(err, &connect):
		return fmt.Errorf("audit database %s does not answer, check that it runs and is reached from here: %w", p.name, err)
	}
	return fmt.Errorf("audit database %s: %w", p.name, err)
}

// explainCode knows the SQLSTATEs that a person can do something about.
func (p *postgresServer) explainCode(code string, err error) error {
	switch {
	case strings.HasPrefix(code, "28") || code == "42501":
		return fmt.Errorf("audit database %s refuses this user, check the password and GRANT CREATE ON DATABASE: %w (%w)", p.name, fs.ErrPermission, err)
	case code == "3D000":
		return fmt.Errorf("there is no audit database %s, createdb makes one: %w (%w)", p.name, fs.ErrNotExist, err)
	case code == "55P03" || code == "57014":
		return fmt.Errorf("audit database %s is in use, another program holds its chain: %w (%w)", p.name, ErrLocked, err)
	case code == "25006":
		return fmt.Errorf("audit database %s takes no records, it is a standby or read-only: %w (%w)", p.name, fs.ErrPermission, err)
	case strings.HasPrefix(code, "53"):
		return fmt.Errorf("audit database %s: the server is out of space, memory or connections: %w", p.name, err)
	case strings.HasPrefix(code, "57P"):
		return fmt.Errorf("audit database %s is shutting down or starting up: %w", p.name, err)
	}
	return fmt.Errorf("audit database %s: %w", p.name, err)
}
