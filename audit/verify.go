package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Head is the newest link of the chain. Whoever keeps one elsewhere can prove
// later that nothing up to it was changed, cut off or written anew.
type Head struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"` // hex
	Time time.Time `json:"time"` // of its record; zero where there is none
}

// Fault is something that is not as it was stored.
type Fault struct {
	Kind string    `json:"kind"` // changed, missing, moved, index or chain
	Seq  int64     `json:"seq"`  // place in the chain; 0 where it has none
	ID   string    `json:"id"`   // empty where the record is missing
	Time time.Time `json:"time"` // of the record, or of the one before a missing one
	Text string    `json:"text"` // what is wrong, in a sentence without an end
}

// Report is what Verify found.
type Report struct {
	Records  int64   `json:"records"`  // that are kept
	Gaps     int64   `json:"gaps"`     // entries that tell of lost records
	Lost     int64   `json:"lost"`     // records that those tell of
	Deleted  int64   `json:"deleted"`  // entries that retention deleted
	Head     Head    `json:"head"`     // as it is now
	Expected bool    `json:"expected"` // the head that was asked for is in the chain
	Faults   []Fault `json:"faults"`   // the first hundred
	More     int64   `json:"more"`     // further ones
}

const faultsMax = 100

// Head returns the newest link.
func (l *Log) Head(ctx context.Context) (h Head, err error) {
	err = l.use(ctx, func(db *store) error {
		c, err := readChain(ctx, db.ro, chainSQL)
		if err != nil {
			return db.explain(err)
		}
		h.Seq, h.Hash = c.last, hex.EncodeToString(c.head[:])
		found, err := db.find(ctx, where{terms: []string{"r.seq = ?"}, args: []any{c.last}}, "r.seq", 1)
		if len(found) > 0 {
			h.Time = found[0].record.Time
		}
		return err
	})
	if err != nil {
		return Head{}, fmt.Errorf("reading the head of the audit log: %w", err)
	}
	return h, nil
}

// Verify walks the whole chain, as it is when it begins, and compares each
// record with its link, with the columns beside it and with its terms in the
// index. expect is the Hash of a Head that was kept, or empty. progress, which
// may be nil, is told now and then how many entries were seen, of how many.
//
// The chain shows what was changed by somebody who could not, or did not,
// write it anew from there on. Against one who can, and against cutting off
// its end, only a kept head helps.
func (l *Log) Verify(ctx context.Context, expect string, progress func(seen, of int64)) (r Report, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	err = l.use(ctx, func(db *store) error {
		v := verifier{store: db, expect: strings.ToLower(strings.TrimSpace(expect)), progress: progress}
		v.Faults = []Fault{}
		if err := v.run(ctx); err != nil {
			return db.explain(err)
		}
		r = v.Report
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("verifying the audit log: %w", err)
	}
	return r, nil
}

type verifier struct {
	*store
	Report
	expect   string
	progress func(seen, of int64)
	index    indexCheck
	chain    chain
	prev     sum       // the link before the next entry
	broken   bool      // prev is not known
	next     int64     // seq that comes next
	lastTime time.Time // of the latest record
	astray   []entry   // whose link is wrong, for a look where they belong
}

// entry is a row of the chain.
type entry struct {
	kind       byte
	seq, place int64
	id         string
	risk       int64
	hash       sum
	prev       sum // the link before it, as stored
	body       []byte
}

// indexCheck compares the index with what it should hold.
type indexCheck interface {
	see(ctx context.Context, place int64, d document) error
	// end returns the places whose terms in the index are not those seen.
	end(ctx context.Context) (wrong []int64, err error)
}

// run does it all in one snapshot, while others write and delete.
func (v *verifier) run(ctx context.Context) error {
	tx, err := v.ro.BeginTx(ctx, v.snapshot())
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	v.index = v.checkIndex(tx)
	if err := v.walk(ctx, tx); err != nil {
		return err
	}
	v.placeAstray()
	wrong, err := v.index.end(ctx)
	if err != nil {
		return err
	}
	for _, place := range wrong {
		v.fault(Fault{Kind: "index", Time: time.UnixMilli(place >> atBits).UTC(),
			Text: fmt.Sprintf("searching does not find the record of place %d by what is in it", place)})
	}
	unsound, err := v.check(ctx, tx)
	for _, text := range unsound {
		v.fault(Fault{Kind: "index", Text: text})
	}
	return err
}

func (v *verifier) fault(f Fault) {
	if len(v.Faults) == faultsMax {
		v.More++
		return
	}
	v.Faults = append(v.Faults, f)
}

// walk reads the chain.
func (v *verifier) walk(ctx context.Context, tx *sql.Tx) (err error) {
	if v.chain, err = readChain(ctx, tx, chainSQL); err != nil {
		return err
	}
	v.prev, v.next, v.Deleted = v.chain.anchor, v.chain.first, v.chain.first-1
	v.meet(v.prev)
	for seq := int64(-1); ; {
		entries, err := v.chunk(ctx, tx, seq)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := v.see(ctx, &entries[i]); err != nil {
				return err
			}
		}
		if len(entries) < verifyChunk {
			break
		}
		seq = entries[len(entries)-1].seq
		v.progress(v.Records+v.Gaps, v.chain.last-v.chain.first+1)
	}
	v.end()
	return nil
}

