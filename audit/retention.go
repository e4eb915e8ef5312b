package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// prune deletes at most one chunk of the oldest entries: those from before the
// given time, or, where the whole takes up more than bytesMax, whatever is
// oldest. Entries leave in the order of the chain, whose anchor moves with
// them: what is kept can be verified, and what is missing is told from what
// was deleted here. An exchange that took long is deleted a little late, with
// the entries that it stands among.
func (s *store) prune(before time.Time, bytesMax int64) (deleted int, err error) {
	ctx, cancel := s.deadline()
	defer cancel()
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return 0, s.explain(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	c, err := s.lock(ctx, tx)
	if err != nil {
		return 0, s.explain(err)
	}
	limit := before
	if bytesMax >= 0 {
		used, err := s.used(ctx, tx, c)
		if err != nil {
			return 0, s.explain(err)
		}
		if used > bytesMax {
			limit = time.UnixMilli(msMax)
		}
	}
	old, err := s.oldest(ctx, tx, at(limit))
	if err == nil && old.n > 0 {
		err = s.forget(ctx, tx, &c, old)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, s.rebind("DELETE FROM tallies WHERE start < ? - grain"), before.UnixMilli())
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return 0, s.explain(err)
	}
	return old.n, nil
}

// old is the entries at the chain's beginning that are to go.
type old struct {
	n      int
	places []int64 // of the records among them
	bytes  int64
	last   int64 // seq of the last
	hash   sum   // its link
}

// oldest reads entries from the chain's beginning up to the first record that
// is not before limit, or pruneChunk of them, and returns those up to the last
// record that is. Records from the future, when a clock was wrong, hold up none
// behind them, unless they fill the chunk.
func (s *store) oldest(ctx context.Context, tx *sql.Tx, limit int64) (o old, err error) {
	rows, err := tx.QueryContext(ctx, s.rebind(`SELECT seq, place, hash, octet_length(body) FROM (
		SELECT * FROM (SELECT seq, place, hash, body FROM records ORDER BY seq LIMIT ?) AS r UNION ALL
		SELECT * FROM (SELECT seq, -1, hash, body FROM gaps ORDER BY seq LIMIT ?) AS g
		) AS entry ORDER BY seq LIMIT ?`), pruneChunk, pruneChunk, pruneChunk)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	future := at(time.Now().Add(24 * time.Hour))
	var seen old
	for rows.Next() {
		var place, bytes int64
		var hash []byte
		if err := rows.Scan(&seen.last, &place, &hash, &bytes); err != nil {
			return o, err
		}
		if place >= limit && place < future {
			break
		}
		if copy(seen.hash[:], hash) != len(seen.hash) {
			return o, fmt.Errorf("the link of entry %d: %w", seen.last, ErrCorrupt)
		}
		seen.n, seen.bytes = seen.n+1, seen.bytes+bytes
		if place >= 0 {
			seen.places = append(seen.places, place)
		}
		if place >= 0 && place < limit {
			o = seen
		}
	}
	return o, rows.Err()
}

func (s *store) forget(ctx context.Context, tx *sql.Tx, c *chain, o old) error {
	if err := s.remove(ctx, tx, o.places); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.rebind("DELETE FROM gaps WHERE seq <= ?"), o.last); err != nil {
		return err
	}
	c.first, c.anchor, c.bytes = o.last+1, o.hash, max(c.bytes-o.bytes, 0)
	return s.saveChain(ctx, tx, *c)
}
