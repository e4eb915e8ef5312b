package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// What a Config's zero values mean.
const (
	retentionDefault     = 90 * 24 * time.Hour
	queueDefault         = 4096
	batchDefault         = 256
	batchIntervalDefault = 200 * time.Millisecond
	bytesMaxDefault      = 1 << 30
)

// Config says where records are kept and for how long. Only Path is needed.
type Config struct {
	// Path names the SQLite file. Its folder must exist; the file is made,
	// readable by its owner alone, unless ReadOnly is set. A postgres:// URL
	// names a PostgreSQL database instead, which several programs may write to;
	// its password is never shown.
	Path string
	// ReadOnly opens an existing database for Query and Follow, while another
	// process may be writing to it. Records given to such a Log are dropped.
	ReadOnly bool
	// Retention is the age at which records are deleted, by their Time. Zero
	// means 90 days, a negative value keeps them for ever.
	Retention time.Duration
	// BytesMax is the size, with all that finds the records, from which the
	// oldest are deleted. Zero means 1 GiB, a negative value sets no limit.
	BytesMax int64
	// Queue bounds the records that wait to be stored; further ones are
	// dropped and counted. Zero means 4096. While the database cannot be
	// written, as many again are held for another try.
	Queue int
	// Batch and BatchInterval say when a transaction is due: at so many
	// records, or so long after the first of them. Zero means 256 and 200 ms,
	// which is also what a crash can lose.
	Batch         int
	BatchInterval time.Duration
	// Log takes warnings about records that were lost. Nil discards them.
	Log *slog.Logger
}

// Stats counts what became of the records since Open.
type Stats struct {
	Queued    int       // waiting to be stored
	Capacity  int       // how many may wait
	Written   int64     // stored
	Dropped   int64     // refused, because the queue was full or the Log closed
	Lost      int64     // accepted, but not stored in spite of retries
	Err       error     // why the latest write failed; nil when it did not
	LastWrite time.Time // when something was last stored; zero before that
}

// Log is an audit log in SQLite or PostgreSQL. All its methods may be called from any
// goroutine. Close it when done.
type Log struct {
	cfg   Config
	queue *queue

	mu    sync.RWMutex // read-locked while the store is in use
	store *store       // replaced when the file is; nil while that fails

	failure                atomic.Pointer[error] // of the latest write; nil when it went well
	written, dropped, lost atomic.Int64
	inHand                 atomic.Int64 // len(writer.held), for Stats
	lastWrite              atomic.Int64 // Unix milliseconds; 0 before the first
	closed                 atomic.Bool  // the store is closed for good

	syncs   chan chan<- error
	closing chan struct{}
	done    chan struct{} // closed when the writer has ended
	close   func() error
}

// Open opens the database, brings its schema up to date and starts the one
// goroutine that writes to it. ctx bounds the opening alone. Errors say what
// is wrong with which file; see ErrCorrupt for those that can be told apart.
// No file is ever deleted or overwritten because it cannot be read.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	l := &Log{
		cfg:     cfg,
		queue:   newQueue(cfg.Queue, cfg.Batch),
		syncs:   make(chan chan<- error),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	l.close = sync.OnceValue(l.shut)
	var err error
	if l.store, err = l.open(ctx); err != nil {
		return nil, err
	}
	if cfg.ReadOnly {
		l.queue.close()
		close(l.done)
		return l, nil
	}
	w := &writer{Log: l}
	go w.run()
	return l, nil
}

func (c Config) withDefaults() Config {
	if c.Retention == 0 {
		c.Retention = retentionDefault
	}
	if c.Queue <= 0 {
		c.Queue = queueDefault
	}
	if c.Batch <= 0 {
		c.Batch = batchDefault
	}
	c.Batch = min(c.Batch, c.Queue)
	if c.BatchInterval <= 0 {
		c.BatchInterval = batchIntervalDefault
	}
	if c.BytesMax == 0 {
		c.BytesMax = bytesMaxDefault
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (l *Log) open(ctx context.Context) (*store, error) {
	return openStore(ctx, l.cfg.Path, l.cfg.ReadOnly)
}

// Record implements Recorder. It never blocks and never fails: where there is
// no room the record is dropped, counted, and the log says so.
func (l *Log) Record(r Record) {
	r.bound()
	if !l.queue.put(&r) {
		l.dropped.Add(1)
	}
}

// Stats returns the counts so far. They are for metrics and for readiness:
// Err is not nil while the database cannot be written.
func (l *Log) Stats() Stats {
	s := Stats{
		Queued:   l.queue.len() + int(l.inHand.Load()),
		Capacity: 2 * l.cfg.Queue, // as many again may be in the writer's hand
		Written:  l.written.Load(),
		Dropped:  l.dropped.Load(),
		Lost:     l.lost.Load(),
		Err:      l.writeError(),
	}
	if ms := l.lastWrite.Load(); ms > 0 {
		s.LastWrite = time.UnixMilli(ms).UTC()
	}
	return s
}

func (l *Log) writeError() error {
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Sync waits until all that was recorded before the call is stored, and says
// why when it could not be. Records of a failed Sync are still kept for
// another try.
func (l *Log) Sync(ctx context.Context) error {
	ack := make(chan error, 1)
	select {
	case l.syncs <- ack:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return fmt.Errorf("syncing the audit log: %w", fs.ErrClosed)
	}
	select {
	case err := <-ack:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stores what is queued and closes the database. Its error says how many
// records could not be stored. Records that come later are dropped. Closing
// twice does no harm.
func (l *Log) Close() error { return l.close() }

func (l *Log) shut() error {
	l.queue.close()
	close(l.closing)
	<-l.done
	l.closed.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.store != nil {
		err = l.store.close()
		l.store = nil
	}
	if left := l.inHand.Load(); left > 0 {
		err = errors.Join(fmt.Errorf("%d audit records were not stored: %w", left, l.writeError()), err)
	}
	return err
}

// use calls f with the store, opened anew if the file at Path is no longer the
// one that was opened.
func (l *Log) use(ctx context.Context, f func(*store) error) error {
	l.mu.RLock()
	if !l.store.opened() {
		l.mu.RUnlock()
		if err := l.replace(ctx); err != nil {
			return err
		}
		l.mu.RLock()
	}
	defer l.mu.RUnlock()
	if l.store == nil {
		return fmt.Errorf("audit log: %w", fs.ErrClosed)
	}
	return f(l.store)
}

// replace closes the store before it opens the next: two databases that have
// the same name would share the files beside it.
func (l *Log) replace(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed.Load() || l.store.opened() {
		return nil // closed, or replaced, while we waited
	}
	if l.store != nil {
		_ = l.store.close() // of a file that is gone
		l.store = nil
		l.cfg.Log.Warn("audit database was removed or replaced; opening what is there now", "path", l.cfg.Path)
	}
	var err error
	l.store, err = l.open(ctx)
	return err
}
