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
	done  chan struct{}   // closed when the goroutine has ended
	quit  chan struct{}   // closed when no more events come
	ctx   context.Context // of all tries; ends when Close gives up
	stop  context.CancelFunc

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
	p.ctx, p.stop = context.WithCancel(context.Background())
	go p.run()
	return p
}

// put takes an event or counts it as dropped.
func (p *pipe) put(e event) {
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
func (p *pipe) run() {
	defer close(p.done)
	defer p.to.close()
	batch := make([]event, 0, batchMax)
	for {
		batch = p.fill(batch[:0])
		if len(batch) == 0 {
			return
		}
		p.send(batch)
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
func (p *pipe) send(batch []event) {
	deadline := time.Now().Add(p.retry)
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		ctx, cancel := context.WithTimeout(p.ctx, tryTimeout)
		err := p.to.deliver(ctx, batch)
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
		if errors.As(err, &final) || time.Now().Add(wait).After(deadline) || !p.pause(wait) {
			p.lost(len(batch), err)
			return
		}
		p.failed(err)
	}
}

// pause reports whether there is time for another try.
func (p *pipe) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

func (p *pipe) sent(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Sent += uint64(n)
	if p.count.Error != "" {
		p.log.Info("exporting again", "to", p.count.Name)
	}
	p.count.Error = ""
}

// failed notes an error, and logs the first of several.
func (p *pipe) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count.Error == "" {
		p.log.Warn("exporting fails; it is tried again", "to", p.count.Name, "error", err)
	}
	p.count.Error = err.Error()
}

func (p *pipe) lost(n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Lost += uint64(n)
	p.count.Error = err.Error()
	p.log.Warn("events were not exported", "to", p.count.Name, "events", n, "error", err)
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
