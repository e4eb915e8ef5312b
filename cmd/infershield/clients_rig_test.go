package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/infershield/infershield/audit"
)

// proxyProcess is `infershield serve` as a process of its own, its upstream a
// stand-in provider in this one.
type proxyProcess struct {
	provider *provider
	addr     string // of the proxy
	admin    string // of the admin port
	dir      string // its working folder, everything it writes included
	caFile   string
	env      []string // its environment
	cmd      *exec.Cmd
	ended    <-chan struct{} // nil once stop has seen it
	err      error           // of the process, once it has ended
	stderr   *sink
}

// serveOptions is what differs between the tests.
type serveOptions struct {
	keyMode   string
	serverKey string // empty sets none
	env       []string
	provider  providerConfig
}

// serve starts a proxy and waits until it is ready. The test's end stops it.
func serve(t *testing.T, options serveOptions) *proxyProcess {
	t.Helper()
	p := &proxyProcess{
		provider: newProvider(t, options.provider), dir: t.TempDir(),
		stderr: &sink{ready: make(chan struct{})},
	}
	p.caFile = filepath.Join(p.dir, "ca.pem")
	upstreamCA := filepath.Join(p.dir, "upstream.pem")
	writeFile(t, upstreamCA, p.provider.rootPEM)
	p.env = slices.Concat([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir,
		"GORACE=atexit_sleep_ms=0", // else every process lingers a second
		"KEY_MODE=" + options.keyMode, "OPENAI_API_KEY=" + options.serverKey,
		"INFERSHIELD_LISTEN=127.0.0.1:0", "INFERSHIELD_ADMIN=127.0.0.1:0",
		"INFERSHIELD_DATA_DIR=" + filepath.Join(p.dir, "data"),
		"INFERSHIELD_CONNECT_TO=" + p.provider.everyHost(),
		"INFERSHIELD_UPSTREAM_CA=" + upstreamCA,
	}, options.env)
	p.cmd = p.command(context.Background(), "serve")
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	p.awaitReady(t)
	writeFile(t, p.caFile, p.output(t, "ca", "export"))
	return p
}

// everyHost sends connections for the provider's names to it.
func (p *provider) everyHost() string {
	var entries []string
	for _, host := range p.config.Hosts {
		entries = append(entries, host+":443:"+p.addr())
	}
	return strings.Join(entries, ",")
}

// command is one of the binary's verbs, in the process's folder and
// environment. The binary is the one that testscript.Main put on the PATH:
// this test binary under the product's name, race detector included.
func (p *proxyProcess) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "infershield", args...)
	cmd.Dir = p.dir
	cmd.Env = p.env
	return cmd
}

// output runs a verb and returns its stdout.
func (p *proxyProcess) output(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := p.command(t.Context(), args...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("infershield %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return output
}

// greeting is where serve says what it listens on.
var greeting = regexp.MustCompile(`(?s)listening on (\S+) .* health on http://(\S+)`)

// awaitReady waits for the greeting, which stands there once both ports are
// open, and reads the ports from it.
func (p *proxyProcess) awaitReady(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	go func() { defer close(ended); p.err = p.cmd.Wait() }()
	p.ended = ended
	select {
	case <-p.stderr.ready:
	case <-ended:
		t.Fatalf("infershield serve: %v\n%s", p.err, p.stderr)
	}
	ports := greeting.FindStringSubmatch(p.stderr.String())
	p.addr, p.admin = ports[1], ports[2]
}

// stop ends the process as an init system would and waits until it has
// written what it had to write. Twice does no harm.
func (p *proxyProcess) stop(t *testing.T) {
	t.Helper()
	if p.ended == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error says that it has ended
	<-p.ended
	p.ended = nil
	if p.err != nil {
		t.Errorf("infershield serve: %v\n%s", p.err, p.stderr)
	}
}

// recordList is what the process wrote, newest first. It is stopped first, so
// that all of it is there.
func (p *proxyProcess) recordList(t *testing.T) []audit.Record {
	t.Helper()
	p.stop(t)
	var records []audit.Record
	for decoder := json.NewDecoder(bytes.NewReader(p.output(t, "audit", "list", "--json", "--limit", "1000"))); decoder.More(); {
		var r audit.Record
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// records are the same by the sum of the request, which must stand there once.
func (p *proxyProcess) records(t *testing.T) map[string]audit.Record {
	t.Helper()
	records := make(map[string]audit.Record)
	for _, r := range p.recordList(t) {
		if _, ok := records[r.BodySHA256.RequestIn]; ok {
			t.Errorf("two records of one request: %+v", r)
		}
		records[r.BodySHA256.RequestIn] = r
	}
	return records
}

// clientEnv is the environment of a client: the proxy, the CA and nothing
// else that this machine may have set.
func (p *proxyProcess) clientEnv(t *testing.T) []string {
	t.Helper()
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir,
		"HTTPS_PROXY=http://" + p.addr, "NO_PROXY=127.0.0.1",
		"SSL_CERT_FILE=" + p.caFile, "NODE_EXTRA_CA_CERTS=" + p.caFile,
		"TEST_NPM=" + npmFolder(t),
	}
}

func (p *proxyProcess) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(p.caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %q", pem)
	}
	return roots
}

// front is the base URL of the /v1 front.
func (p *proxyProcess) front() string { return "http://" + p.addr + "/v1" }

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sink keeps what a process writes to stderr, and tells when the greeting is
// complete.
type sink struct {
	ready chan struct{}

	mu   sync.Mutex
	b    bytes.Buffer
	told bool
}

// Write implements io.Writer.
func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(b)
	if !s.told && greeting.Match(s.b.Bytes()) {
		s.told = true
		close(s.ready)
	}
	return len(b), nil
}

// String returns all of it so far.
func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// readBody reads an answer to its end.
func readBody(t *testing.T, resp *http.Response) []byte {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
