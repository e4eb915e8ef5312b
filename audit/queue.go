package audit

import (
	"sync"
	"time"
)

// queue holds the records that wait to be stored. It has a hard bound: what
// does not fit is refused. Putting costs one short lock and never waits for
// the taker.
type queue struct {
	max   int // records held at most
	batch int // records that make a batch

	// arrived gets a token when the first record of a batch comes, and when
	// the batch is complete.
	arrived chan struct{}

	mu     sync.Mutex
	items  []Record
	spare  []Record // storage of the last batch, for the next
	lost   gap      // what was refused since the last take
	closed bool
}

func newQueue(max, batch int) *queue {
	return &queue{max: max, batch: batch, arrived: make(chan struct{}, 1)}
}

// put reports whether the record was taken.
func (q *queue) put(r *Record) bool {
	q.mu.Lock()
	if q.closed || len(q.items) >= q.max {
		now := time.Now()
		q.lost.add(gap{1, now, now})
		q.mu.Unlock()
		return false
	}
	q.items = append(q.items, *r)
	n := len(q.items)
	q.mu.Unlock()
	if n == 1 || n == q.batch {
		select {
		case q.arrived <- struct{}{}:
		default: // one token says it all
		}
	}
	return true
}

// take empties the queue, and says what found no room in it. Hand the slice
// back with recycle when done.
func (q *queue) take() ([]Record, gap) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, lost := q.items, q.lost
	q.items, q.spare, q.lost = q.spare[:0], nil, gap{}
	return items, lost
}

// recycle takes back what take returned. Storage that a burst made large goes
// to the garbage collector.
func (q *queue) recycle(items []Record) {
	if cap(items) > 4*q.batch {
		return
	}
	clear(items)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spare = items[:0]
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// close makes put refuse everything from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}
