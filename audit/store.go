package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// readers bounds the queries that run at a time.
const readers = 4

// store is one opened database. Writing goes through one connection, reading
// through others that cannot write, so that a long query never stands in the
// writer's way.
type store struct {
	engine
	rw    *sql.DB // nil where the store is read-only
	ro    *sql.DB
	names names // of the statistics
	// unsure is the last link of a transaction whose end we did not see.
	unsure struct {
		seq  int64
		hash sum
	}
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	// current says whether what was opened is still there.
	current() bool
	// explain says which database an error is about and what to do about it.
	explain(err error) error
	// rebind turns each ? into the engine's own placeholder.
	rebind(query string) string
	// deadline bounds a transaction that writes.
	deadline() (context.Context, context.CancelFunc)
	// lock waits for every other writer and returns the chain.
	lock(ctx context.Context, tx *sql.Tx) (chain, error)
	// insert stores rows and what finds them.
	insert(ctx context.Context, tx *sql.Tx, rows []row) error
	// remove deletes rows by their places, and what finds them.
	remove(ctx context.Context, tx *sql.Tx, places []int64) error
	// recent is how many of the newest rows are looked through one by one
	// before the index of terms is asked; 0 where the index is in their order.
	recent() int
	// match makes w find what has all facets and phrases.
	match(w *where, facets []string, phrases []phrase)
	// count adds to the statistics.
	count(ctx context.Context, tx *sql.Tx, counts tallies) error
	// tidy gives back space after rows were deleted.
	tidy(ctx context.Context, rw *sql.DB) error
	// used is how many bytes the records take up with all that finds them.
	used(ctx context.Context, q queryer, c chain) (int64, error)
	// snapshot begins a transaction that sees the database as it is now.
	snapshot() *sql.TxOptions
	// check has the database look whether it is sound.
	check(ctx context.Context, tx *sql.Tx) (faults []string, err error)
	// checkIndex looks whether the index has what it should.
	checkIndex(tx *sql.Tx) indexCheck
}

// openStore opens what path names, for writing unless readOnly.
func openStore(ctx context.Context, path string, readOnly bool) (*store, error) {
	if isURL(path) {
		return openPostgres(ctx, path, readOnly)
	}
	if readOnly {
		return openSQLiteReadOnly(ctx, path)
	}
	return openSQLite(ctx, path)
}

// isURL tells a PostgreSQL URL from the path of a file.
func isURL(path string) bool {
	return strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://")
}

// row is a record as it is stored.
type row struct {
	place int64 // time and a few bits that tell records of one time apart
	seq   int64 // in the chain
	id    string
	risk  int
	hash  sum
	body  []byte // JSON
	doc   document
}

// write stores records, then lost where some were, in one transaction: all of
// it or nothing. Records that cannot be encoded are left out and counted.
func (s *store) write(records []Record, lost gap) (skipped int, err error) {
	rows := make([]row, 0, len(records))
	counts := tallies{}
	for i := range records {
		r := &records[i]
		body, err := r.MarshalJSON() // json.Marshal would read it all over again
		if err != nil {
			skipped++
			continue
		}
		rows = append(rows, row{place: at(r.Time), id: idText(r.ID), risk: r.Risk, body: body, doc: newDocument(r)})
		counts.add(r, &s.names)
	}
	lost.Count += int64(skipped)
	counts.lose(lost)
	if err := s.commit(rows, lost, counts); err != nil {
		return 0, s.explain(err)
	}
	return skipped, nil
}

func (s *store) commit(rows []row, lost gap, counts tallies) error {
	ctx, cancel := s.deadline()
	defer cancel()
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	c, err := s.lock(ctx, tx)
	if err != nil {
		return err
	}
	if s.unsure.seq > 0 {
		done, err := s.has(ctx, tx, s.unsure.seq, s.unsure.hash)
		if err != nil {
			return err
		}
		s.unsure.seq = 0
		if done {
			return nil
		}
	}
	if err := s.add(ctx, tx, &c, rows, lost); err != nil {
		return err
	}
	if err := s.count(ctx, tx, counts); err != nil {
		return err
	}
	c.headMS = time.Now().UnixMilli()
	if err := s.saveChain(ctx, tx, c); err != nil {
		return err
	}
	err = tx.Commit()
	if err != nil {
		// The answer may have been lost, rather than the records.
		s.unsure.seq, s.unsure.hash = c.last, c.head
	}
	return err
}

