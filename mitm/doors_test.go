package mitm_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infershield/infershield/mitm"
)

func TestTunnelIsUntouched(t *testing.T) {
	g := newRig(t, rigOptions{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("theirs"))
	})})
	resp, err := g.client(false, g.theirs.pool).Get("https://other.test/")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(resp.Body)
	if got := resp.TLS.PeerCertificates[0].Issuer.CommonName; got != "theirs" {
		t.Errorf("certificate by %q; want the original", got)
	}
}

// echo is a raw TCP server: it reads to the end, then answers.
func echo(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b, _ := io.ReadAll(c)
				_, _ = c.Write(bytes.ToUpper(b))
			}()
		}
	}()
	return l
}

func TestTunnelKeepsHalfClose(t *testing.T) {
	g := newRig(t, rigOptions{})
	l := echo(t)
	for _, early := range []bool{false, true} {
		c := g.dialProxy()
		head := fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", l.Addr())
		if early {
			_, _ = io.WriteString(c, head+"hello")
		} else {
			_, _ = io.WriteString(c, head)
		}
		br := bufio.NewReader(c)
		if line, _ := br.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 200") {
			t.Fatalf("CONNECT answered %q", line)
		}
		_, _ = br.ReadString('\n')
		if !early {
			_, _ = io.WriteString(c, "hello")
		}
		_ = c.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(br)
		if err != nil || string(got) != "HELLO" {
			t.Errorf("early=%v: got %q, %v; want HELLO after our half-close", early, got, err)
		}
		if tu := <-g.tunnels; tu.Up != 5 || tu.Down != 5 || tu.Err != nil {
			t.Errorf("tunnel %+v; want 5 bytes up and down", tu)
		}
	}
}

func TestTunnelIdleEnds(t *testing.T) {
	g := newRig(t, rigOptions{config: func(c *mitm.Config) { c.TunnelIdle = 50 * time.Millisecond }})
	l := echo(t)
	c := g.dialProxy()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", l.Addr())
	if b, err := io.ReadAll(c); err != nil || !bytes.HasPrefix(b, []byte("HTTP/1.1 200")) {
		t.Errorf("read %q, %v; want the 200 and then the end", b, err)
	}
	<-g.tunnels
}

func TestTunnelToNowhere(t *testing.T) {
	g := newRig(t, rigOptions{})
	l := echo(t)
	_ = l.Close()
	c := g.dialProxy()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", l.Addr())
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 502 || !bytes.Contains(b, []byte("refused")) {
		t.Errorf("%d %s; want 502 with the reason", resp.StatusCode, b)
	}
	if tu := <-g.tunnels; tu.Err == nil {
		t.Error("tunnel without its error")
	}
}

// TestEarlyClientHello sends the ClientHello in the same write as the CONNECT.
func TestEarlyClientHello(t *testing.T) {
	g := newRig(t, rigOptions{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })})
	c := g.dialProxy()
	ec := &eager{Conn: c, head: []byte("CONNECT " + apiHost + ":443 HTTP/1.1\r\nHost: " + apiHost + ":443\r\n\r\n")}
	tc := tls.Client(ec, &tls.Config{RootCAs: g.ours.pool, ServerName: apiHost})
	fmt.Fprintf(tc, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", apiHost)
	resp, err := http.ReadResponse(bufio.NewReader(tc), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v; want 200", resp, err)
	}
}

// eager puts head before its first write and takes the CONNECT's answer off
// its first read.
type eager struct {
	net.Conn
	head    []byte
	skipped bool
}

func (e *eager) Write(b []byte) (int, error) {
	n := len(e.head)
	m, err := e.Conn.Write(append(e.head, b...))
	e.head = nil
	return m - n, err
}

func (e *eager) Read(b []byte) (int, error) {
	if !e.skipped {
		e.skipped = true
		one := make([]byte, 1)
		for tail := ""; tail != "\r\n\r\n"; {
			if _, err := e.Conn.Read(one); err != nil {
				return 0, err
			}
			if tail += string(one); len(tail) > 4 {
				tail = tail[1:]
			}
		}
	}
	return e.Conn.Read(b)
}

