package mitm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout      = 15 * time.Second
	tlsTimeout       = 10 * time.Second
	idleConnTimeout  = 90 * time.Second
	idleConnsPerHost = 256
)

// Upstream says how providers are reached. Its zero value dials directly and
// verifies against the system's roots.
type Upstream struct {
	// Dial makes the connections. Nil means the standard library's dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Roots verify the provider. Nil means the system's.
	Roots *x509.CertPool
}

// Transport returns a RoundTripper that speaks to the upstream the protocol
// that the client spoke to us, by the request's ProtoMajor: an HTTP/1.1 client
// gets what it would have got alone, and costs a fifth less than through Go's
// HTTP/2 client. Where the upstream does not speak the client's protocol, the
// other one is used. It adds no header, decodes nothing, follows no redirect
// and ignores the environment's proxies.
func (u Upstream) Transport() http.RoundTripper {
	return &mirror{h1: u.transport("http/1.1"), h2: u.transport("h2", "http/1.1")}
}

func (u Upstream) transport(protocols ...string) *http.Transport {
	dial := u.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	t := &http.Transport{
		DialContext:         dial,
		TLSHandshakeTimeout: tlsTimeout,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            u.Roots,
			NextProtos:         protocols,
			ClientSessionCache: tls.NewLRUClientSessionCache(64),
		},
		DisableCompression:     true, // what the client did not ask for is not asked for
		IdleConnTimeout:        idleConnTimeout,
		MaxIdleConns:           4 * idleConnsPerHost,
		MaxIdleConnsPerHost:    idleConnsPerHost,
		MaxResponseHeaderBytes: headerBytesMax,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(protocols[0] == "h2")
	return t
}

// mirror chooses by the client's protocol.
type mirror struct {
	h1, h2 *http.Transport
	only2  sync.Map     // hosts that refused HTTP/1.1 in ALPN
	known  atomic.Int32 // how many; those past only2Max are asked each time
}

const only2Max = 1024

// RoundTrip implements http.RoundTripper.
func (m *mirror) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.ProtoMajor >= 2 {
		return m.h2.RoundTrip(r)
	}
	if _, ok := m.only2.Load(r.URL.Host); ok && !isUpgrade(r.Header) {
		return m.h2.RoundTrip(r)
	}
	if r.Body == nil || r.Body == http.NoBody || r.GetBody != nil {
		return m.roundTrip1(r, r)
	}
	// The Transport closes the body of a request that failed, even where it
	// never looked at it.
	spare := r.WithContext(r.Context())
	guarded := &unreadBody{ReadCloser: r.Body}
	r = r.WithContext(r.Context())
	r.Body = guarded
	resp, err := m.roundTrip1(r, spare)
	if err != nil {
		_ = spare.Body.Close() // RoundTripper's contract; reading it has failed or was never begun
	}
	return resp, err
}

// roundTrip1 sends r over HTTP/1.1, or spare over HTTP/2 where the upstream
// refuses HTTP/1.1 in the handshake, before anything of r was sent.
func (m *mirror) roundTrip1(r, spare *http.Request) (*http.Response, error) {
	resp, err := m.h1.RoundTrip(r)
	if err == nil || !refusedProtocol(err) || isUpgrade(r.Header) {
		return resp, err
	}
	if spare.GetBody != nil {
		body, berr := spare.GetBody()
		if berr != nil {
			return nil, err
		}
		spare = spare.WithContext(spare.Context())
		spare.Body = body
	}
	if m.known.Add(1) <= only2Max {
		m.only2.Store(r.URL.Host, struct{}{})
	}
	return m.h2.RoundTrip(spare)
}

// refusedProtocol recognises the alert no_application_protocol (RFC 7301 §3.2).
func refusedProtocol(err error) bool {
	return strings.Contains(err.Error(), "no application protocol")
}

// unreadBody keeps a body open until something of it was read.
type unreadBody struct {
	io.ReadCloser
	read atomic.Bool
}

func (b *unreadBody) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.ReadCloser.Read(p)
}

func (b *unreadBody) Close() error {
	if !b.read.Load() {
		return nil
	}
	return b.ReadCloser.Close()
}

func isUpgrade(h http.Header) bool {
	return h.Get("Upgrade") != "" && headerHasToken(h, "Connection", "upgrade")
}

func headerHasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for v := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(v), token) {
				return true
			}
		}
	}
	return false
}

// dialStatus is the status for a destination that could not be reached.
func dialStatus(err error) int {
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// dialReason says why in words, without the addresses of our own side.
func dialReason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case isTimeout(err):
		return "no answer in time"
	case errors.As(err, &op) && op.Op == "dial":
		return op.Err.Error()
	}
	return "the connection failed" // other texts may quote what the other side sent
}
