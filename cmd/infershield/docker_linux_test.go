package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

// TestDocker builds the image and runs it by compose.yaml, as docs/docker.md
// says, in each key mode: by the port that is published, and from another
// container through the proxy, trusting the roots on the volume.
func TestDocker(t *testing.T) {
	if folder := os.Getenv(dockerInsideEnv); folder != "" {
		testDocker(t, folder)
		return
	}
	dockerNeeds(t)
	t.Parallel() // it mostly waits
	folder := t.TempDir()
	prepareDocker(t, folder)
	insideNamespaces(t, folder)
}

func testDocker(t *testing.T, folder string) {
	d := &composed{docker: startDocker(t, folder), provider: newProvider(t, providerConfig{Keys: []string{serverKey, clientKey}})}
	d.baseImage(t, filepath.Join(folder, "infershield"), os.Getenv(dockerFullEnv) != "")
	d.clientImage(t, "python:3.13-slim")
	snippets(t, folder)
	d.arrange(t)
	t.Cleanup(func() { d.compose(t, nil, "down", "--volumes") })

	var first shownCA
	for _, c := range []custody{custodies[1], custodies[0], custodies[3]} {
		d.testMode(t, c)
		authority := d.authority(t)
		if first.Fingerprint == "" {
			first = authority
		}
		if authority.Fingerprint != first.Fingerprint {
			t.Errorf("%s: the authority is %s; want %s, as before", c.name, authority.Fingerprint, first.Fingerprint)
		}
	}
	t.Run("restart", func(t *testing.T) { d.testRestart(t, first) })
	t.Run("hardened", d.testHardened)
	t.Run("secret", d.testSecret)
	t.Run("alone", d.testAlone)
	t.Run("folder of the host", d.testFolder)
}

// composed is the project of compose.yaml, the example of docs/docker.md and
// what the test adds.
type composed struct {
	*docker
	provider *provider
	files    []string
	env      []string
	asked    int // exchanges that the audit log must hold
}

// arrange writes the compose file that makes a test of it: where the provider
// is, and clients from this machine.
func (d *composed) arrange(t *testing.T) {
	t.Helper()
	roots := filepath.Join(d.folder, "upstream.pem")
	writeFile(t, roots, d.provider.rootPEM)
	if err := os.Chmod(roots, 0o644); err != nil {
		t.Fatal(err)
	}
	d.env = []string{"INFERSHIELD_CONNECT_TO=" + d.provider.reachable(t), "INFERSHIELD_UPSTREAM_CA=/upstream.pem"}
	test := filepath.Join(d.folder, "compose.test.yaml")
	writeFile(t, test, []byte(`services:
  proxy:
    healthcheck: {test: [CMD, infershield, health], interval: 1s, timeout: 5s, retries: 20}
    volumes: ["`+roots+`:/upstream.pem:ro"]
  app:
    container_name: app
    command: [sleep, infinity]
    stop_signal: SIGKILL
    volumes: ["/usr:/usr:ro", "/etc/alternatives:/etc/alternatives:ro"]
`))
	settings := filepath.Join(d.folder, ".env")
	writeFile(t, settings, readFile(t, "../../.env.example"))
	d.files = []string{"--project-directory", ".", "--env-file", settings, "-f", "compose.yaml", "-f", filepath.Join(d.folder, "compose.app.yaml"), "-f", test}
}

// compose runs compose and returns its output.
func (d *composed) compose(t *testing.T, env []string, args ...string) string {
	t.Helper()
	command := slices.Concat(composeCommand(), d.files, args)
	out, log, err := d.try(t, append(env, d.env...), command[0], command[1:]...)
	if err != nil {
		logs, _, _ := d.try(t, nil, "docker", "logs", "infershield") // to go with the failure
		t.Fatalf("compose %s: %v\n%s%s%s", strings.Join(args, " "), err, out, log, logs)
	}
	return out
}

