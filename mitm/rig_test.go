package mitm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infershield/infershield/mitm"
)

const apiHost = "api.openai.test"

// authority is a throw-away CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert: cert, key: key, pool: pool}
}

func (a *authority) leaf(host string) (*tls.Certificate, error) {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if ip := net.ParseIP(host); ip != nil {
		tmpl.IPAddresses, tmpl.DNSNames = []net.IP{ip}, nil
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &a.key.PublicKey, a.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}, err
}

// rig is a client, the proxy and an upstream, each over real sockets.
type rig struct {
	t         testing.TB
	proxy     *mitm.Proxy
	addr      string // of the proxy
	ours      *authority
	theirs    *authority
	upstream  *httptest.Server
	tunnels   chan mitm.Tunnel
	distrusts chan string
	logs      *syncBuffer
}

type rigOptions struct {
	upstream2 bool // the upstream speaks HTTP/2 alone
	handler   http.Handler
	wrap      func(http.RoundTripper) http.RoundTripper
	config    func(*mitm.Config)
}

func newRig(t testing.TB, o rigOptions) *rig {
	t.Helper()
	g := &rig{
		t: t, ours: newAuthority(t, "ours"), theirs: newAuthority(t, "theirs"),
		tunnels: make(chan mitm.Tunnel, 100), distrusts: make(chan string, 100), logs: &syncBuffer{},
	}
	g.upstream = g.newUpstream(o.handler, o.upstream2)
	up := mitm.Upstream{Dial: g.dial, Roots: g.theirs.pool}.Transport()
	if o.wrap != nil {
		up = o.wrap(up)
	}
	var mints sync.Map
	cfg := mitm.Config{
		Transport: up,
		Local: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("local " + mitm.VisitOf(r.Context()).Door))
		}),
		Certificate: func(host string) (*tls.Certificate, error) {
			if c, ok := mints.Load(host); ok {
				return c.(*tls.Certificate), nil
			}
			c, err := g.ours.leaf(host)
			mints.Store(host, c)
			return c, err
		},
		Intercept:  func(host string) bool { return host == apiHost },
		Dial:       g.dial,
		Log:        slog.New(slog.NewTextHandler(g.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnTunnel:   func(tu mitm.Tunnel) { g.tunnels <- tu },
		OnDistrust: func(client, _ string) { g.distrusts <- client },
	}
	if o.config != nil {
		o.config(&cfg)
	}
	g.proxy = mitm.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- g.proxy.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no draining: what a test left open is cut
		_ = g.proxy.Shutdown(ctx)
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v; want ErrServerClosed", err)
		}
	})
	return g
}

func (g *rig) newUpstream(h http.Handler, only2 bool) *httptest.Server {
	g.t.Helper()
	if h == nil {
		h = http.NotFoundHandler()
	}
	s := httptest.NewUnstartedServer(h)
	cert, err := g.theirs.leaf(apiHost)
	if err != nil {
		g.t.Fatal(err)
	}
	other, err := g.theirs.leaf("other.test")
	if err != nil {
		g.t.Fatal(err)
	}
	protos := []string{"http/1.1"}
	if only2 {
		protos = []string{"h2"}
	}
	s.TLS = &tls.Config{NextProtos: protos, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "other.test" {
			return other, nil
		}
		return cert, nil
	}}
	if only2 {
		// crypto/tls lets an HTTP/1.1 client in where a server offers h2 alone;
		// other servers answer no_application_protocol.
		strict := s.TLS.Clone()
		strict.NextProtos = []string{"nothing-you-speak"}
		s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if slices.Contains(hello.SupportedProtos, "h2") {
				return nil, nil
			}
			return strict, nil
		}
	}
	s.EnableHTTP2 = only2
	s.StartTLS()
	g.t.Cleanup(s.Close)
	return s
}

// dial leads every name under .test to the upstream, whatever its port.
func (g *rig) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(host, ".test") {
		addr = g.upstream.Listener.Addr().String()
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// client returns an HTTP client that uses the proxy and trusts ca.
func (g *rig) client(http2 bool, ca *x509.CertPool) *http.Client {
	tr := &http.Transport{
		Proxy:              http.ProxyURL(&url.URL{Scheme: "http", Host: g.addr}),
		TLSClientConfig:    &tls.Config{RootCAs: ca, ClientSessionCache: tls.NewLRUClientSessionCache(4)},
		DisableCompression: true,
		Protocols:          new(http.Protocols),
	}
	tr.Protocols.SetHTTP1(!http2)
	tr.Protocols.SetHTTP2(http2)
	g.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (g *rig) dialProxy() net.Conn {
	g.t.Helper()
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // a test that hangs fails
	return c
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
