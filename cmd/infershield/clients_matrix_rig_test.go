package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

// otherHost answers for the host that is no provider's.
func otherHost() func(http.Handler) http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "untouched\n") // the client may have gone
	})
	pages.HandleFunc("/birds.git/info/refs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "%040x\trefs/heads/main\n", 1) // as above
	})
	pages.HandleFunc("/browser", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, browserPage, clientKey, matrixPrompt, matrixAttack) // as above
	})
	pages.HandleFunc("/ways.mjs", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/clients/run/ways.mjs")
	})
	said := make(chan struct{}, 1)
	pages.HandleFunc("/said", func(http.ResponseWriter, *http.Request) { said <- struct{}{} })
	pages.HandleFunc("/held", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-said:
		case <-r.Context().Done():
		}
	})
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Host == matrixOther {
				pages.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// browserPage talks to the provider as pages do that hold a key, by WebSocket.
// It has not loaded before it is done, because of the picture.
const browserPage = `<!doctype html><pre>
WebSocket other 200 untouched
</pre><img src="/held"><script type="module">
import { bySocket } from '/ways.mjs';
console.log = (...words) => document.querySelector('pre').append(words.join(' ') + '\n');
await bySocket('WebSocket', WebSocket, { key: %q, prompt: %q, attack: %q });
await fetch('/said', { method: 'POST' });
</script>
`

// matrixEnv are a client's home and environment.
type matrixEnv struct {
	home string
	root string // file with the other host's root
	vars []string
}

// newMatrixEnv is what a user has set who has never heard of InferShield, and
// where the proxy that run starts finds its upstream.
func newMatrixEnv(t *testing.T, p *provider, more []string) matrixEnv {
	t.Helper()
	home := t.TempDir()
	root := filepath.Join(home, "root.pem")
	writeFile(t, root, p.rootPEM)
	vars := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "OPENAI_API_KEY=" + clientKey,
		"TEST_NPM=" + npmFolder(t), "GORACE=atexit_sleep_ms=0",
		"INFERSHIELD_LISTEN=127.0.0.1:0", "INFERSHIELD_ADMIN=127.0.0.1:0",
		"INFERSHIELD_CONNECT_TO=" + p.everyHost(), "INFERSHIELD_UPSTREAM_CA=" + root,
	}
	for _, v := range more {
		vars = append(vars, os.Expand(v, func(string) string { return root }))
	}
	return matrixEnv{home, root, vars}
}

// withSystemRoot is the beginning of a command line that puts a root into the
// system's store, for what comes after it alone.
func withSystemRoot(t *testing.T, root string) []string {
	t.Helper()
	const store = "/etc/ssl/certs/ca-certificates.crt"
	system, err := os.ReadFile(store)
	if err != nil {
		t.Skipf("this system keeps its roots elsewhere: %v", err)
	}
	own, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	both := filepath.Join(t.TempDir(), "system.pem")
	writeFile(t, both, slices.Concat(system, own))
	return []string{"unshare", "--mount", "sh", "-c", `mount --bind "$0" ` + store + ` && exec "$@"`, both}
}

// output runs a program in the environment, before or after the client.
func (e matrixEnv) output(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = e.vars
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return output
}

// records are what the proxy has written that run had started.
func (e matrixEnv) records(t *testing.T) []audit.Record {
	t.Helper()
	output := e.output(t, "infershield", "audit", "list", "--json")
	var records []audit.Record
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var r audit.Record
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}
