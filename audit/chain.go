package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"
)

// sum is a link of the chain: the SHA-256 of the link before, and of the entry
// with its place. The first link is made of random bytes, so that no part of
// one database's chain fits into another's.
type sum [sha256.Size]byte

// The kinds of entries in the chain. The letters are part of the sums.
const (
	entryRecord = 'r'
	entryGap    = 'g'
)

// link is the sum of an entry. body is as it is stored.
func link(prev sum, kind byte, seq, at int64, body []byte) (next sum) {
	h := sha256.New()
	h.Write(prev[:])
	var head [17]byte
	head[0] = kind
	binary.BigEndian.PutUint64(head[1:], uint64(seq))
	binary.BigEndian.PutUint64(head[9:], uint64(at))
	h.Write(head[:])
	h.Write(body)
	h.Sum(next[:0])
	return next
}

// chain is the one row that says where the chain begins and ends. Whoever
// holds its lock may write.
type chain struct {
	first  int64 // seq of the oldest entry that is kept
	anchor sum   // the link before it
	last   int64 // seq of the newest entry; first-1 where there is none
	head   sum   // its link
	headMS int64 // when it was stored
	bytes  int64 // of the bodies that are kept
}

const chainSQL = "SELECT first, anchor, last, head, head_ms, bytes FROM chain"

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readChain(ctx context.Context, q queryer, query string) (c chain, err error) {
	var anchor, head []byte
	err = q.QueryRowContext(ctx, query).Scan(&c.first, &anchor, &c.last, &head, &c.headMS, &c.bytes)
	if err == nil && copy(c.anchor[:], anchor)+copy(c.head[:], head) != 2*len(sum{}) {
		err = errors.Join(errors.New("the ends of the chain are not there"), ErrCorrupt)
	}
	return c, err
}

func (c *chain) append(kind byte, at int64, body []byte) (seq int64, hash sum) {
	c.last++
	c.head = link(c.head, kind, c.last, at, body)
	c.bytes += int64(len(body))
	return c.last, c.head
}

func (s *store) saveChain(ctx context.Context, tx *sql.Tx, c chain) error {
	_, err := tx.ExecContext(ctx, s.rebind("UPDATE chain SET first = ?, anchor = ?, last = ?, head = ?, head_ms = ?, bytes = ?"),
		c.first, c.anchor[:], c.last, c.head[:], c.headMS, c.bytes)
	return err
}

// gap is records that were lost, as it stands in the chain.
type gap struct {
	Count int64     `json:"count"`
	From  time.Time `json:"from"` // when the first of them came
	To    time.Time `json:"to"`   // when the last of them came
}

func (g *gap) add(more gap) {
	if more.Count == 0 {
		return
	}
	if g.Count == 0 || more.From.Before(g.From) {
		g.From = more.From
	}
	if more.To.After(g.To) {
		g.To = more.To
	}
	g.Count += more.Count
}

func (g gap) encode() []byte {
	g.From, g.To = g.From.UTC().Truncate(time.Millisecond), g.To.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(g)
	if err != nil { // a year of five digits
		body, _ = json.Marshal(gap{Count: g.Count})
	}
	return body
}