// add appends to the chain and stores what it appended.
func (s *store) add(ctx context.Context, tx *sql.Tx, c *chain, rows []row, lost gap) error {
	if err := s.findPlaces(ctx, tx, rows); err != nil {
		return err
	}
	for i := range rows {
		rows[i].seq, rows[i].hash = c.append(entryRecord, rows[i].place, rows[i].body)
	}
	// In the order of places they go to the end of every index.
	slices.SortFunc(rows, func(a, b row) int { return int(max(-1, min(1, a.place-b.place))) })
	if err := s.insert(ctx, tx, rows); err != nil {
		return err
	}
	if lost.Count == 0 {
		return nil
	}
	body := lost.encode()
	seq, hash := c.append(entryGap, 0, body)
	_, err := tx.ExecContext(ctx, s.rebind("INSERT INTO gaps (seq, hash, body) VALUES (?, ?, ?)"), seq, hash[:], string(body))
	return err
}

// has says whether the entry of seq is the one with this link.
func (s *store) has(ctx context.Context, q queryer, seq int64, hash sum) (found bool, err error) {
	err = q.QueryRowContext(ctx, s.rebind(`SELECT count(*) > 0 FROM
		(SELECT hash FROM records WHERE seq = ? UNION ALL SELECT hash FROM gaps WHERE seq = ?) AS entry WHERE hash = ?`),
		seq, seq, hash[:]).Scan(&found)
	return found, err
}

// findPlaces gives each row a place that no other has. Those of one
// millisecond share its 2048 places, and go on behind them.
func (s *store) findPlaces(ctx context.Context, tx *sql.Tx, rows []row) error {
	var newest int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(place), -1) FROM records").Scan(&newest); err != nil {
		return err
	}
	taken := make(map[int64]struct{}, len(rows))
	query := s.rebind("SELECT count(*) FROM records WHERE place = ?")
	for i := range rows {
		place, step := rows[i].place, int64(1)
		for {
			if _, ok := taken[place]; !ok {
				var n int
				if place <= newest {
					if err := tx.QueryRowContext(ctx, query, place).Scan(&n); err != nil {
						return err
					}
				}
				if n == 0 {
					break
				}
			}
			place += step
			step = min(2*step, 1<<atBits) // for thousands that have one time
		}
		rows[i].place = place
		taken[place] = struct{}{}
	}
	return nil
}

