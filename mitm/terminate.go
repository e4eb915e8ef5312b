package mitm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// connected is the answer to a CONNECT. RFC 9110 §9.3.6: no framing headers.
const connected = "HTTP/1.1 200 Connection established\r\n\r\n"

// intercepted is a client's connection to a host whose TLS ends here.
type intercepted struct {
	net.Conn
	host, port string // the CONNECT authority, to which requests are pinned
	visit      Visit

	// tail is the end of what the client sent during its handshake.
	tail        [alertLen]byte
	handshaking bool
}

// alertLen is the length of an alert in a record of its own (RFC 8446 §5.1, §6).
const alertLen = 7

// Read implements net.Conn. It is called by one goroutine at a time.
func (ic *intercepted) Read(b []byte) (int, error) {
	n, err := ic.Conn.Read(b)
	if ic.handshaking && n > 0 {
		if n >= alertLen {
			copy(ic.tail[:], b[n-alertLen:n])
		} else {
			copy(ic.tail[:], ic.tail[n:])
			copy(ic.tail[alertLen-n:], b[:n])
		}
	}
	return n, err
}

// plainDistrust reports whether the client's last word was an alert in clear
// that refuses the certificate. OpenSSL, and with it curl, Python and Node, sends
// it so in TLS 1.3, where crypto/tls expects it encrypted and sees a bad MAC.
func (ic *intercepted) plainDistrust() bool {
	t := ic.tail
	return t[0] == 21 && t[1] == 3 && t[3] == 0 && t[4] == 2 && t[5] == 2 && (t[6] == 42 || t[6] == 46 || t[6] == 48)
}

type interceptedKey struct{}

// tlsConfig is one configuration for all hosts and connections, so that
// session tickets work from one connection to the next.
func (p *Proxy) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := canonicalHost(hello.ServerName)
			if name == "" {
				name = hello.Conn.(*intercepted).host
			}
			if !p.cfg.Intercept(name) {
				return nil, fmt.Errorf("no certificate for %q: it is not on the intercept list", name)
			}
			return p.cfg.Certificate(name)
		},
	}
}

// terminate answers the CONNECT, does the TLS handshake within its deadline
// and hands the connection to the inner server.
func (p *Proxy) terminate(client net.Conn, host, port string) {
	if _, err := client.Write([]byte(connected)); err != nil {
		_ = client.Close() // the client left
		return
	}
	visit := Visit{Door: DoorConnect, Client: hostOf(client.RemoteAddr()), keeper: p, arrival: arrivalOf(client)}
	ic := &intercepted{Conn: client, host: host, port: port, visit: visit, handshaking: true}
	tc := tls.Server(ic, p.tls)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	err := tc.HandshakeContext(ctx)
	cancel()
	ic.handshaking = false
	if err != nil {
		p.handshakeFailed(ic, err)
		_ = client.Close() // nothing more to say
		return
	}
	if !p.handoff.pass(tc) {
		_ = tc.Close() // shutting down
	}
}

func (p *Proxy) handshakeFailed(ic *intercepted, err error) {
	host, client := ic.host, ic.visit.Client
	if record := (tls.RecordHeaderError{}); errors.As(err, &record) && looksLikeHTTP(record.RecordHeader) {
		p.cfg.Log.Warn("a client spoke plain HTTP inside a CONNECT tunnel", "client", client, "host", host,
			"hint", "use https:// in the client's base URL, or send plain requests without CONNECT")
		writeRefusal(ic.Conn, http.StatusBadRequest,
			"this tunnel leads to "+host+" over TLS, but the client spoke plain HTTP; use https:// in its base URL")
		return
	}
	if isDistrust(err) || ic.plainDistrust() {
		if p.cfg.OnDistrust != nil {
			p.cfg.OnDistrust(client, host)
		}
		if p.distrust.first(client) {
			p.cfg.Log.Warn("a client does not trust the InferShield authority", "client", client, "host", host,
				"hint", "on that client, trust what `infershield ca export` prints; SSL_CERT_FILE or NODE_EXTRA_CA_CERTS name such a file")
		}
		return
	}
	p.cfg.Log.Debug("TLS handshake ended early", "client", client, "host", host, "error", err)
}

// looksLikeHTTP reports whether what came instead of a TLS record begins as a
// request line does.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "POST ", "HEAD ", "PUT /", "OPTIO", "DELET", "PATCH", "CONNE", "PRI *":
		return true
	}
	return false
}

// isDistrust recognises the three alerts with which clients refuse a
// certificate (RFC 8446 §6.2): bad_certificate, certificate_unknown and
// unknown_ca.
func isDistrust(err error) bool {
	// crypto/tls wraps a received alert in a net.OpError with an unexported
	// type whose text is all there is to see.
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	text := op.Err.Error()
	// "unknown certificate" stands for 46 and, with "authority", for 48.
	return strings.Contains(text, "bad certificate") || strings.Contains(text, "unknown certificate")
}

// serveIntercepted answers one decrypted request. It is pinned to the host
// that the client named in its CONNECT: else a client could open a tunnel to
// the provider and have another host receive the key.
func (p *Proxy) serveIntercepted(w http.ResponseWriter, r *http.Request) {
	ic := r.Context().Value(interceptedKey{}).(*intercepted)
	ic.visit.arrival.over()
	if !ic.pins(r.Host) || (r.URL.Host != "" && !ic.pins(r.URL.Host)) {
		p.cfg.Log.Warn("a request named another host than its CONNECT", "client", ic.visit.Client, "host", ic.host)
		refuse(w, http.StatusMisdirectedRequest,
			"this connection was opened to "+ic.authority()+"; open another one for another host")
		return
	}
	r.URL.Scheme, r.URL.Host = "https", ic.authority()
	p.guarded.ServeHTTP(w, r)
}

// pins reports whether a Host header or :authority names the host and port of
// the CONNECT.
func (ic *intercepted) pins(authority string) bool {
	host, port := authority, "443"
	if h, po, err := net.SplitHostPort(authority); err == nil {
		host, port = h, po
	} else {
		host = strings.Trim(host, "[]")
	}
	return canonicalHost(host) == ic.host && (port == ic.port)
}

// authority is host:port, without the port where https implies it.
func (ic *intercepted) authority() string {
	if ic.port == "443" {
		if strings.Contains(ic.host, ":") {
			return "[" + ic.host + "]"
		}
		return ic.host
	}
	return net.JoinHostPort(ic.host, ic.port)
}
