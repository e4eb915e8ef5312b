package audit

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"
)

const (
	followInterval = 250 * time.Millisecond
	followChunk    = 500
)

// Follow yields first the newest f.Limit of the stored records that f picks
// (none for zero, 1000 at most), oldest first, or those stored after the one of
// f.After, and then each further one as it is stored, by this process or another. Records are yielded in the order in
// which they were stored. Follow ends when ctx does, when the caller stops, or
// after it has yielded an error. A database that is replaced is followed from
// its start.
func (l *Log) Follow(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		seq, records, err := l.newest(ctx, f)
		for more := false; ; {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Record{}, fmt.Errorf("following the audit log: %w", err))
				return
			}
			if !more {
				select {
				case <-time.After(followInterval):
				case <-ctx.Done():
					return
				}
			}
			seq, records, more, err = l.after(ctx, seq, f)
		}
	}
}

// newest returns where to go on, and what comes before that: the newest
// records up to there, or those behind the one that f names.
func (l *Log) newest(ctx context.Context, f Filter) (end int64, records []Record, err error) {
	err = l.use(ctx, func(db *store) error {
		if f.After != "" {
			end, err = db.seqOf(ctx, f.After)
			return err
		}
		if end, err = db.end(ctx); err != nil || f.Limit <= 0 {
			return err
		}
		var w where
		if err := db.pick(ctx, &w, f); err != nil {
			return err
		}
		w.add("r.seq <= ?", end)
		found, err := db.latest(ctx, w, min(f.Limit, limitMax))
		for _, r := range slices.Backward(found) {
			records = append(records, r.record)
		}
		return err
	})
	return end, records, err
}

// after returns the next chunk of records stored after seq, and how far it
// read. Only one transaction writes at a time, so seq grows in the order of
// commits: what is below the end is all there.
func (l *Log) after(ctx context.Context, seq int64, f Filter) (next int64, records []Record, more bool, err error) {
	next = seq
	err = l.use(ctx, func(db *store) error {
		end, err := db.end(ctx)
		if err != nil || end == seq {
			return err
		}
		if end < seq {
			seq = 0 // another database than before
		}
		var w where
		w.add("r.seq > ? AND r.seq <= ?", seq, end)
		found, err := db.find(ctx, w, "r.seq", followChunk)
		if err != nil {
			return err
		}
		if next, more = end, len(found) == followChunk; more {
			next = found[len(found)-1].seq
		}
		for i := range found {
			if f.picks(&found[i].record) {
				records = append(records, found[i].record)
			}
		}
		return nil
	})
	return next, records, more, err
}

// end is the newest seq of the chain.
func (s *store) end(ctx context.Context) (seq int64, err error) {
	c, err := readChain(ctx, s.ro, chainSQL)
	if err != nil {
		return 0, s.explain(err)
	}
	return c.last, nil
}

// seqOf is where a record stands in the chain, or the end where it is gone.
func (s *store) seqOf(ctx context.Context, id string) (seq int64, err error) {
	err = s.ro.QueryRowContext(ctx, s.rebind("SELECT coalesce((SELECT max(seq) FROM records WHERE id = ?), (SELECT last FROM chain))"),
		idText(id)).Scan(&seq)
	if err != nil {
		return 0, s.explain(err)
	}
	return seq, nil
}
