package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// passing starts `infershield serve` as systemd does: with sockets that are
// open already, and that stay open when it ends.
type passing struct {
	*proxyProcess
	sockets []*os.File
	names   string // as FileDescriptorName= gives them, with colons between
}

// passSockets makes a process that has not been started.
func passSockets(t *testing.T, names ...string) *passing {
	t.Helper()
	p := &passing{names: strings.Join(names, ":"), proxyProcess: &proxyProcess{provider: newProvider(t, providerConfig{}), dir: t.TempDir()}}
	for range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		p.sockets = append(p.sockets, f)
		t.Cleanup(func() { _, _ = f.Close(), l.Close() })
	}
	p.caFile = filepath.Join(p.dir, "ca.pem")
	upstreamCA := filepath.Join(p.dir, "upstream.pem")
	writeFile(t, upstreamCA, p.provider.rootPEM)
	p.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "GORACE=atexit_sleep_ms=0", "KEY_MODE=passthrough",
		"INFERSHIELD_LISTEN=127.0.0.1:0", "INFERSHIELD_ADMIN=127.0.0.1:0", "INFERSHIELD_DATA_DIR=" + filepath.Join(p.dir, "data"),
		"INFERSHIELD_CONNECT_TO=" + p.provider.everyHost(), "INFERSHIELD_UPSTREAM_CA=" + upstreamCA,
	}
	writeFile(t, p.caFile, p.output(t, "ca", "export"))
	return p
}

// begin starts the process without waiting for it. LISTEN_PID must be its own,
// which only a shell can say before it becomes another program.
func (p *passing) begin(t *testing.T, env ...string) {
	t.Helper()
	p.stderr = &sink{ready: make(chan struct{})}
	p.cmd = exec.CommandContext(context.Background(), "sh", "-c", "LISTEN_PID=$$ exec infershield serve")
	p.cmd.Dir, p.cmd.Stderr, p.cmd.ExtraFiles = p.dir, p.stderr, p.sockets
	p.cmd.Env = slices.Concat(p.env, env, []string{fmt.Sprint("LISTEN_FDS=", len(p.sockets)), "LISTEN_FDNAMES=" + p.names})
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (p *passing) start(t *testing.T, env ...string) {
	t.Helper()
	p.begin(t, env...)
	t.Cleanup(func() { p.stop(t) })
	p.awaitReady(t)
}

// A restart must cost time and nothing else: whoever connects meanwhile waits
// in the socket's queue, and whoever was let in is served to the end.
func TestRestartLosesNoConnection(t *testing.T) {
	p := passSockets(t, frontSocket, adminSocket)
	p.start(t)
	proxy := &url.URL{Scheme: "http", Host: p.addr}
	doors := map[string]*http.Transport{
		"https://api.openai.com/v1/chat/completions": {Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: p.roots(t)}, DisableKeepAlives: true},
		p.front() + "/chat/completions":              {DisableKeepAlives: true},
	}
	var served atomic.Int64
	more := make(chan struct{}, 1) // served has grown
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for address, transport := range doors {
		for range 4 {
			clients.Go(func() {
				for ctx.Err() == nil {
					if err := askOnce(transport, address); err != nil {
						t.Errorf("%s: %v", address, err)
						stop()
						return
					}
					served.Add(1)
					select {
					case more <- struct{}{}:
					default:
					}
				}
			})
		}
	}
	const restarts = 5
	for range restarts {
		for busy := served.Load() + 50; served.Load() < busy && ctx.Err() == nil; {
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
		p.stop(t)
		p.start(t)
	}
	stop()
	clients.Wait()
	t.Logf("%d requests on connections of their own, %d restarts", served.Load(), restarts)
}

func askOnce(transport *http.Transport, address string) error {
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hello"}]}`))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+providerKey)
	r.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("You said: hello"))) {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return err
}

func TestForeignSocketIsRefused(t *testing.T) {
	p := passSockets(t, "infershield.socket")
	p.begin(t)
	if err := p.cmd.Wait(); err == nil {
		t.Error("it started")
	}
	if got, want := p.stderr.String(), "hint: FileDescriptorName=front in the socket unit"; !strings.Contains(got, want) {
		t.Errorf("got %s; want %q", got, want)
	}
}

// TestServiceManagerIsTold reads what systemd would.
func TestServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	p := passSockets(t, frontSocket) // the admin port is its own
	rules := filepath.Join(p.dir, "policy.yaml")
	writeFile(t, rules, []byte("version: 1\n"))
	p.start(t, "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=300000", "INFERSHIELD_POLICY="+rules)

	first := heardState(t, manager, "READY=1")
	if want := "STATUS=Listening on " + p.addr + "; key mode passthrough, blocking from risk 70; policy "; !strings.Contains(first, want) {
		t.Errorf("got %q; want %q", first, want)
	}
	heardState(t, manager, "WATCHDOG=1")
	writeFile(t, rules, []byte("version: 1\nrisk_threshold: 55\n"))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	heardState(t, manager, "RELOADING=1")
	if got, want := heardState(t, manager, "READY=1"), "blocking from risk 55;"; !strings.Contains(got, want) {
		t.Errorf("after SIGHUP: got %q; want %q", got, want)
	}
	p.stop(t)
	heardState(t, manager, "STOPPING=1")
}

// heardState waits for a message with the line.
func heardState(t *testing.T, manager *net.UnixConn, line string) string {
	t.Helper()
	if err := manager.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for {
		n, err := manager.Read(buffer)
		if err != nil {
			t.Fatalf("waiting for %s: %v", line, err)
		}
		message := string(buffer[:n])
		if slices.Contains(strings.Split(message, "\n"), line) {
			return message
		}
	}
}

// A process whose front accepts and says nothing is not alive.
func TestSilentFrontIsNotHealthy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := checkHealth(ctx, l.Addr()); err == nil {
		t.Error("got no error from a front that does not answer")
	}
}
