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
// (none for zero, 1000 at most), oldest first, and then each further one as it
// is stored, by this process or another. Records are yielded in the order in
// which they were stored. Follow ends when ctx does, when the caller stops, or
// after it has yielded an error. A database that is replaced is followed from
// its start.
func (l *Log) Follow(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		seq, records, err := l.newest(ctx, f)
		for {
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
			if len(records) < followChunk {
				select {
				case <-time.After(followInterval):
				case <-ctx.Done():
					return
				}
			}
			seq, records, err = l.after(ctx, seq, f)
		}
	}
}

// newest returns where the log ends, and the newest records up to there.
func (l *Log) newest(ctx context.Context, f Filter) (end int64, records []Record, err error) {
	err = l.use(ctx, func(db *store) (err error) {
		if end, err = db.end(ctx); err != nil || f.Limit <= 0 {
			return err
		}
		var w where
		w.filter(f)
		w.add("seq <= ?", end)
		found, err := db.find(ctx, w, newestFirst, min(f.Limit, limitMax))
		records = found.records
		return err
	})
	slices.Reverse(records)
	return end, records, err
}

// after returns the next chunk of records stored after seq, and how far it
// read. Only one transaction writes at a time, so seq grows in the order of
// commits: what is below the end is all there.
func (l *Log) after(ctx context.Context, seq int64, f Filter) (next int64, records []Record, err error) {
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
		w.filter(f)
		w.add("seq > ? AND seq <= ?", seq, end)
		found, err := db.find(ctx, w, "ORDER BY seq", followChunk)
		if err != nil {
			return err
		}
		records, next = found.records, end
		if len(records) == followChunk {
			next = found.last
		}
		return nil
	})
	return next, records, err
}

// end is the highest seq ever given out.
func (s *store) end(ctx context.Context) (seq int64, err error) {
	err = s.ro.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'records'").Scan(&seq)
	if err != nil {
		return 0, explain(s.path, err)
	}
	return seq, nil
}
