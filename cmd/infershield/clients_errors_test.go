package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infershield/infershield/launch"
)

const troublePage = "../../docs/troubleshooting.md"

// clientErrors are the words of each client where something is not set up.
type clientErrors struct {
	distrusts string // it has the proxy, and not the authority
	refused   string // nothing listens at the proxy's address
}

func errorsByClient() map[string]clientErrors {
	node := clientErrors{"UNABLE_TO_VERIFY_LEAF_SIGNATURE", "cannot be reached: connect ECONNREFUSED"}
	return map[string]clientErrors{
		"curl":            {"curl: (60) SSL certificate problem: unable to get local issuer certificate", "curl: (7) Failed to connect to 127.0.0.1 port"},
		"wget":            {"The certificate of 'api.openai.com' is not trusted.", "failed: Connection refused."},
		"git":             {"server certificate verification failed.", "Failed to connect to 127.0.0.1 port"},
		"Go":              {"x509: certificate signed by unknown authority", "proxyconnect tcp: dial tcp 127.0.0.1:"},
		"Python urllib":   {"<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate", "<urlopen error [Errno 111] Connection refused>"},
		"Python requests": {"SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "ProxyError('Cannot connect to proxy.'"},
		"Python httpx":    {"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate", "[Errno 111] Connection refused"},
		"Python aiohttp":  {"ClientConnectorCertificateError", "ClientProxyConnectionError"},
		"Node 20":         node,
		"Node 24":         node,
		"Deno":            {"invalid peer certificate: UnknownIssuer", "tcp connect error: Connection refused"},
		"Bun":             {"unable to verify the first certificate", "ECONNREFUSED: Unable to connect. Is the computer able to access the url?"},
		"Ruby":            {"certificate verify failed (unable to get local issuer certificate)", "Errno::ECONNREFUSED"},
		"PHP":             {"SSL certificate problem: unable to get local issuer certificate", "Failed to connect to 127.0.0.1 port"},
		"Java":            {"PKIX path building failed", "java.net.ConnectException"},
		"Perl":            {"SSL routines::certificate verify failed", "(Connection refused)"},
		"Chromium":        {"net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_PROXY_CONNECTION_FAILED"},
	}
}

// TestTroubleshooting holds docs/troubleshooting.md to the clients' own words:
// each is started with what run sets, but without the certificates, and then
// with a proxy that is not there. TestMatrix shows that run heals both.
func TestTroubleshooting(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take their time")
	}
	page, err := os.ReadFile(troublePage)
	if err != nil {
		t.Fatal(err)
	}
	p := serve(t, serveOptions{keyMode: "passthrough", provider: providerConfig{Wrap: otherHost(), Hosts: []string{"api.openai.com", matrixOther}}})
	for _, row := range matrixRows() {
		want, ok := errorsByClient()[row.name]
		if !ok {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.needs(t)
			row.checkWords(t, string(page), "http://"+p.addr, want.distrusts)
			row.checkWords(t, string(page), "http://127.0.0.1:1", want.refused)
			for _, w := range row.ways {
				if !strings.Contains(string(page), w.raised) {
					t.Errorf("the page has no %q, the words for what is blocked", w.raised)
				}
			}
		})
	}
}

func (row matrixRow) checkWords(t *testing.T, page, proxy, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), matrixTime)
	defer cancel()
	args := append(row.command, matrixPrompt, matrixAttack, matrixPage)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GORACE=atexit_sleep_ms=0",
		"OPENAI_API_KEY=" + clientKey, "TEST_NPM=" + npmFolder(t),
	}
	settings := launch.Settings{Proxy: proxy, Hosts: []string{"api.openai.com"}, Files: launch.Files{
		Preload: absoluteFile(t, "../../launch/preload.cjs"), PreloadBun: absoluteFile(t, "../../launch/preload_bun.cjs"),
	}}
	cmd.Env, cmd.Dir, cmd.WaitDelay = settings.Plan(environ).Environ(environ), "testdata/clients/run", time.Second
	endAll(cmd, syscall.SIGKILL)
	output, _ := cmd.CombinedOutput() // some of them leave with an error, some do not
	if !strings.Contains(string(output), words) {
		t.Errorf("got\n%s\nwant %q", output, words)
	}
	if !strings.Contains(page, words) {
		t.Errorf("the page has no %q", words)
	}
}

func absoluteFile(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
