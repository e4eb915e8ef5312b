package infershield_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
)

// The peer of BenchmarkCPUPerRequest is this test binary, started again with
// these set: goproxy's own ConnectMitm with nothing else.
const (
	peerAddrEnv     = "INFERSHIELD_BENCH_PEER_ADDR"
	peerUpstreamEnv = "INFERSHIELD_BENCH_PEER_UPSTREAM"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(peerAddrEnv); addr != "" {
		servePeer(addr, os.Getenv(peerUpstreamEnv))
		return
	}
	os.Exit(m.Run())
}

func servePeer(addr, upstream string) {
	p := goproxy.NewProxyHttpServer()
	p.Logger = log.New(io.Discard, "", 0)
	p.CertStore = &certStore{certs: make(map[string]*tls.Certificate)}
	p.Tr = &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: 256,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, upstream)
		},
	}
	p.ConnectDial = nil
	p.OnRequest().HandleConnect(goproxy.AlwaysMitm)
	log.Fatal(http.ListenAndServe(addr, p))
}

type certStore struct {
	mu    sync.Mutex
	certs map[string]*tls.Certificate
}

func (s *certStore) Fetch(host string, gen func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.certs[host]; ok {
		return c, nil
	}
	c, err := gen()
	if err == nil {
		s.certs[host] = c
	}
	return c, err
}

// BenchmarkCPUPerRequest compares, in turns within one run, the CPU time that
// the whole process of a proxy takes for one request: ours with inspection,
// audit and metrics on, against goproxy's ConnectMitm with nothing on. 16
// clients, keep-alive, a prompt of 600 bytes, an answer of 2 KB, HTTP/1.1.
func BenchmarkCPUPerRequest(b *testing.B) {
	upstream := httptest.NewUnstartedServer(answering(2 << 10))
	upstream.StartTLS()
	defer upstream.Close()
	ours := startOurs(b, upstream)
	peer := startPeer(b, upstream.Listener.Addr().String())
	const perRound = 4000
	rounds := max(b.N, 5)
	var cpu [2][]float64
	for round := range rounds + 1 {
		for i, p := range []*proxyProcess{ours, peer} {
			before := p.cpu(b)
			p.load(b, perRound)
			if round > 0 { // the first warms up
				cpu[i] = append(cpu[i], float64((p.cpu(b)-before).Microseconds())/perRound)
			}
		}
	}
	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = cpu[0][i] / cpu[1][i]
	}
	b.ReportMetric(median(cpu[0]), "ours-cpu-µs/req")
	b.ReportMetric(median(cpu[1]), "goproxy-cpu-µs/req")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op") // the wall clock says nothing here
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func answering(size int) http.Handler {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", size/45)
	body := []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		text + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

type proxyProcess struct {
	pid    int
	client *http.Client
	url    string
}

// cpu is what the process has used so far, user and system.
func (p *proxyProcess) cpu(b *testing.B) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		b.Skipf("no /proc: %v", err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 on Linux
}

func (p *proxyProcess) load(b *testing.B, n int64) {
	b.Helper()
	prompt := []byte(`{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` +
		strings.Repeat("Please summarise the following paragraph for me. ", 10) + `"}]}`)
	var left, failed atomic.Int64
	left.Store(n)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				req, _ := http.NewRequest("POST", p.url, bytes.NewReader(prompt))
				req.Header.Set("Authorization", "Bearer sk-bench")
				req.Header.Set("Content-Type", "application/json")
				resp, err := p.client.Do(req)
				if err != nil {
					failed.Add(1)
					continue
				}
				n, err := io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != 200 || n < 2000 {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() > 0 {
		b.Fatalf("%d of %d requests failed", failed.Load(), n)
	}
}

func clientThrough(proxy string, roots *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyURL(&url.URL{Scheme: "http", Host: proxy}),
		TLSClientConfig:     &tls.Config{RootCAs: roots, InsecureSkipVerify: roots == nil},
		MaxIdleConnsPerHost: 64,
		DisableCompression:  true,
	}}
}

func startPeer(b *testing.B, upstream string) *proxyProcess {
	b.Helper()
	addr := freeAddr(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), peerAddrEnv+"="+addr, peerUpstreamEnv+"="+upstream)
	startProcess(b, cmd, addr)
	return &proxyProcess{pid: cmd.Process.Pid, client: clientThrough(addr, nil), url: "https://example.com/v1/chat/completions"}
}

func startOurs(b *testing.B, upstream *httptest.Server) *proxyProcess {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "infershield")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/infershield").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	ca := filepath.Join(dir, "upstream.pem")
	if err := os.WriteFile(ca, pemOf(upstream.Certificate()), 0o600); err != nil {
		b.Fatal(err)
	}
	addr := freeAddr(b)
	cmd := exec.Command(binary, "serve")
	cmd.Dir = dir
	cmd.Env = []string{
		"KEY_MODE=passthrough", "LOG_LEVEL=warn", "INFERSHIELD_LISTEN=" + addr, "INFERSHIELD_ADMIN=" + freeAddr(b),
		"INFERSHIELD_DATA_DIR=" + filepath.Join(dir, "data"), "INFERSHIELD_INTERCEPT=example.com", "INFERSHIELD_UPSTREAM_CA=" + ca,
		"INFERSHIELD_UPSTREAM=https://example.com", "INFERSHIELD_CONNECT_TO=example.com:443:" + upstream.Listener.Addr().String(),
	}
	cmd.Stderr = os.Stderr
	startProcess(b, cmd, addr)
	exported := exec.Command(binary, "ca", "export")
	exported.Dir, exported.Env = cmd.Dir, cmd.Env
	root, err := exported.Output()
	if err != nil {
		b.Fatalf("ca export: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	return &proxyProcess{pid: cmd.Process.Pid, client: clientThrough(addr, pool), url: "https://example.com/v1/chat/completions"}
}

func startProcess(b *testing.B, cmd *exec.Cmd, addr string) {
	b.Helper()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not listen on %s", cmd.Path, addr)
		}
	}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
