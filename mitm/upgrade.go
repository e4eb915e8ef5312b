package mitm

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// upgrade passes a 101 on and then relays both directions until both are done
// or one fails. resp.Body is the upstream's end.
func upgrade(w http.ResponseWriter, resp *http.Response) {
	up, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		panic("mitm: a 101 whose body cannot be written") // RoundTripper's contract
	}
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no 101; the client asked for the impossible
	}
	defer client.Close() //nolint:errcheck // nothing more to say
	if err := writeSwitch(rw.Writer, resp); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		relayHalf(up, &hijacked{Conn: client, r: rw.Reader})
	}()
	relayHalf(client, up)
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
