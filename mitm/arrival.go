package mitm

import (
	"context"
	"net"
	"sync"
	"time"
)

// arrivalTimeout is how long Shutdown waits for connections that were accepted
// and have asked for nothing yet.
const arrivalTimeout = 5 * time.Second

// arrival is a connection that was accepted and whose first request has not
// begun: it may be on its way through CONNECT and the TLS handshake.
type arrival struct {
	once sync.Once
	done func()
}

// over says that the first request, or the tunnel, has begun or never will.
func (a *arrival) over() {
	if a != nil {
		a.once.Do(a.done)
	}
}

// arrivalOf finds the arrival of an accepted connection, or nil.
func arrivalOf(c net.Conn) *arrival {
	switch c := c.(type) {
	case *clientConn:
		return &c.arrival
	case *otherConn:
		return &c.arrival
	case *replay:
		return arrivalOf(c.Conn)
	}
	return nil
}

// letArrive stops accepting and waits until what was accepted is being served.
// net/http's Shutdown would close it unanswered: it drops a request whose
// header it reads after it was called. With sockets that outlive this process
// that would be all that a restart loses.
func (p *Proxy) letArrive(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	for _, l := range p.accepting {
		_ = l.Close() // what it could say, Serve returns
	}
	p.mu.Unlock()
	// No answer invites to another request on its connection from now on.
	p.front.SetKeepAlivesEnabled(false)
	p.inner.SetKeepAlivesEnabled(false)

	arrived := make(chan struct{})
	go func() {
		p.loops.Wait() // from then on nothing more arrives
		p.arriving.Wait()
		close(arrived)
	}()
	late := time.NewTimer(arrivalTimeout)
	defer late.Stop()
	select {
	case <-arrived:
	case <-late.C:
	case <-ctx.Done():
	}
}

// accept registers a listener. It reports false when the proxy is shutting down.
func (p *Proxy) accept(l *slotListener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.accepting = append(p.accepting, l)
	p.loops.Add(1)
	return true
}

// isClosed reports whether Shutdown was called.
func (p *Proxy) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
