package mitm

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// closeGrace is how long one direction of an upgraded connection may go on after
// the other has ended. WebSocket's closing handshake takes a round trip.
const closeGrace = 30 * time.Second

// upgrade passes a 101 on and then relays both directions until both are done
// or one fails. resp.Body is the upstream's end.
func upgrade(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	up, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		panic("mitm: a 101 whose body cannot be written") // RoundTripper's contract
	}
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no 101; the client asked for the impossible
	}
	defer client.Close() //nolint:errcheck // nothing more to say
	if k := VisitOf(r.Context()).keeper; k != nil {
		if !k.keep(client) {
			return // shutting down
		}
		defer k.release(client)
	}
	if err := writeSwitch(rw.Writer, resp); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go func() {
		relayHalf(up, &hijacked{Conn: client, r: rw.Reader})
		done <- struct{}{}
	}()
	go func() {
		relayHalf(client, up)
		done <- struct{}{}
	}()
	<-done
	late := time.AfterFunc(closeGrace, func() { _, _ = client.Close(), up.Close() })
	defer late.Stop()
	<-done
}

// writeSwitch writes the 101 as the upstream sent it.
func writeSwitch(w *bufio.Writer, resp *http.Response) error {
	if _, err := w.WriteString("HTTP/1.1 101 Switching Protocols\r\n"); err != nil {
		return err
	}
	if err := resp.Header.Write(w); err != nil {
		return err
	}
	if _, err := w.WriteString("\r\n"); err != nil {
		return err
	}
	return w.Flush()
}

// relayHalf copies src to dst, passes its end on, and closes both on failure.
// An end that cannot be half-closed is closed whole: TLS has no way to say
// "done sending" that WebSocket stacks understand, they say it by close frames.
func relayHalf(dst io.WriteCloser, src io.ReadCloser) {
	_, err := io.Copy(struct{ io.Writer }{dst}, struct{ io.Reader }{src})
	if hc, ok := dst.(interface{ CloseWrite() error }); ok && err == nil {
		if hc.CloseWrite() == nil {
			return
		}
	}
	_, _ = dst.Close(), src.Close()
}

// hijacked reads first what net/http had already buffered.
type hijacked struct {
	net.Conn
	r *bufio.Reader
}

func (c *hijacked) Read(b []byte) (int, error) { return c.r.Read(b) }
