package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/infershield/infershield/audit"
)

const (
	// batchMax bounds what is sent at a time.
	batchMax = 100
	// gather is how long the first event of a batch waits for others.
	gather = 200 * time.Millisecond
	// tryTimeout bounds one try.
	tryTimeout = 10 * time.Second
	// pauseMin and pauseMax bound the wait between two tries of one batch.
	pauseMin = 250 * time.Millisecond
	pauseMax = 15 * time.Second
)

// event is one thing to send: a record or an alert. Both belong to several
// destinations at a time and are only read.
type event struct {
	record *audit.Record
	alert  *Alert
}

// destination is one system that takes events.
type destination interface {
	// name is the destination's in Stats and logs.
	name() string
	// wants says whether an event is for this destination at all.
	wants(event) bool
	// deliver sends events in their order. Called by one goroutine at a time,
	// and again with the same events where it failed, so that what it sends
	// must be recognisable as the same.
	deliver(ctx context.Context, events []event) error
	close()
}

// refused is an error that another try cannot mend.
type refused struct{ error }

func (e refused) Unwrap() error { return e.error }

// later is an error whose cause named the time of the next try.
type later struct {
	error
	after time.Duration
}

// pipe carries events to one destination.
type pipe struct {
	to    destination
	log   *slog.Logger
	retry time.Duration
	queue chan event
	done  chan struct{}      // closed when the goroutine has ended
	quit  chan struct{}      // closed when no more events come
	stop  context.CancelFunc // ends all tries

	mu     sync.Mutex
	count  Stats
	closed bool
}

func newPipe(to destination, cfg Config) *pipe {
	if cfg.Queue <= 0 {
		cfg.Queue = queueDefault
	}
	if cfg.Retry <= 0 {
		cfg.Retry = retryDefault
	}
	p := &pipe{
		to: to, log: cfg.Log, retry: cfg.Retry,
		queue: make(chan event, cfg.Queue),
		done:  make(chan struct{}), quit: make(chan struct{}),
		count: Stats{Name: to.name()},
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go p.run(ctx)
	return p
}

// put takes an event that is for the destination, or counts it as dropped.
func (p *pipe) put(e event) {
	if !p.to.wants(e) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		select {
		case p.queue <- e:
			return
		default:
		}
	}
	p.count.Dropped++
}

// run sends until quit is closed and the queue is empty.
func (p *pipe) run(ctx context.Context) {
	defer close(p.done)
	defer p.to.close()
	batch := make([]event, 0, batchMax)
	for {
		batch = p.fill(batch[:0])
		if len(batch) == 0 {
			return
		}
		p.send(ctx, batch)
		clear(batch)
	}
}

// fill waits for one event and gathers more. It returns none when there will
// be none.
func (p *pipe) fill(batch []event) []event {
	select {
	case e := <-p.queue:
		batch = append(batch, e)
	case <-p.quit:
		return p.rest(batch)
	}
	due := time.NewTimer(gather)
	defer due.Stop()
	for len(batch) < batchMax {
		select {
		case e := <-p.queue:
			batch = append(batch, e)
		case <-due.C:
			return batch
		case <-p.quit:
			return p.rest(batch)
		}
	}
	return batch
}

// rest takes what is queued without waiting.
func (p *pipe) rest(batch []event) []event {
	for len(batch) < batchMax {
		select {
		case e := <-p.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// send tries until the batch is taken, refused or too old.
func (p *pipe) send(ctx context.Context, batch []event) {
	deadline := time.Now().Add(p.retry)
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		try, cancel := context.WithTimeout(ctx, tryTimeout)
		err := p.to.deliver(try, batch)
		cancel()
		if err == nil {
			p.sent(len(batch))
			return
		}
		wait := pause/2 + rand.N(pause) // so that many senders do not come back at once
		var told later
		if errors.As(err, &told) {
			wait = max(wait, told.after)
		}
		var final refused
		if errors.As(err, &final) || time.Now().Add(wait).After(deadline) || !pauseFor(ctx, wait) {
			p.lost(len(batch), err)
			return
		}
		p.failed(err)
	}
}

// pauseFor reports whether there is time for another try.
func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// The log is written without the lock, for which the data path may wait.

func (p *pipe) sent(n int) {
	p.mu.Lock()
	failing := p.count.Error != ""
	p.count.Sent += uint64(n)
	p.count.Error = ""
	p.mu.Unlock()
	if failing {
		p.log.Info("exporting again", "to", p.to.name())
	}
}

// failed notes an error, and logs the first of several.
func (p *pipe) failed(err error) {
	p.mu.Lock()
	failing := p.count.Error != ""
	p.count.Error = err.Error()
	p.mu.Unlock()
	if !failing {
		p.log.Warn("exporting fails; it is tried again", "to", p.to.name(), "error", err)
	}
}

func (p *pipe) lost(n int, err error) {
	p.mu.Lock()
	p.count.Lost += uint64(n)
	p.count.Error = err.Error()
	p.mu.Unlock()
	p.log.Warn("events were not exported", "to", p.to.name(), "events", n, "error", err)
}

func (p *pipe) stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.count
	s.Queued = len(p.queue)
	return s
}

// close takes no more events. What is queued is sent until ctx ends.
func (p *pipe) close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	close(p.quit)
	context.AfterFunc(ctx, p.stop)
}

// wait returns when the goroutine has ended, and says what was not sent.
func (p *pipe) wait() error {
	<-p.done
	p.stop()
	if s := p.stats(); s.Dropped+s.Lost > 0 {
		return fmt.Errorf("%d events were not exported to %s", s.Dropped+s.Lost, s.Name)
	}
	return nil
}
