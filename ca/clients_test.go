package ca_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/ca"
)

// client makes one TLS connection to addr for the name host, trusting the PEM
// file roots alone. It returns what the client said.
type client struct {
	tool    string
	connect func(ctx context.Context, path, roots, addr, host string) *exec.Cmd
}

var clients = []client{
	{"curl", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		_, port, _ := net.SplitHostPort(addr)
		return exec.CommandContext(ctx, path, "-q", "-sS", "--noproxy", "*", "--cacert", roots, "--capath", "/nonexistent",
			"--resolve", host+":"+port+":127.0.0.1", "https://"+net.JoinHostPort(host, port)+"/")
	}},
	{"openssl", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		return exec.CommandContext(ctx, path, "s_client", "-connect", addr, "-servername", host, "-verify_hostname", host,
			"-CAfile", roots, "-no-CApath", "-no-CAstore", "-verify_return_error", "-x509_strict", "-brief")
	}},
	{"node", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		return exec.CommandContext(ctx, path, "-e", `
			const [roots, addr, host] = process.argv.slice(1)
			const [address, port] = addr.split(':')
			const ca = require('fs').readFileSync(roots)
			const s = require('tls').connect({host: address, port, servername: host, ca}, () => { console.log('ok'); s.end() })
			s.on('error', e => { console.error(e.code, e.message); process.exit(1) })`, roots, addr, host)
	}},
	{"python3", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		return exec.CommandContext(ctx, path, "-c", `
import socket, ssl, sys
roots, addr, host = sys.argv[1:]
address, port = addr.split(":")
context = ssl.create_default_context(cafile=roots)
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection((address, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as s:
    print("ok", s.version())
`, roots, addr, host)
	}},
}

// need returns the path of a tool. Without it the test is skipped by name, or
// fails where CI is set: there everything is installed.
func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing", tool)
	}
	t.Skipf("%s is missing", tool)
	return ""
}

// run runs a client with no setting of the machine's own roots or proxies.
func run(cmd *exec.Cmd) (string, error) {
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// serve answers TLS on loopback with what certificate returns, until the test
// ends.
func serve(t *testing.T, certificate func(host string) (*tls.Certificate, error)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return certificate(hello.ServerName)
	}}
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }),
		ErrorLog: log.New(io.Discard, "", 0), // refused handshakes are what the test is about
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(tls.NewListener(l, config)) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving: %v", err)
		}
	})
	return l.Addr().String()
}

// thief has stolen an authority's key and signs what it likes.
type thief struct {
	root *x509.Certificate
	key  crypto.Signer
}

func steal(t *testing.T, a *ca.Authority) thief {
	t.Helper()
	block, _ := pem.Decode(read(t, a.KeyPath()))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return thief{root: a.Root(), key: key.(crypto.Signer)}
}

// sign fills in what any certificate needs and signs template.
func (th thief) sign(template x509.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.KeyUsage |= x509.KeyUsageDigitalSignature
	template.BasicConstraintsValid = true
	template.SubjectKeyId = []byte{1, 2, 3, 4}
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, th.root, key.Public(), th.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func (th thief) forge(host string) (*tls.Certificate, error) {
	return th.sign(x509.Certificate{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}})
}

func TestClients(t *testing.T) {
	a := open(t, t.TempDir(), openAI, "*.example.com")
	honest := serve(t, a.Certificate)
	forged := serve(t, steal(t, a).forge)
	stranger := open(t, t.TempDir(), openAI)

	for _, c := range clients {
		t.Run(c.tool, func(t *testing.T) {
			path := need(t, c.tool)
			for _, host := range []string{openAI, "a.b.example.com"} {
				if out, err := run(c.connect(t.Context(), path, a.Path(), honest, host)); err != nil {
					t.Errorf("%s: %v\n%s", host, err, out)
				}
			}
			if out, err := run(c.connect(t.Context(), path, stranger.Path(), honest, openAI)); err == nil {
				t.Errorf("another root: accepted; want refused\n%s", out)
			}
			// The thief's work is accepted where the root may sign, so it is
			// the name constraint that refuses it elsewhere.
			if out, err := run(c.connect(t.Context(), path, a.Path(), forged, openAI)); err != nil {
				t.Errorf("forged %s: %v\n%s", openAI, err, out)
			}
			for _, host := range []string{"evil.test", "openai.com", "example.org"} {
				out, err := run(c.connect(t.Context(), path, a.Path(), forged, host))
				if err == nil || !strings.Contains(out, "permitted subtree violation") {
					t.Errorf("forged %s: got %v; want refused by the name constraint\n%s", host, err, out)
				}
			}
		})
	}
}