// testMode brings the project up in one key mode, asks from a container and
// from the host, and takes it down again, all but the volumes and the last.
func (d *composed) testMode(t *testing.T, c custody) {
	t.Run(c.name, func(t *testing.T) {
		env := []string{"KEY_MODE=" + c.keyMode, "OPENAI_API_KEY=" + c.serverKey}
		d.compose(t, env, "up", "-d") // returns once the proxy is well and the roots are written
		for _, key := range []string{clientKey, ""} {
			seen := c.seenWithKey
			if key == "" {
				seen = c.seenWithNone
			}
			d.ask(t, question{c.name + " app", key, seen}, d.fromContainer)
			d.ask(t, question{c.name + " host", key, seen}, d.fromHost)
		}
		logs, log, err := d.try(t, nil, "docker", "logs", "infershield")
		if err != nil || strings.Contains(logs+log, serverKey) || strings.Contains(logs+log, clientKey) {
			t.Errorf("%v, or a key in the log: %s%s", err, logs, log)
		}
		warned := strings.Contains(log, "warning: whoever reaches [::]:8000 can spend the server's key; publish the port on 127.0.0.1 alone")
		if want := c.serverKey != "" && c.keyMode != "passthrough"; warned != want {
			t.Errorf("warns of the open port: %t; want %t\n%s", warned, want, log)
		}
	})
}

type question struct {
	name string
	key  string // the client's; empty for none
	seen string // the key that the provider must see; empty for no request at all
}

// ask asks and compares what came of it with what the provider saw.
func (d *composed) ask(t *testing.T, q question, from func(t *testing.T, body, key string) string) {
	t.Helper()
	d.asked++
	prompt := fmt.Sprintf("Which birds sing in May? (%s, key=%t)", q.name, q.key != "")
	body := `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"` + prompt + `"}]}`
	answer := from(t, body, q.key)
	seen := d.provider.sightingsOf(sumOf([]byte(body)))
	if q.seen == "" {
		if strings.TrimSpace(answer) != missingKeyAnswer || len(seen) > 0 {
			t.Errorf("%s without a key: got %s, and %d requests at the provider; want the 401 and none", q.name, answer, len(seen))
		}
		return
	}
	if !strings.Contains(answer, answerTo(prompt)) || len(seen) != 1 || !slices.Equal(seen[0].keys, []string{q.seen}) {
		t.Errorf("%s, key=%t: got %s, and %d requests at the provider; want an answer, and one request with the right key", q.name, q.key != "", answer, len(seen))
	}
}

// fromContainer asks from the example's app, by the variables that it has and
// nothing else.
func (d *composed) fromContainer(t *testing.T, body, key string) string {
	args := []string{"exec", "app", "curl", "-sS", "https://api.openai.com/v1/chat/completions", "-H", "Content-Type: application/json", "-d", body}
	if key != "" {
		args = append(args, "-H", "Authorization: Bearer "+key)
	}
	return d.docker.docker(t, args...)
}

// fromHost asks by the published port, which compose has brought up healthy.
func (d *composed) fromHost(t *testing.T, body, key string) string {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8000/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(readBody(t, answer))
}

func (d *composed) authority(t *testing.T) shownCA {
	t.Helper()
	return decodeLines[shownCA](t, d.docker.docker(t, "exec", "infershield", "infershield", "ca", "show", "--json"))[0]
}

// testRestart restarts the container, and restores a backup into an empty
// volume: the authority and the records must survive both, as they have
// survived a new container with every key mode.
func (d *composed) testRestart(t *testing.T, authority shownCA) {
	survived := func(after string) {
		if got := d.authority(t); got.Fingerprint != authority.Fingerprint {
			t.Errorf("%s: the authority is %s; want %s, as before", after, got.Fingerprint, authority.Fingerprint)
		}
		list := d.docker.docker(t, "exec", "infershield", "infershield", "audit", "list", "--json", "--limit", "1000")
		if got := decodeLines[audit.Record](t, list); len(got) != d.asked {
			t.Errorf("%s: got %d records; want %d", after, len(got), d.asked)
		}
	}
	d.docker.docker(t, "restart", "infershield")
	survived("restart")

	env := []string{"KEY_MODE=passthrough"}
	d.docker.docker(t, "stop", "infershield")
	backup := d.docker.docker(t, "cp", "infershield:/data/.", "-")
	d.compose(t, env, "down", "--volumes")
	d.compose(t, env, "up", "--no-start", "proxy")
	d.load(t, backup, "docker", "cp", "-", "infershield:/data")
	d.compose(t, env, "up", "-d")
	survived("restore")
	d.ask(t, question{"after all of it", clientKey, clientKey}, d.fromContainer)
}

