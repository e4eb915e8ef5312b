package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// dialSocket opens a WebSocket to path with the key in a subprotocol, as
// browsers do.
func (p *provider) dialSocket(t *testing.T, path string) net.Conn {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.rootPEM)
	dialer := ws.Dialer{
		Protocols: []string{"realtime", keySubprotocol + providerKey},
		TLSConfig: &tls.Config{RootCAs: roots, ServerName: "api.openai.com"},
	}
	conn, _, hello, err := dialer.Dial(t.Context(), "wss://"+p.addr()+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if hello.Protocol != "realtime" {
		t.Errorf("got subprotocol %q; want realtime", hello.Protocol)
	}
	return conn
}

// readServerFrame reads one frame, which the test knows to be small.
func readServerFrame(conn net.Conn) (ws.Frame, error) {
	header, err := ws.ReadHeader(conn)
	if err != nil {
		return ws.Frame{}, err
	}
	f := ws.Frame{Header: header, Payload: make([]byte, min(header.Length, ws.MaxControlFramePayloadSize))}
	_, err = io.ReadFull(conn, f.Payload)
	return f, err
}

func TestProviderSocket(t *testing.T) {
	p := newProvider(t, providerConfig{Keys: []string{providerKey}, Echo: true})
	conn := p.dialSocket(t, "/v1/realtime?model=gpt-realtime")
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, socketMessageMax} {
		want := bytes.Repeat([]byte("a"), size)
		if err := wsutil.WriteClientText(conn, want); err != nil {
			t.Fatal(err)
		}
		if got, err := wsutil.ReadServerText(conn); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d back, %v", size, len(got), err)
		}
	}

	seen := p.sightings()[0]
	if got := seen.Header.Get("Sec-WebSocket-Protocol"); got != "realtime" || !seen.carried(providerKey) {
		t.Errorf("got subprotocols %q in %v; want the key carried and not shown", got, seen)
	}

	// A message in pieces, with a ping between them.
	first := ws.NewFrame(ws.OpText, false, []byte("in "))
	last := ws.NewFrame(ws.OpContinuation, true, []byte("pieces"))
	for _, f := range []ws.Frame{first, ws.NewPingFrame([]byte("?")), last} {
		if err := ws.WriteFrame(conn, ws.MaskFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	pong, err := readServerFrame(conn)
	if err != nil || pong.Header.OpCode != ws.OpPong || string(pong.Payload) != "?" {
		t.Errorf("got %+v, %v; want a pong", pong, err)
	}
	if got, err := wsutil.ReadServerText(conn); err != nil || string(got) != "in pieces" {
		t.Errorf("got %q, %v; want the whole message", got, err)
	}

	if err := ws.WriteFrame(conn, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye")))); err != nil {
		t.Fatal(err)
	}
	closed, err := readServerFrame(conn)
	if code, _ := ws.ParseCloseFrameData(closed.Payload); err != nil || closed.Header.OpCode != ws.OpClose || code != ws.StatusNormalClosure {
		t.Errorf("got %+v, %v; want the close frame back", closed, err)
	}
}

func TestProviderSocketBreach(t *testing.T) {
	p := newProvider(t, providerConfig{Echo: true})
	for name, c := range map[string]struct {
		header ws.Header // no payload follows: the header alone must do
		code   ws.StatusCode
	}{
		"no mask":     {ws.Header{Fin: true, OpCode: ws.OpText}, ws.StatusProtocolError},
		"reserved":    {ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Rsv: 4}, ws.StatusProtocolError},
		"too big":     {ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Length: socketMessageMax + 1}, ws.StatusMessageTooBig},
		"cut control": {ws.Header{OpCode: ws.OpPing, Masked: true}, ws.StatusProtocolError},
	} {
		conn := p.dialSocket(t, "/v1/responses")
		if err := ws.WriteHeader(conn, c.header); err != nil {
			t.Fatal(err)
		}
		closed, err := readServerFrame(conn)
		if code, _ := ws.ParseCloseFrameData(closed.Payload); err != nil || code != c.code {
			t.Errorf("%s: got %v, %v; want close code %d", name, code, err, c.code)
		}
	}
}
