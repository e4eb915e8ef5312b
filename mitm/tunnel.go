package mitm

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// tunnel carries raw bytes between the client and addr. Nothing is looked at.
func (p *Proxy) tunnel(client net.Conn, addr string) {
	start := time.Now()
	t := Tunnel{Addr: addr}
	if p.cfg.OnTunnelOpen != nil {
		p.cfg.OnTunnelOpen()
	}
	defer func() {
		t.Duration = time.Since(start)
		if p.cfg.OnTunnel != nil {
			p.cfg.OnTunnel(t)
		}
	}()
	defer client.Close() //nolint:errcheck // nothing more to say

	ctx, cancel := context.WithTimeout(p.ctx, dialTimeout)
	server, err := p.cfg.Dial(ctx, "tcp", addr)
	cancel()
	if err != nil {
		t.Err = err
		p.cfg.Log.Debug("tunnel not opened", "addr", addr, "error", err)
		writeRefusal(client, dialStatus(err), "cannot reach "+addr+": "+dialReason(err))
		return
	}
	defer server.Close() //nolint:errcheck // nothing more to say
	if !p.keep(server) {
		return
	}
	defer p.release(server)
	arrivalOf(client).over()
	if _, err := client.Write([]byte(connected)); err != nil {
		return // the client left
	}
	if c, ok := client.(*replay); ok {
		n, err := server.Write(c.early)
		t.Up = int64(n)
		if err != nil {
			return // the destination left
		}
		client = c.Conn // bare again, so that the kernel can move the bytes
	}
	up, down := splice(client, server, p.cfg.TunnelIdle)
	t.Up, t.Down = t.Up+up, down
}

// splice copies both ways until both ends have finished, one has failed, or
// nothing moved for idle. It returns the bytes from a to b and from b to a.
func splice(a, b net.Conn, idle time.Duration) (up, down int64) {
	var last atomic.Int64 // when either direction last moved, in Unix nanoseconds
	last.Store(time.Now().UnixNano())
	// A half that waits to write has no read to time out. Each half that moves
	// says so at least once per idle.
	var watch *time.Timer
	watch = time.AfterFunc(2*idle, func() {
		if time.Since(time.Unix(0, last.Load())) >= 2*idle {
			_, _ = a.Close(), b.Close()
			return
		}
		watch.Reset(2 * idle)
	})
	defer watch.Stop()
	done := make(chan int64)
	go func() { done <- copyHalf(b, a, idle, &last) }()
	down = copyHalf(a, b, idle, &last)
	return <-done, down
}

// copyHalf copies src to dst. The end of src is passed on as a half-close, so
// that a client may finish sending and still read the answer. A failure closes
// both, which ends the other half too.
func copyHalf(dst, src net.Conn, idle time.Duration, last *atomic.Int64) (n int64) {
	for {
		_ = src.SetReadDeadline(time.Unix(0, last.Load()).Add(idle)) // a closed connection says so on Read
		m, err := copyOnce(dst, src)
		n += m
		if m > 0 {
			last.Store(time.Now().UnixNano())
		}
		switch {
		case err == nil:
			closeWrite(dst)
			return n
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Since(time.Unix(0, last.Load())) < idle:
			continue // this direction was silent, but the other one moved
		default:
			_, _ = dst.Close(), src.Close()
			return n
		}
	}
}

// copyOnce copies until src ends or its read deadline passes. Between two TCP
// connections the kernel moves the bytes (splice(2) on Linux), and a deadline
// never strands any: it can only strike before bytes are taken from src.
func copyOnce(dst, src net.Conn) (int64, error) {
	d, s := tcpOf(dst), tcpOf(src)
	if d != nil && s != nil {
		return d.ReadFrom(s)
	}
	return io.Copy(struct{ io.Writer }{dst}, struct{ io.Reader }{src})
}

// closeWrite ends dst's sending side, and all of dst where it has no half.
func closeWrite(c net.Conn) {
	if hc, ok := c.(interface{ CloseWrite() error }); ok {
		_ = hc.CloseWrite() // the peer may have closed already
		return
	}
	_ = c.Close() // as above
}