func TestBadInput(t *testing.T) {
	g := newRig(t, rigOptions{})
	connect := "CONNECT " + apiHost + ":443 HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct{ name, send, want string }{
		{"CONNECT without a port", "CONNECT " + apiHost + " HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT needs host:port"},
		{"CONNECT to port 0", "CONNECT a.test:0 HTTP/1.1\r\nHost: x\r\n\r\n", "a port is a number from 1 to 65535"},
		{"CONNECT to port 99999", "CONNECT a.test:99999 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		{"CONNECT to a path", "CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT needs host:port"},
		{"CONNECT with user info", "CONNECT a@b.test:443 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		{"no request at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "400 Bad Request"},
		{"header too large", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("a", 300<<10) + "\r\n\r\n", "431"},
		{"no Host", "GET /health HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"ftp", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "only http and https"},
		{"two lengths", "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		{"plain HTTP in the tunnel", connect + "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "use https:// in its base URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := g.dialProxy()
			_, _ = io.WriteString(c, tt.send) // the proxy may answer before it has read all
			_ = c.(*net.TCPConn).CloseWrite()
			got, _ := io.ReadAll(c) // a reset after the answer is no matter
			if !strings.Contains(string(got), tt.want) {
				t.Errorf("got %.300q; want %q in it", got, tt.want)
			}
		})
	}
	t.Run("garbage after CONNECT", func(t *testing.T) {
		c := g.dialProxy()
		_, _ = io.WriteString(c, connect+"\x00\x01garbage that is no ClientHello")
		got, _ := io.ReadAll(c)
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 200")) {
			t.Errorf("got %q; want the 200 and then the end", got)
		}
		if want := "TLS handshake ended early"; !strings.Contains(g.logs.String(), want) {
			t.Errorf("log lacks %q", want)
		}
	})
}

func TestSlowHeaderIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the header timeout")
	}
	t.Parallel()
	g := newRig(t, rigOptions{})
	c := g.dialProxy()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, "GET / HT")
	got, _ := io.ReadAll(c)
	if !bytes.HasPrefix(got, []byte("HTTP/1.1 408 ")) {
		t.Errorf("got %q; want 408", got)
	}
}

func TestDistrustIsRecognised(t *testing.T) {
	g := newRig(t, rigOptions{})
	for range 3 {
		if _, err := g.client(false, g.theirs.pool).Get(base + "/"); err == nil {
			t.Fatal("a client without our CA got through")
		}
		if got := <-g.distrusts; got != "127.0.0.1" {
			t.Errorf("client %q; want 127.0.0.1", got)
		}
	}
	if got := strings.Count(g.logs.String(), "does not trust the InferShield authority"); got != 1 {
		t.Errorf("logged %d times; want once", got)
	}
}

// TestDistrustOfOpenSSL drives curl: OpenSSL says in clear, in TLS 1.3 too, that
// it does not trust us.
func TestDistrustOfOpenSSL(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("curl is missing")
	}
	for _, version := range []string{"1.2", "1.3"} {
		g := newRig(t, rigOptions{})
		cmd := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "", "--proxy", "http://"+g.addr, "--tls-max", version, base+"/")
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Fatalf("curl trusts us: %s", out)
		}
		if got := <-g.distrusts; got != "127.0.0.1" {
			t.Errorf("TLS %s: client %q", version, got)
		}
	}
}

func TestSessionTicketsWork(t *testing.T) {
	g := newRig(t, rigOptions{handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
	client := g.client(false, g.ours.pool)
	for i := range 3 {
		resp, err := client.Get(base + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.TLS.DidResume != (i > 0) {
			t.Errorf("connection %d: resumed %v", i, resp.TLS.DidResume)
		}
		client.CloseIdleConnections()
	}
}

func TestPanicEndsOneExchange(t *testing.T) {
	var panics atomic.Int32
	g := newRig(t, rigOptions{
		handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		wrap: func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/panic" {
					panic("sk-" + "secret-shaped")
				}
				return next.RoundTrip(r)
			})
		},
		config: func(c *mitm.Config) { c.OnPanic = func() { panics.Add(1) } },
	})
	client := g.client(true, g.ours.pool)
	if resp, err := client.Get(base + "/panic"); err == nil {
		t.Errorf("got %d; want a cut", resp.StatusCode)
	}
	if resp, err := client.Get(base + "/fine"); err != nil || resp.StatusCode != 200 {
		t.Errorf("next request: %v", err)
	}
	if panics.Load() != 1 {
		t.Errorf("%d panics counted; want 1", panics.Load())
	}
	if strings.Contains(g.logs.String(), "secret-shaped") {
		t.Error("the panic's value is in the log")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestModifyStopsAtTheFirstError(t *testing.T) {
	want := errors.New("no key")
	var ran []string
	note := func(name string, err error) mitm.RequestModifier {
		return modifier(func(r *http.Request) error { ran = append(ran, name); r.Header.Set("X", name); return err })
	}
	next := roundTripper(func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, nil })
	req, _ := http.NewRequestWithContext(t.Context(), "GET", base, nil)
	_, err := mitm.Modify(next, note("a", nil), note("b", want), note("c", nil)).RoundTrip(req)
	if !errors.Is(err, want) || strings.Join(ran, "") != "ab" || req.Header.Get("X") != "" {
		t.Errorf("err %v, ran %v, header %v; want the second's error and our request unedited", err, ran, req.Header)
	}
}