const verifyChunk = 1000

func (v *verifier) chunk(ctx context.Context, tx *sql.Tx, after int64) (entries []entry, err error) {
	rows, err := tx.QueryContext(ctx, v.rebind(`SELECT * FROM (
		SELECT * FROM (SELECT seq, 0 AS gap, place, id, risk, hash, body FROM records WHERE seq > ? ORDER BY seq LIMIT ?) AS r UNION ALL
		SELECT * FROM (SELECT seq, 1, 0, '', 0, hash, body FROM gaps WHERE seq > ? ORDER BY seq LIMIT ?) AS g
		) AS entry ORDER BY seq LIMIT ?`), after, verifyChunk, after, verifyChunk, verifyChunk)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		e := entry{kind: entryRecord}
		var isGap int
		var hash []byte
		if err := rows.Scan(&e.seq, &isGap, &e.place, &e.id, &e.risk, &hash, &e.body); err != nil {
			return nil, err
		}
		if isGap == 1 {
			e.kind = entryGap
		}
		if len(hash) == len(e.hash) { // else it stays zero, which no link is
			copy(e.hash[:], hash)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// meet notes a link that is in the chain.
func (v *verifier) meet(s sum) {
	if v.expect != "" && hex.EncodeToString(s[:]) == v.expect {
		v.Expected = true
	}
}

func (v *verifier) see(ctx context.Context, e *entry) error {
	if e.seq < v.chain.first {
		v.fault(Fault{Kind: "chain", Seq: e.seq, ID: e.id, Time: v.timeOf(e), Text: "the entry is older than where the chain begins"})
	} else if e.seq > v.next {
		v.missing(v.next, e.seq-1)
	}
	e.prev = v.prev
	if !v.broken && link(v.prev, e.kind, e.seq, e.place, e.body) != e.hash {
		v.astray = append(v.astray, *e)
		if len(v.astray) > strayMax {
			v.settle(v.astray[0], "")
			v.astray = v.astray[1:]
		}
	} else {
		v.meet(e.hash)
	}
	// Going on from the stored link names one fault once.
	v.prev, v.broken, v.next = e.hash, false, e.seq+1
	if e.kind == entryGap {
		return v.seeGap(e)
	}
	return v.seeRecord(ctx, e)
}

func (v *verifier) missing(from, to int64) {
	text := "the entry is not there"
	if to > from {
		text = fmt.Sprintf("the entries up to %d are not there", to)
	}
	v.fault(Fault{Kind: "missing", Seq: from, Time: v.lastTime, Text: text})
	v.broken = true
}

func (v *verifier) seeGap(e *entry) error {
	v.Gaps++
	var g gap
	if json.Unmarshal(e.body, &g) == nil { // else its link is wrong
		v.Lost += g.Count
	}
	return nil
}

// seeRecord compares the columns with the record that they repeat.
func (v *verifier) seeRecord(ctx context.Context, e *entry) error {
	v.Records++
	var r Record
	if err := decode(e.body, &r); err != nil {
		v.fault(Fault{Kind: "changed", Seq: e.seq, ID: e.id, Text: "the record cannot be read"})
		return nil
	}
	v.lastTime = r.Time
	for _, c := range []struct {
		column string
		same   bool
	}{
		{"id", e.id == idText(r.ID)},
		{"risk", e.risk == int64(r.Risk)},
		{"place", e.place >= at(r.Time)},
	} {
		if !c.same {
			v.fault(Fault{Kind: "changed", Seq: e.seq, ID: r.ID, Time: r.Time, Text: "the column " + c.column + " is not what the record says"})
		}
	}
	return v.index.see(ctx, e.place, newDocument(&r))
}

// end compares the last entry with the chain's own end.
func (v *verifier) end() {
	if v.next <= v.chain.last {
		v.missing(v.next, v.chain.last)
	} else if v.next > v.chain.last+1 || v.prev != v.chain.head {
		v.fault(Fault{Kind: "chain", Seq: v.chain.last, Time: v.lastTime, Text: "the end of the chain is not its last entry"})
	}
	v.Head = Head{Seq: v.next - 1, Hash: hex.EncodeToString(v.prev[:]), Time: v.lastTime}
}

// strayMax bounds the entries that are compared with each other.
const strayMax = 16

// placeAstray looks for each wrong entry whether it is right in the place of
// another one, and tells.
func (v *verifier) placeAstray() {
	for _, e := range v.astray {
		place := ""
		for _, there := range v.astray {
			for _, before := range v.astray {
				for _, prev := range []sum{before.prev, before.hash} {
					if there.seq != e.seq && link(prev, e.kind, there.seq, e.place, e.body) == e.hash {
						place = fmt.Sprintf("the entry belongs to %d", there.seq)
					}
				}
			}
		}
		v.settle(e, place)
	}
}

func (v *verifier) settle(e entry, place string) {
	f := Fault{Kind: "changed", Seq: e.seq, ID: e.id, Time: v.timeOf(&e), Text: "the entry is not the one that was stored here"}
	if place != "" {
		f.Kind, f.Text = "moved", place
	}
	v.fault(f)
}

func (v *verifier) timeOf(e *entry) time.Time {
	var r Record
	if e.kind == entryRecord && decode(e.body, &r) == nil {
		return r.Time
	}
	return time.UnixMilli(e.place >> atBits).UTC()
}
