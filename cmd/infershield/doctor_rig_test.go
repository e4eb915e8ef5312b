//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
)

// patient is a user's account on a machine: a folder, a shell's environment that
// lives from one command to the next, and a stand-in provider.
type patient struct {
	t        *testing.T
	dir, bin string
	env      map[string]string
	provider *provider
	uid      uint32 // whose account it is; 0 is the one that runs the test
}

// shellTools are what fixes are made of. Of clients there is curl alone, lest
// each run try all that the machine has.
var shellTools = []string{"sh", "env", "curl", "chmod", "kill", "sleep", "mv", "rm", "sed", "cat", "touch"}

// newPatient makes an account in passthrough mode in which nothing runs yet.
func newPatient(t *testing.T, config providerConfig) *patient {
	t.Helper()
	needsTool("curl")(t)
	p := &patient{t: t, dir: t.TempDir(), provider: newProvider(t, config)}
	bin := filepath.Join(p.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tool := range append(shellTools, "infershield") {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, p.path("upstream.pem"), p.provider.rootPEM)
	p.bin = bin
	p.env = map[string]string{
		"PATH": bin, "HOME": p.dir, "GORACE": "atexit_sleep_ms=0", "KEY_MODE": "passthrough",
		"INFERSHIELD_LISTEN": freePort(t), "INFERSHIELD_ADMIN": freePort(t),
		"INFERSHIELD_DATA_DIR":    p.path("data"),
		"INFERSHIELD_CONNECT_TO":  p.provider.everyHost(),
		"INFERSHIELD_UPSTREAM_CA": p.path("upstream.pem"),
	}
	return p
}

func (p *patient) path(name string) string { return filepath.Join(p.dir, name) }

// well starts the proxy and makes the settings, by the commands that are for it.
func (p *patient) well() {
	p.t.Helper()
	p.sh("infershield serve &")
	p.awaitProxy()
	p.sh(`eval "$(infershield env)"`)
}

// sh runs a line as typed at a prompt: what it exports, and what it starts, stays.
func (p *patient) sh(line string) {
	p.t.Helper()
	after, log := p.path("env.after"), p.path("sh.log")
	cmd := exec.CommandContext(context.Background(), p.bin+"/sh", "-c", line+"\nenv -0 > "+after)
	cmd.Dir, cmd.Env = p.dir, p.environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.credential()}
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		p.t.Fatal(err)
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output // a file: what is left running does not hold it open
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log)
		p.t.Fatalf("%s: %v\n%s", line, err, said)
	}
	p.t.Cleanup(func() { p.end(cmd.Process.Pid) })
	left, err := os.ReadFile(after)
	if err != nil {
		p.t.Fatal(err)
	}
	p.env = make(map[string]string)
	for entry := range strings.SplitSeq(string(left), "\x00") {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "_" && name != "PWD" && name != "SHLVL" && name != "OLDPWD" {
			p.env[name] = value
		}
	}
}

// end ends what a line has left running, and waits for it: its folder is about
// to be removed.
func (p *patient) end(group int) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if err := syscall.Kill(-group, syscall.SIGTERM); errors.Is(err, syscall.ESRCH) {
			return
		}
	}
	p.t.Errorf("process group %d does not end", group)
}

func (p *patient) credential() *syscall.Credential {
	if p.uid == 0 {
		return nil
	}
	return &syscall.Credential{Uid: p.uid, Gid: p.uid}
}

func (p *patient) environ() []string {
	environ := make([]string, 0, len(p.env))
	for name, value := range p.env {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// awaitProxy waits until something listens where the proxy should.
func (p *patient) awaitProxy() {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", p.env["INFERSHIELD_LISTEN"]); err == nil {
			_ = conn.Close()
			return
		}
	}
	said, _ := os.ReadFile(p.path("sh.log"))
	p.t.Fatalf("nothing listens on %s\n%s", p.env["INFERSHIELD_LISTEN"], said)
}

// awaitAuthority waits until the proxy has taken a new authority over.
func (p *patient) awaitAuthority(fingerprint string) {
	p.t.Helper()
	proxy := &proxyProcess{addr: p.env["INFERSHIELD_LISTEN"], caFile: p.path("data/ca.pem")}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		resp, err := proxy.httpClient(p.t).Get("https://" + ca.CheckHost("api.openai.com") + "/")
		if err != nil {
			continue // it still shows the one before
		}
		var hello doctor.Hello
		if err := json.Unmarshal(readBody(p.t, resp), &hello); err == nil && hello.Authority == fingerprint {
			return
		}
	}
	p.t.Fatal("the proxy does not take the new authority over")
}

// doctor examines the patient and checks that the exit code agrees.
func (p *patient) doctor(args ...string) diagnosis {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(p.t.Context(), p.bin+"/infershield", append([]string{"doctor", "--json"}, args...)...)
	cmd.Args[0] = "infershield"
	cmd.Dir, cmd.Env = p.dir, p.environ()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.credential()}
	err := cmd.Run()
	var found diagnosis
	if jsonErr := json.Unmarshal(stdout.Bytes(), &found); jsonErr != nil {
		p.t.Fatalf("infershield doctor: %v, %v\n%s%s", err, jsonErr, stdout.Bytes(), stderr.Bytes())
	}
	var exit *exec.ExitError
	if failed := errors.As(err, &exit) && exit.ExitCode() == exitFailed; failed == found.OK {
		p.t.Errorf("infershield doctor: ok is %t, and it ended with %v", found.OK, err)
	}
	return found
}

// wrong are the ids of what is wrong, in order.
func (d diagnosis) wrong() []string {
	ids := []string{}
	for _, f := range d.Findings {
		if f.State == doctor.Wrong {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func (d diagnosis) find(id string) doctor.Finding {
	i := slices.IndexFunc(d.Findings, func(f doctor.Finding) bool { return f.ID == id })
	if i < 0 {
		return doctor.Finding{}
	}
	return d.Findings[i]
}

// String has what is not well, for messages.
func (d diagnosis) String() string {
	var b strings.Builder
	for _, f := range d.Findings {
		if f.State == doctor.Wrong || f.State == doctor.Warn {
			fmt.Fprintf(&b, "%s %s: %s\n  %s\n  fix: %s\n", f.State, f.ID, f.Summary, f.Detail, f.Fix)
		}
	}
	return b.String()
}

// freePort is an address on which nothing listens. Each comes once.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// without removes variables.
func (p *patient) without(match func(name string) bool) {
	maps.DeleteFunc(p.env, func(name, _ string) bool { return match(name) })
}
