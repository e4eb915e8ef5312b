package audit

import (
	"context"
	"time"
)

const (
	retryDelayMax  = 30 * time.Second
	giveUpAfter    = time.Minute      // a batch that could not be stored for so long is lost
	reportInterval = 10 * time.Second // at most one warning in so long
	pruneInterval  = 10 * time.Minute // which also bounds how far a size is overshot
	pruneChunk     = 500
	pruneBreak     = 20 * time.Millisecond // between two chunks, for the records that wait
)

// writer is the goroutine that owns writing. Nothing in it is shared.
type writer struct {
	*Log
	held    []Record      // taken from the queue, not stored yet
	gap     gap           // records that never will be, not in the chain yet
	failing time.Time     // since when writing fails; zero when it works
	delay   time.Duration // until the next try
	pruned  bool          // something was deleted since the last tidy

	reported struct{ dropped, lost int64 } // as last said in the log
}

func (w *writer) run() {
	defer close(w.done)
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	prune := time.NewTimer(0)
	defer prune.Stop()
	var due <-chan time.Time // nil while nothing waits
	for {
		select {
		case <-w.queue.arrived:
			if due == nil {
				due = time.After(w.cfg.BatchInterval)
			}
			if !w.failing.IsZero() || w.queue.len() < w.cfg.Batch {
				continue
			}
			_ = w.flush() // kept in Stats, and reported
		case <-due:
			_ = w.flush() // kept in Stats, and reported
		case ack := <-w.syncs:
			ack <- w.flush()
		case <-prune.C:
			prune.Reset(w.prune())
			continue
		case <-report.C:
			w.report()
			continue
		case <-w.closing:
			_ = w.flush() // Close says what is left
			w.report()
			return
		}
		due = w.next()
	}
}

// next is when to flush again: soon after a failure, otherwise when something
// arrives.
func (w *writer) next() <-chan time.Time {
	if w.failing.IsZero() {
		return nil
	}
	return time.After(w.delay)
}

// flush stores what is in hand, then what was queued when it was called.
func (w *writer) flush() error {
	if err := w.commit(); err != nil {
		return err
	}
	records, lost := w.queue.take()
	w.hold(records)
	w.gap.add(lost)
	return w.commit()
}

func (w *writer) hold(records []Record) {
	w.held = records
	w.inHand.Store(int64(len(records)))
}

func (w *writer) commit() error {
	if len(w.held) == 0 && w.gap.Count == 0 && w.failing.IsZero() {
		return nil // while writing fails, an empty batch tells when it works again
	}
	var skipped int
	err := w.use(context.Background(), func(db *store) (err error) {
		skipped, err = db.write(w.held, w.gap)
		return err
	})
	if err != nil {
		w.failure.Store(&err)
		w.failed()
		return err
	}
	w.failure.Store(nil)
	w.failing, w.delay, w.gap = time.Time{}, 0, gap{}
	w.lastWrite.Store(time.Now().UnixMilli())
	w.lost.Add(int64(skipped))
	w.written.Add(int64(len(w.held) - skipped))
	w.queue.recycle(w.held)
	w.hold(nil)
	return nil
}

// failed keeps the batch for another try, a little later each time, but not
// for ever: it may be the batch itself that the database refuses.
func (w *writer) failed() {
	now := time.Now()
	if w.failing.IsZero() {
		w.failing = now
	}
	w.delay = min(max(2*w.delay, w.cfg.BatchInterval), retryDelayMax)
	if now.Sub(w.failing) >= giveUpAfter {
		w.failing = now // the next batch gets its own minute
		w.lost.Add(int64(len(w.held)))
		if len(w.held) > 0 {
			w.gap.add(gap{int64(len(w.held)), w.held[0].Time, now})
		}
		w.hold(nil)
	}
}

// prune deletes a chunk of the records that are too old or too many, and
// returns when to go on. Deleting in chunks lets waiting records through in
// between.
func (w *writer) prune() time.Duration {
	if w.cfg.Retention < 0 && w.cfg.BytesMax < 0 {
		return pruneInterval
	}
	again := pruneInterval
	err := w.use(context.Background(), func(db *store) error {
		n, err := db.prune(w.cutoff(), w.cfg.BytesMax)
		if err != nil {
			return err
		}
		if n == pruneChunk {
			w.pruned, again = true, pruneBreak
			return nil
		}
		if n == 0 && !w.pruned {
			return nil
		}
		w.pruned = false
		return db.tidy(context.Background(), db.rw)
	})
	if err != nil {
		w.cfg.Log.Warn("audit records past their retention could not be deleted; trying again later", "error", err)
	}
	return again
}

// cutoff is the time before which records are too old.
func (w *writer) cutoff() time.Time {
	if w.cfg.Retention < 0 {
		return time.Time{}
	}
	return time.Now().Add(-w.cfg.Retention)
}

// report says what was lost since the last report, if anything, in one line.
func (w *writer) report() {
	s := w.Stats()
	dropped, lost := s.Dropped-w.reported.dropped, s.Lost-w.reported.lost
	if dropped == 0 && lost == 0 && s.Err == nil {
		return
	}
	w.reported.dropped, w.reported.lost = s.Dropped, s.Lost
	if s.Err != nil {
		w.cfg.Log.Warn("audit database cannot be written; records are held and tried again",
			"error", s.Err, "held", s.Queued, "dropped", dropped, "lost", lost)
		return
	}
	w.cfg.Log.Warn("audit records did not reach the database; it is too slow or the queue too short",
		"dropped", dropped, "lost", lost)
}