// testHardened looks at the process that serves.
func (d *composed) testHardened(t *testing.T) {
	pid := d.inspect(t, "infershield", "{{.State.Pid}}")
	for name, want := range map[string]string{
		"Uid": "65532 65532 65532 65532", "Gid": "65532 65532 65532 65532",
		"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1",
	} {
		if got := statusOf(t, pid, name); got != want {
			t.Errorf("%s is %s; want %s", name, got, want)
		}
	}
	if got := string(readFile(t, "/proc/"+pid+"/cmdline")); got != "infershield\x00serve\x00" {
		t.Errorf("its command line is %q; want no more than infershield serve", got)
	}
	if got := d.inspect(t, "infershield", "{{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}}"); got != "healthy true" {
		t.Errorf("healthy and read-only: got %s", got)
	}
	for path, want := range map[string]string{"/ca.pem": "read-only file system", "/usr/local/bin/infershield": "read-only file system", "/data/copy.pem": ""} {
		_, log, err := d.try(t, nil, "docker", "exec", "infershield", "infershield", "ca", "export", "--out", path)
		if (err != nil) != (want != "") || !strings.Contains(log, want) {
			t.Errorf("writing %s: got %v, %s; want %q", path, err, log, want)
		}
	}
	size, err := strconv.Atoi(strings.TrimSpace(d.docker.docker(t, "image", "inspect", "--format", "{{.Size}}", "infershield/proxy")))
	if err != nil || size > 40_000_000 {
		t.Errorf("the image has %d bytes, %v; want 40 MB at most", size, err)
	}
	t.Logf("image: %.1f MB", float64(size)/1e6)
	if health, err := http.Get("http://localhost:8001/healthz"); err != nil || string(readBody(t, health)) != "ok\n" {
		t.Errorf("the admin port as published: %v, %v", health, err)
	}
}

// testSecret gives the key as a file.
func (d *composed) testSecret(t *testing.T) {
	secret := filepath.Join(d.folder, "openai_api_key.txt")
	writeFile(t, secret, []byte(serverKey+"\n"))
	if err := os.Chown(secret, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	content := strings.ReplaceAll(string(readFile(t, filepath.Join(d.folder, "compose.secret.yaml"))), "./openai_api_key.txt", secret)
	writeFile(t, filepath.Join(d.folder, "compose.secret.yaml"), []byte(content))
	d.files = append(d.files, "-f", filepath.Join(d.folder, "compose.secret.yaml"))
	env := []string{"KEY_MODE=server"}
	d.compose(t, env, "up", "-d")
	d.ask(t, question{"secret", "", serverKey}, d.fromHost)
	if got := d.inspect(t, "infershield", "{{json .}}"); strings.Contains(got, serverKey) {
		t.Error("docker inspect shows the key")
	}
}

// testAlone runs the image without compose, within a memory limit.
func (d *composed) testAlone(t *testing.T) {
	d.docker.docker(t, "run", "-d", "--name", "alone", "--memory", "128m", "--read-only", "-p", "127.0.0.1:9001:8001", "-e", "KEY_MODE=auto", "--health-interval", "1s", "infershield/proxy")
	d.docker.docker(t, "exec", "alone", "infershield", "health")
	metrics, err := http.Get("http://127.0.0.1:9001/metrics")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("go_gc_gomemlimit_bytes %s\n", strconv.FormatFloat(128<<20/100*memoryPercent, 'g', -1, 64))
	if got := string(readBody(t, metrics)); !strings.Contains(got, want) {
		t.Errorf("the metrics have no %q", want)
	}
	d.docker.docker(t, "stop", "alone")
	if got := d.inspect(t, "alone", "{{.State.ExitCode}}"); got != "0" {
		t.Errorf("stopped with exit code %s; want 0", got)
	}
	d.docker.docker(t, "rm", "--volumes", "alone")
}

// testFolder mounts a folder of the host that is not the image's user's, then
// does what the hint says.
func (d *composed) testFolder(t *testing.T) {
	folder := filepath.Join(d.folder, "host data")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	run := func() (string, error) {
		_, log, err := d.try(t, nil, "docker", "run", "--rm", "-v", folder+":/data", "infershield/proxy", "ca", "show")
		return log, err
	}
	const want = "error: data folder /data cannot be written to: permission denied\n" +
		"hint: on the host: sudo chown -R 65532:65532 the folder that is mounted as /data; a named volume needs nothing\n"
	if log, err := run(); err == nil || log != want {
		t.Errorf("got %v, %s; want %s", err, log, want)
	}
	if err := os.Chown(folder, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	if log, err := run(); err != nil {
		t.Errorf("after the hint: %v, %s", err, log)
	}
}