func TestGoClient(t *testing.T) {
	a := open(t, t.TempDir(), openAI, "127.0.0.1")
	roots := x509.NewCertPool()
	roots.AddCert(a.Root())
	dial := func(addr, host string) error {
		conn, err := tls.DialWithDialer(&net.Dialer{}, "tcp", addr, &tls.Config{RootCAs: roots, ServerName: host})
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	honest := serve(t, func(host string) (*tls.Certificate, error) {
		if host == "" {
			host = "127.0.0.1" // no client sends an address as its server name
		}
		return a.Certificate(host)
	})
	for _, host := range []string{openAI, "127.0.0.1"} {
		if err := dial(honest, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	forged := serve(t, steal(t, a).forge)
	if err := dial(forged, openAI); err != nil {
		t.Errorf("forged %s: %v", openAI, err)
	}
	var invalid x509.CertificateInvalidError
	if err := dial(forged, "evil.test"); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
		t.Errorf("forged evil.test: got %v; want refused by the name constraint", err)
	}
}

// A stolen key signs no programs either. The names of such certificates are
// free text, which name constraints do not reach; the root's key usage does.
func TestRootSignsNoCode(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	cert, err := steal(t, a).sign(x509.Certificate{
		Subject:     pkix.Name{Organization: []string{"Some Vendor"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Root())
	verify := func(usage x509.ExtKeyUsage) error {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	if err := verify(x509.ExtKeyUsageServerAuth); err != nil {
		t.Errorf("as a server: %v", err)
	}
	var invalid x509.CertificateInvalidError
	if err := verify(x509.ExtKeyUsageCodeSigning); !errors.As(err, &invalid) || invalid.Reason != x509.IncompatibleUsage {
		t.Errorf("as a code signer: got %v; want refused for its usage", err)
	}
}

// openssl is the strictest reader of certificates that is everywhere.
func TestOpenSSLVerify(t *testing.T) {
	path := need(t, "openssl")
	dir := t.TempDir()
	a := open(t, dir, openAI, "*.example.com", "127.0.0.1", "::1")
	th := steal(t, a)
	verify := func(cert *tls.Certificate, args ...string) (string, error) {
		file := filepath.Join(dir, "leaf.pem")
		write(t, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
		args = append([]string{"verify", "-x509_strict", "-CAfile", a.Path(), "-no-CApath", "-no-CAstore"}, args...)
		return run(exec.CommandContext(t.Context(), path, append(args, file)...))
	}
	for host, arg := range map[string]string{openAI: "-verify_hostname", "x.example.com": "-verify_hostname", "127.0.0.1": "-verify_ip", "::1": "-verify_ip"} {
		if out, err := verify(certificate(t, a, host), "-purpose", "sslserver", arg, host); err != nil {
			t.Errorf("%s: %v\n%s", host, err, out)
		}
	}
	for name, template := range map[string]x509.Certificate{
		"address":        {IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}},
		"IPv6 address":   {IPAddresses: []net.IP{net.ParseIP("2001:db8::1")}},
		"e-mail":         {EmailAddresses: []string{"ceo@example.com"}},
		"name in CN":     {Subject: pkix.Name{CommonName: "evil.test"}},
		"one name of 2":  {DNSNames: []string{openAI, "evil.test"}},
		"look-alike":     {DNSNames: []string{"evil-api.openai.com"}},
		"wildcard above": {DNSNames: []string{"*.openai.com"}},
	} {
		cert, err := th.sign(template)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := verify(cert); err == nil || !strings.Contains(out, "subtree violation") {
			t.Errorf("forged %s: got %v; want refused by the name constraint\n%s", name, err, out)
		}
	}
	if out, err := run(exec.CommandContext(t.Context(), path, "verify", "-x509_strict", "-check_ss_sig", "-CAfile", a.Path(), a.Path())); err != nil {
		t.Errorf("the root itself: %v\n%s", err, out)
	}
	if out, err := run(exec.CommandContext(t.Context(), path, "x509", "-in", a.Path(), "-noout", "-fingerprint", "-sha256")); err != nil || !strings.Contains(out, a.Fingerprint()) {
		t.Errorf("fingerprint: got %s, %v; want %s", out, err, a.Fingerprint())
	}
}
