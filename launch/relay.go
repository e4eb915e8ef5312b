package launch

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// RelayConnectionsMax bounds the connections of a Relay at a time. Further ones
// wait in the system's queue of the listener until another ends.
const RelayConnectionsMax = 1024

// acceptPause is how long a Relay waits after an error before it accepts again:
// files may have run out, which takes other connections to end.
const acceptPause = 50 * time.Millisecond

// Relay passes the connections of a listener on to a proxy, byte for byte. Make
// one with StartRelay.
type Relay struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	slots    chan struct{} // one for each connection
	done     chan struct{} // closed by Close
	wg       sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
	count  int
}

// StartRelay accepts from l, which it owns, until Close.
func StartRelay(l net.Listener, dial func() (net.Conn, error)) *Relay {
	r := &Relay{
		listener: l, dial: dial, open: make(map[net.Conn]struct{}),
		slots: make(chan struct{}, RelayConnectionsMax), done: make(chan struct{}),
	}
	r.wg.Go(r.accept)
	return r
}

// Connections is how many connections came.
func (r *Relay) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// Close stops accepting, cuts what is open and waits for it.
func (r *Relay) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.done)
	}
	for c := range r.open {
		_ = c.Close() // nothing can be done about one that will not close
	}
	r.mu.Unlock()
	r.wg.Wait()
	return err
}

func (r *Relay) accept() {
	for {
		select {
		case r.slots <- struct{}{}:
		case <-r.done:
			return
		}
		client, ok := r.next()
		if !ok {
			return
		}
		r.mu.Lock()
		r.count++
		r.mu.Unlock()
		r.wg.Go(func() {
			defer func() { <-r.slots }()
			r.pass(client)
		})
	}
}

// next returns the next connection. An error says nothing about the one after
// it, and to accept no more would take a jailed program's only way out; ok is
// false only once the relay or its listener is closed.
func (r *Relay) next() (client net.Conn, ok bool) {
	for {
		client, err := r.listener.Accept()
		switch {
		case err == nil:
			return client, true
		case errors.Is(err, net.ErrClosed):
			return nil, false
		}
		select {
		case <-time.After(acceptPause):
		case <-r.done:
			return nil, false
		}
	}
}

// pass ends with both directions, each of which is closed by itself: a client
// may have said all and still wait for the answer.
func (r *Relay) pass(client net.Conn) {
	defer r.forget(client)
	if !r.keep(client) {
		return
	}
	proxy, err := r.dial()
	if err != nil {
		return // as if it did not listen
	}
	defer r.forget(proxy)
	if !r.keep(proxy) {
		return
	}
	var up sync.WaitGroup
	up.Go(func() { copyToEnd(proxy, client) })
	copyToEnd(client, proxy)
	up.Wait()
}

func copyToEnd(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok {
		_ = to.Close()   // the other direction ends with it
		_ = from.Close() // pass closes it again, and reads no error either
		return
	}
	_ = half.CloseWrite() // it may be gone altogether
}

func (r *Relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.open[c] = struct{}{}
	return true
}

func (r *Relay) forget(c net.Conn) {
	_ = c.Close() // it is done with
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}
