package audit

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash/maphash"
)

// sqliteIndex sums up the terms of each document, and takes from the sums what
// the index holds. The hash has a seed of its own each time: nobody can make
// a change that it does not see.
type sqliteIndex struct {
	tx   *sql.Tx
	seed maphash.Seed
	sums map[int64]uint64 // by place
}

func (f *sqliteFile) checkIndex(tx *sql.Tx) indexCheck {
	return &sqliteIndex{tx: tx, seed: maphash.MakeSeed(), sums: map[int64]uint64{}}
}

func (c *sqliteIndex) hash(term string, offset int64) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	var place [8]byte
	binary.BigEndian.PutUint64(place[:], uint64(offset))
	_, _ = h.Write(place[:]) // never fails
	_, _ = h.WriteString(term)
	return h.Sum64()
}

func (c *sqliteIndex) see(_ context.Context, place int64, d document) error {
	var sum uint64
	offset := int64(0)
	for _, w := range d.words {
		if w == "" {
			w = facetMark
		}
		sum += c.hash(w, offset)
		offset++
	}
	for _, f := range d.facets {
		sum += c.hash(f, offset)
		offset++
	}
	c.sums[place] = sum
	return nil
}

// end reads the index term by term, by a view of it that lives in this
// connection alone.
func (c *sqliteIndex) end(ctx context.Context) (wrong []int64, err error) {
	for _, statement := range []string{
		"PRAGMA query_only = 0", // of the file, which is opened for reading alone
		"CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, search, instance)",
	} {
		if _, err := c.tx.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	if err := c.subtract(ctx); err != nil {
		return nil, err
	}
	if _, err := c.tx.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
		return nil, err
	}
	for place, sum := range c.sums {
		if sum != 0 && len(wrong) < faultsMax {
			wrong = append(wrong, place)
		}
	}
	return wrong, nil
}

func (c *sqliteIndex) subtract(ctx context.Context) (err error) {
	rows, err := c.tx.QueryContext(ctx, "SELECT term, doc, offset FROM temp.terms")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var term sql.RawBytes
	var place, offset int64
	for rows.Next() {
		if err := rows.Scan(&term, &place, &offset); err != nil {
			return err
		}
		if sum, ok := c.sums[place]; ok {
			c.sums[place] = sum - c.hash(string(term), offset)
		}
	}
	return rows.Err()
}

// snapshot: a transaction of SQLite sees one.
func (f *sqliteFile) snapshot() *sql.TxOptions { return nil }

// check has SQLite compare its tables with their indexes.
func (f *sqliteFile) check(ctx context.Context, tx *sql.Tx) (faults []string, err error) {
	rows, err := tx.QueryContext(ctx, "PRAGMA integrity_check(10)")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	return faults, rows.Err()
}
