package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// nodes are the versions that are in use.
var nodes = []string{"node18", "node20", "node22", "node24"}

// nodePath is where scripts/test-deps.sh has put a version of Node.
func nodePath(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../.cache", name, "node_modules/.bin/node"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		missing(t, name+" (scripts/test-deps.sh installs it)")
	}
	return path
}

// eachNode runs a test with each version, as a program of its own.
func eachNode(t *testing.T, test func(t *testing.T, node string)) {
	t.Helper()
	for _, name := range nodes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, nodePath(t, name))
		})
	}
}

// experiment is what Node 22 says of its own proxy support.
var experiment = regexp.MustCompile(`(?m)^\(node:\d+\) \[UNDICI-EHPA\].*\n\(Use .*\n`)

const nodeWays = `fetch: 200
fetch of much: 200
fetch of plain HTTP: GET /hello for plain.example
https: 200
https by name: 200
https, agent of its own: 200
https, no agent: 200
https, kept alive: 1 connection
tls by name: connected
https, read slowly: 4 MiB
http: GET /hello for plain.example
http, agent of its own: GET /hello for plain.example
http2: 200 h2
ws package: session.created
undici package: 200
openai package: streamed
openai package, Realtime: session.created
WebSocket: session.created
worker: 200 200
`

// withMuch adds a file of four megabytes to a provider.
func withMuch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/files/much/content" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(bytes.Repeat([]byte{0xfe}, 4<<20)) // the client may be gone
	})
}

// Whatever a program of Node's uses goes through the proxy, and the program
// ends when it would have ended. Run in a jail, so that nothing gets there by
// another way.
func TestNodeGoesThrough(t *testing.T) {
	if testing.Short() {
		t.Skip("drives four versions of Node")
	}
	needsNPM(t)
	program, err := filepath.Abs("testdata/preload/ways.mjs")
	if err != nil {
		t.Fatal(err)
	}
	eachNode(t, func(t *testing.T, node string) {
		rig := newRunRig(t, providerConfig{Keys: []string{clientKey}, Wrap: withMuch})
		rig.env = append(rig.env, "TEST_KEY="+clientKey, "INFERSHIELD_CONNECT_TO="+rig.provider.everyHost()+",plain.example:80:"+plainServer(t))
		began := time.Now()
		flags := []string{"--"}
		if jailable() {
			flags = []string{"--jail", "--"}
		}
		out, stderr, code := rig.run(t, append(flags, node, program)...)
		if code != 0 || out != nodeWays {
			t.Errorf("got %d after %v:\n%s\n%s\nwant:\n%s", code, time.Since(began), out, stderr, nodeWays)
		}
		stderr = experiment.ReplaceAllString(stderr, "") // from a worker thread, on Node 22
		if lines := strings.Count(strings.TrimSpace(stderr), "\n"); lines > 0 {
			t.Errorf("got more on stderr than the summary: %s", stderr)
		}
	})
}

// The preload is in the way of no program that has nothing to do with it, says
// clearly that the proxy has gone, and keeps to NO_PROXY.
func TestNodePreloadIsHarmless(t *testing.T) {
	if testing.Short() {
		t.Skip("drives four versions of Node")
	}
	rig := newRunRig(t, providerConfig{})
	rig.output(t, "env")
	eachNode(t, func(t *testing.T, node string) {
		port := plainServer(t)
		for _, c := range []struct{ name, script, want string }{
			{"nothing", "console.log(Object.keys(process.moduleLoadList ?? {}).length > 0, process.exitCode)", "true undefined\n"},
			{"names and lengths", "console.log(fetch.name, fetch.length, require('tls').connect.name)", "fetch 1 connect\n"},
			{"bypass", "fetch('http://" + port + "/x').then(r => r.text()).then(console.log)", "GET /x for " + port + "\n"},
			{"bypass by http", "require('http').get('http://" + port + "/x', r => r.pipe(process.stdout))", "GET /x for " + port},
			{"gone", "fetch('https://api.openai.com/').catch(e => console.log(e.cause.code, e.cause.message))",
				"ECONNREFUSED InferShield's proxy 127.0.0.1:9 cannot be reached: connect ECONNREFUSED 127.0.0.1:9. Start it with `infershield serve`, or run the program with `infershield run`.\n"},
			{"gone, by https", "require('https').get('https://api.openai.com/').on('error', e => console.log(e.code))", "ECONNREFUSED\n"},
			{"to a pipe of its own", "const s = require('net').connect(" + port[len("127.0.0.1:"):] + "); require('tls').connect({socket: s}).on('error', e => console.log('not TLS'))", "not TLS\n"},
		} {
			// The variables of env, with nobody listening.
			cmd := exec.CommandContext(t.Context(), "sh", "-c", `eval "$(infershield env --listen 127.0.0.1:9 2>/dev/null)"; unset NODE_USE_ENV_PROXY; exec "$0" "$@"`, node, "-e", c.script)
			cmd.Dir, cmd.Env = rig.dir, rig.env
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != c.want {
				t.Errorf("%s: got %v, %q; want %q", c.name, err, out, c.want)
			}
		}
	})
}