type modifier func(*http.Request) error

func (f modifier) ModifyRequest(r *http.Request) error { return f(r) }

func TestWebSocketIsRelayed(t *testing.T) {
	for _, upstream2 := range []bool{false} {
		g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" {
				http.Error(w, "no upgrade", 400)
				return
			}
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: abc\r\n\r\nserver speaks first|")
			_ = rw.Flush()
			_, _ = io.Copy(c, rw)
			_, _ = io.WriteString(c, "|bye")
		})})
		c := g.dialProxy()
		head := "CONNECT " + apiHost + ":443 HTTP/1.1\r\nHost: x\r\n\r\n"
		tc := tls.Client(&eager{Conn: c, head: []byte(head)}, &tls.Config{RootCAs: g.ours.pool, ServerName: apiHost, NextProtos: []string{"http/1.1"}})
		fmt.Fprintf(tc, "GET /v1/realtime HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\nearly ", apiHost)
		br := bufio.NewReader(tc)
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 101 || resp.Header.Get("Sec-Websocket-Accept") != "abc" || resp.Header.Get("Upgrade") != "websocket" {
			t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
		}
		_, _ = io.WriteString(tc, "late")
		_ = tc.CloseWrite()
		got, err := io.ReadAll(br)
		if want := "server speaks first|early late|bye"; string(got) != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestAbsoluteForm(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %v", r.Host, r.RequestURI, r.Header)
	})}
	go func() { _ = plain.Serve(l) }()
	t.Cleanup(func() { _ = plain.Close() })
	var door atomic.Value
	g := newRig(t, rigOptions{wrap: func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			v := mitm.VisitOf(r.Context())
			door.Store(v.Door + " " + v.Client)
			r.URL.Host = l.Addr().String()
			return next.RoundTrip(r)
		})
	}})
	for _, target := range []string{"http://" + l.Addr().String() + "/a?b=%20", "http://" + apiHost + "/a?b=%20"} {
		c := g.dialProxy()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: lies.test\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n", target)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		host := strings.Split(target, "/")[2]
		if want := host + " /a?b=%20 map[X-End:[2]]"; string(b) != want {
			t.Errorf("upstream saw %q; want %q", b, want)
		}
	}
	if want := mitm.DoorAbsolute + " 127.0.0.1"; door.Load() != want {
		t.Errorf("visit %v; want %v", door.Load(), want)
	}
}

func TestLocalRequests(t *testing.T) {
	g := newRig(t, rigOptions{})
	resp, err := http.Get("http://" + g.addr + "/health")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "local local" {
		t.Errorf("got %q", b)
	}
}

func TestShutdownDrains(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	g := newRig(t, rigOptions{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		arrived <- struct{}{}
		<-release
		_, _ = w.Write([]byte("the end"))
	})})
	results := make(chan string, 2)
	for _, http2 := range []bool{false, true} {
		go func() {
			resp, err := g.client(http2, g.ours.pool).Get(base + "/")
			if err != nil {
				results <- err.Error()
				return
			}
			b, err := io.ReadAll(resp.Body)
			results <- fmt.Sprint(string(b), err)
		}()
	}
	<-arrived
	<-arrived
	done := make(chan error, 1)
	go func() { done <- g.proxy.Shutdown(t.Context()) }()
	close(release)
	for range 2 {
		if got := <-results; got != "the end<nil>" {
			t.Errorf("got %q; want a whole answer", got)
		}
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestShutdownCutsAtTheDeadline(t *testing.T) {
	g := newRig(t, rigOptions{})
	l := echo(t)
	c := g.dialProxy()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", l.Addr())
	_, _ = bufio.NewReader(c).ReadString('\n')
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.proxy.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v; want deadline exceeded", err)
	}
	_, _ = io.ReadAll(c) // returns: the tunnel was cut
}

func TestConnectionsAreBounded(t *testing.T) {
	g := newRig(t, rigOptions{config: func(c *mitm.Config) { c.ConnsMax = 2 }})
	a, b := g.dialProxy(), g.dialProxy()
	get := func(c net.Conn) string {
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		return line
	}
	if get(a) == "" || get(b) == "" {
		t.Fatal("the first two were not served")
	}
	third := g.dialProxy()
	served := make(chan string, 1)
	go func() { served <- get(third) }()
	_ = a.Close() // only now is there room
	if got := <-served; !strings.Contains(got, "200") {
		t.Errorf("third: %q", got)
	}
}
