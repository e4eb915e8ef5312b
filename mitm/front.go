package mitm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/elazarl/goproxy"
)

// newConnect sets goproxy up as the CONNECT dispatcher. Every tunnel is taken
// over by ConnectHijack: goproxy's own interception loop has no timeouts, no
// cancellation, and lets the Host header overrule the CONNECT authority; its
// own tunnel has no idle limit.
func (p *Proxy) newConnect() *goproxy.ProxyHttpServer {
	g := goproxy.NewProxyHttpServer()
	g.Logger = log.New(io.Discard, "", 0)
	// Both are wired to the environment's proxies by default, which may name
	// this very proxy.
	g.Tr = &http.Transport{}
	g.ConnectDial = nil
	g.OnRequest().HandleConnect(goproxy.FuncHttpsHandler(
		func(authority string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
			host, port, err := splitAuthority(authority)
			if err == nil && ctx.Req.URL.User != nil {
				err = errors.New("CONNECT takes host:port alone; proxy credentials go into Proxy-Authorization")
			}
			if err != nil {
				ctx.Resp = refusal(ctx.Req, http.StatusBadRequest, err.Error())
				return &goproxy.ConnectAction{Action: goproxy.ConnectReject}, authority
			}
			take := func(_ *http.Request, client net.Conn, _ *goproxy.ProxyCtx) { p.open(client, host, port) }
			return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: take}, authority
		}))
	return g
}

// serveFront sends a request to its door.
func (p *Proxy) serveFront(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		VisitOf(r.Context()).arrival.over()
	}
	switch {
	case r.Method == http.MethodConnect:
		p.connect.ServeHTTP(earlyBytes{w}, r)
	case !r.URL.IsAbs():
		p.cfg.Local.ServeHTTP(w, r)
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		refuse(w, http.StatusBadRequest, fmt.Sprintf("cannot proxy a %q URL; only http and https", r.URL.Scheme))
	case r.URL.Hostname() == "":
		refuse(w, http.StatusBadRequest, "the request line names no host")
	case p.cfg.Intercept(canonicalHost(r.URL.Hostname())):
		p.guarded.ServeHTTP(w, throughDoor(r, DoorAbsolute))
	default:
		p.plain.ServeHTTP(w, throughDoor(r, DoorAbsolute))
	}
}

// open takes over a client's connection after its CONNECT was understood.
func (p *Proxy) open(client net.Conn, host, port string) {
	if !p.keep(client) {
		_ = client.Close() // shutting down
		return
	}
	defer p.release(client)
	if p.cfg.Intercept(host) {
		p.terminate(client, host, port)
		return
	}
	p.tunnel(client, net.JoinHostPort(host, port))
}

// splitAuthority reads the target of a CONNECT (RFC 9110 §9.3.6: host and port
// are both required).
func splitAuthority(authority string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(authority)
	if err != nil || host == "" {
		return "", "", fmt.Errorf("CONNECT needs host:port, as in CONNECT api.openai.com:443, not %q", authority)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("CONNECT to port %q: a port is a number from 1 to 65535", port)
	}
	host = canonicalHost(host)
	if strings.ContainsAny(host, "/\\@?# \t") {
		return "", "", fmt.Errorf("CONNECT to %q: that is not a host name", host)
	}
	return host, port, nil
}

// canonicalHost is the form in which hosts are compared: lower case, without
// the root's dot.
func canonicalHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// earlyBytes makes Hijack return what the client sent together with its
// CONNECT. goproxy hands the bare connection to ConnectHijack and drops them,
// and a client that does not wait for the 200 would lose its ClientHello.
type earlyBytes struct {
	http.ResponseWriter
}

func (w earlyBytes) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err != nil {
		return nil, nil, err
	}
	n := rw.Reader.Buffered()
	if n == 0 {
		return c, rw, nil
	}
	early, err := rw.Reader.Peek(n)
	if err != nil {
		return nil, nil, fmt.Errorf("reading what came with the CONNECT: %w", err)
	}
	return &replay{Conn: c, early: append([]byte(nil), early...)}, rw, nil
}

// replay is a connection whose first bytes were already read.
type replay struct {
	net.Conn
	early []byte
}

func (c *replay) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}
