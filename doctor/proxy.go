package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/infershield/infershield/ca"
)

// Bounds of a knock at an address.
const (
	dialTimeout   = 2 * time.Second
	answerTimeout = 4 * time.Second
	lookTimeout   = upstreamTimeout + answerTimeout // where the proxy looks at the provider first
	answerMax     = 64 << 10                        // bytes
)

// silent is what is said of one that takes connections and says nothing.
const silent = "it says nothing"

// proxy is what answers at an address.
type proxy struct {
	addr    string
	err     error               // nothing listens there
	ours    bool                // it says that it is InferShield
	refusal string              // what it said instead of opening the way
	chain   []*x509.Certificate // what it showed under the check name, the leaf first
	hello   Hello               // zero where it did not get so far
}

// reached says whether the way to the check name was open.
func (p proxy) reached() bool { return p.hello.Version != "" }

// trustedBy reports whether a client that trusts the roots takes the
// certificates, and until when. An authority that was replaced vouches for the
// next one for a while.
func (p proxy) trustedBy(roots []*x509.Certificate, check string) (until time.Time, trusted bool) {
	if len(p.chain) == 0 {
		return time.Time{}, false
	}
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: check}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, cert := range p.chain[1:] {
		options.Intermediates.AddCert(cert)
	}
	chains, err := p.chain[0].Verify(options)
	for _, chain := range chains {
		ends := chain[0].NotAfter
		if len(chain) > 2 { // the leaf is renewed, what vouches for it is not
			ends = chain[1].NotAfter
		}
		if ends.After(until) {
			until = ends
		}
	}
	return until, err == nil
}

// checkHost is the name under which to try the way: that of the first host
// that has one.
func checkHost(hosts []string) string {
	for _, host := range hosts {
		if name := ca.CheckHost(host); name != "" {
			return name
		}
	}
	return ""
}

// knock tries the way to the check name through the proxy at addr. It trusts
// whoever answers, and tells what it was shown.
func knock(ctx context.Context, addr, check, path string) proxy {
	p := proxy{addr: addr}
	conn, err := dial(ctx, addr)
	if err != nil {
		p.err = err
		return p
	}
	defer conn.Close() //nolint:errcheck // nothing was written that must arrive
	if path == UpstreamPath {
		_ = conn.SetDeadline(time.Now().Add(lookTimeout)) // of a socket just opened
	}
	if check != "" {
		p.refusal = p.open(ctx, conn, check, path)
	}
	p.ours = p.reached() || p.refusal != silent && signsAsOurs(ctx, addr)
	return p
}

func dial(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(answerTimeout)) // of a socket just opened
	return conn, nil
}

// open goes through conn to the check name and reads the proxy's word. It
// returns what stood in the way, or "".
func (p *proxy) open(ctx context.Context, conn net.Conn, check, path string) string {
	authority := net.JoinHostPort(check, "443")
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority); err != nil {
		return err.Error()
	}
	opened, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if timeout := (net.Error)(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return silent
	}
	if err != nil {
		return "it is no HTTP proxy"
	}
	if opened.StatusCode != http.StatusOK {
		return "it answered " + opened.Status
	}
	secure := tls.Client(conn, &tls.Config{ServerName: check, InsecureSkipVerify: true}) //nolint:gosec // what it shows is looked at later
	if err := secure.HandshakeContext(ctx); err != nil {
		return "it shows no certificate: " + err.Error()
	}
	p.chain = secure.ConnectionState().PeerCertificates
	if _, err := fmt.Fprintf(secure, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, check); err != nil {
		return err.Error()
	}
	answer, err := http.ReadResponse(bufio.NewReader(secure), nil)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close() //nolint:errcheck // read as far as wanted
	if err := json.NewDecoder(io.LimitReader(answer.Body, answerMax)).Decode(&p.hello); err != nil || !p.reached() {
		p.hello = Hello{}
		return "it does not answer as InferShield does"
	}
	return ""
}

// signsAsOurs reports whether the HTTP server at addr calls itself InferShield,
// as ours do where a path is nothing to them.
func signsAsOurs(ctx context.Context, addr string) bool {
	conn, err := dial(ctx, addr)
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // as in knock
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	if _, err := fmt.Fprintf(conn, "GET /nothing-here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return false
	}
	b, _ := io.ReadAll(io.LimitReader(conn, answerMax)) // what came before an error will do
	return strings.HasPrefix(string(b), "HTTP/") && strings.Contains(string(b), "InferShield")
}

// Dialable is where this machine reaches a listener: one that takes every
// address says "0.0.0.0:8000", which is nowhere to connect to.
func Dialable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}