// where is a conjunction under construction. Its text is ours alone; values
// are always bound.
type where struct {
	with  string // what stands before the query
	from  string // joins, in place of records AS r
	terms []string
	args  []any

	matched      bool  // it goes by the index of terms
	since, until int64 // places
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// pick adds what f asks for.
func (s *store) pick(ctx context.Context, w *where, f Filter) error {
	if facets, phrases := f.facets(), parseText(f.Text); len(facets)+len(phrases) > 0 {
		s.match(w, facets, phrases)
		w.matched = true
	}
	from, until := int64(0), int64(math.MaxInt64)
	if !f.Since.IsZero() {
		from = at(f.Since)
	}
	if !f.Until.IsZero() {
		until = at(f.Until)
	}
	if f.Before != 0 {
		until = min(until, int64(f.Before))
	}
	w.since, w.until = from, until
	w.add(w.place()+" >= ? AND "+w.place()+" < ?", from, until)
	if f.RiskMin > 0 {
		w.add("r.risk >= ?", f.RiskMin)
	}
	if f.ID != "" {
		w.add("r.id = ?", idText(f.ID))
	}
	if f.IDPrefix == "" {
		return nil
	}
	return s.pickPrefix(ctx, w, idText(f.IDPrefix))
}

// place is the column that says so to the index which finds the records.
func (w *where) place() string {
	if strings.Contains(w.from, "search") {
		return "s.rowid"
	}
	return "r.place"
}

// pickPrefix goes by the index of ids where that has few rows to sort. Where
// many ids have the prefix, the newest of them says where to begin, and going
// by time from there finds a page soon.
func (s *store) pickPrefix(ctx context.Context, w *where, prefix string) error {
	const few, many = 5000, 50_000
	end := prefix + "\U0010FFFF"
	var n, newest int64
	err := s.ro.QueryRowContext(ctx, s.rebind("SELECT count(*) FROM (SELECT 1 FROM records WHERE id >= ? AND id < ? LIMIT ?) AS few"),
		prefix, end, many).Scan(&n)
	if err != nil {
		return s.explain(err)
	}
	if n < few {
		w.add("r.id >= ? AND r.id < ?", prefix, end)
		return nil
	}
	if n == many {
		w.add("(r.id || '') >= ? AND (r.id || '') < ?", prefix, end)
		return nil
	}
	// The sum keeps an engine from looking for the greatest place first.
	if err := s.ro.QueryRowContext(ctx, s.rebind("SELECT max(place + 0) FROM records WHERE id >= ? AND id < ?"), prefix, end).Scan(&newest); err != nil {
		return s.explain(err)
	}
	w.add(w.place()+" <= ? AND (r.id || '') >= ? AND (r.id || '') < ?", newest, prefix, end)
	return nil
}

// idText is an id as both databases take it.
func idText(id string) string { return strings.ToValidUTF8(strings.ReplaceAll(id, "\x00", ""), "") }

// stored is a row as it is read.
type stored struct {
	place, seq int64
	record     Record
}

// latest returns the newest rows of w. An index of terms that is in no order
// of time has to list all that match before it knows the newest, which takes
// long for what most records have; so the newest rows are looked through first.
func (s *store) latest(ctx context.Context, w where, limit int) (found []stored, err error) {
	recent := s.recent()
	if recent == 0 || !w.matched {
		return s.find(ctx, w, w.place()+" DESC", limit)
	}
	var bound int64
	err = s.ro.QueryRowContext(ctx, s.rebind(`SELECT coalesce(min(place), 0) FROM
		(SELECT place FROM records WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT ?) AS newest`), w.since, w.until, recent).Scan(&bound)
	if err != nil {
		return nil, s.explain(err)
	}
	first := w
	// OFFSET 0 has the rows read in this order, whatever the planner thinks.
	first.from = fmt.Sprintf("(SELECT * FROM records WHERE place >= %d AND place < %d ORDER BY place DESC OFFSET 0) AS r", bound, w.until)
	if found, err = s.find(ctx, first, "r.place DESC", limit); err != nil || len(found) == limit {
		return found, err
	}
	rest := where{args: w.args, from: "hits JOIN records AS r USING (place)"}
	rest.with = fmt.Sprintf("WITH hits AS MATERIALIZED (SELECT r.place FROM records AS r WHERE %s AND r.place < %d) ", strings.Join(w.terms, " AND "), bound)
	more, err := s.find(ctx, rest, "r.place DESC", limit-len(found))
	return append(found, more...), err
}

// find returns at most limit rows in the given order of a column.
func (s *store) find(ctx context.Context, w where, order string, limit int) (found []stored, err error) {
	query := w.with + "SELECT r.place, r.seq, r.body FROM " + w.source()
	if len(w.terms) > 0 {
		query += " WHERE " + strings.Join(w.terms, " AND ")
	}
	query = s.rebind(query + " ORDER BY " + order + " LIMIT ?")
	rows, err := s.ro.QueryContext(ctx, query, append(w.args, limit)...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var body sql.RawBytes
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.place, &r.seq, &body); err != nil {
			return nil, s.explain(err)
		}
		if err := decode(body, &r.record); err != nil {
			return nil, fmt.Errorf("record %d: %w: %w", r.seq, ErrCorrupt, err)
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(err)
	}
	return found, nil
}

func (w *where) source() string {
	if w.from != "" {
		return w.from
	}
	return "records AS r"
}

// opened is false where there is no store, or not the one it was.
func (s *store) opened() bool { return s != nil && s.current() }

// close closes the writer last: the last connection to an SQLite file folds
// the write-ahead log into it.
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
