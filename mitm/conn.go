package mitm

import (
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// slowHeader is what a client is told whose first request did not arrive in
// time. net/http would close the connection without a word.
const slowHeader = "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
	"InferShield waited 15s for the request header and closed the connection. Send the whole header at once.\n"

// clientConn is an accepted connection. It gives its slot back when closed.
// The TCP connection is embedded by its own type so that splice(2) works.
type clientConn struct {
	*net.TCPConn
	free     func()
	freeOnce sync.Once
	got      atomic.Bool // at least one byte came
	past     atomic.Bool // the first header is complete, or was given up
	arrival  arrival
}

func newClientConn(c net.Conn, free, arrived func()) net.Conn {
	tc, ok := c.(*net.TCPConn)
	if !ok {
		return &otherConn{Conn: c, free: free, arrival: arrival{done: arrived}}
	}
	_ = tc.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}) // best effort
	return &clientConn{TCPConn: tc, free: free, arrival: arrival{done: arrived}}
}

// frontState notes when net/http has read a connection's first header.
func frontState(c net.Conn, state http.ConnState) {
	if cc, ok := c.(*clientConn); ok && state != http.StateNew {
		cc.past.Store(true)
	}
}

func (c *clientConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if c.past.Load() {
		return n, err
	}
	if n > 0 {
		c.got.Store(true)
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && c.got.Load() {
		c.past.Store(true)
		_, _ = c.TCPConn.Write([]byte(slowHeader)) // the client may be gone
	}
	return n, err
}

func (c *clientConn) Close() error {
	c.arrival.over()
	c.freeOnce.Do(c.free)
	return c.TCPConn.Close()
}

// otherConn is a clientConn over something that is not TCP, a Unix socket say.
type otherConn struct {
	net.Conn
	free     func()
	freeOnce sync.Once
	arrival  arrival
}

func (c *otherConn) Close() error {
	c.arrival.over()
	c.freeOnce.Do(c.free)
	return c.Conn.Close()
}

// tcpOf returns the TCP connection under c, or nil. Copying between two of
// them lets the kernel move the bytes.
func tcpOf(c net.Conn) *net.TCPConn {
	switch c := c.(type) {
	case *net.TCPConn:
		return c
	case *clientConn:
		return c.TCPConn
	}
	return nil
}
