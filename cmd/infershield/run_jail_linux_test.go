package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestJail runs programs that take the settings and programs that do not, as
// this user and, where that is root, as nobody, which needs a user namespace.
func TestJail(t *testing.T) {
	needsJail(t)
	needsTool("curl")(t)
	needsTool("python3")(t)
	t.Run("this user", func(t *testing.T) { testJail(t, nil) })
	t.Run("nobody", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root can become somebody else")
		}
		testJail(t, &syscall.Credential{Uid: 65534, Gid: 65534})
	})
}

func testJail(t *testing.T, as *syscall.Credential) {
	rig := newRunRig(t, providerConfig{Keys: []string{clientKey}})
	outside := plainServer(t)
	tcp6, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	defer tcp6.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	abstract, err := net.Listen("unix", "@infershield-jail-test")
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()

	binary := rig.handOver(t, as)
	env := append(rig.env, "PLAIN="+outside, "TCP6="+tcp6.Addr().String(), "UDP="+udp.LocalAddr().String())
	ways := rig.jailed(t, binary, env, as, "python3", "-c", jailWays)
	for _, line := range strings.Split(strings.TrimSpace(ways), "\n") {
		if name, result, _ := strings.Cut(line, ": "); !strings.HasPrefix(result, "refused") {
			t.Errorf("way out by %s: got %s", name, result)
		}
	}
	if n := strings.Count(ways, "\n"); n != 7 {
		t.Errorf("got %d ways tried; want 7:\n%s", n, ways)
	}
	status := rig.jailed(t, binary, env, as, "sh", "-c", "id -u; grep -E 'NoNewPrivs|CapAmb|CapInh' /proc/self/status; ls /sys/class/net")
	id := "0"
	if as != nil {
		id = "65534"
	} else if os.Getuid() != 0 {
		id = strings.TrimSpace(string(must(exec.Command("id", "-u").Output())))
	}
	if want := id + "\nCapInh:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n"; !strings.HasPrefix(status, want) {
		t.Errorf("got %q; want it to begin with %q", status, want)
	}
	if got := rig.jailed(t, binary, env, as, curlPrompt(harmlessPrompt)...); got != "200\n" {
		t.Errorf("with the settings: got %q", got)
	}
	direct := append(curlPrompt(harmlessPrompt), "--noproxy", "*", "--resolve", "api.openai.com:443:127.0.0.1")
	if got := rig.jailed(t, binary, env, as, direct...); got != "000\n" {
		t.Errorf("around the settings: got %q", got)
	}
}

// jailWays tries ways out that need no settings, to servers of this test.
const jailWays = `
import os, socket
def way(name, use):
    try:
        print(name + ": got out, " + str(use()))
    except OSError as e:
        print(name + ": refused, " + str(e))
def tcp(addr):
    host, port = addr.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), 5)
def udp(host, port):
    # A port that nobody listens on refuses what comes to it; the next send tells.
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((host, port))
    s.settimeout(2)
    s.send(b"x")
    return s.recv(1)
def unix():
    s = socket.socket(socket.AF_UNIX)
    s.connect("\0infershield-jail-test")
way("TCP", lambda: tcp(os.environ["PLAIN"]))
way("IPv6", lambda: tcp(os.environ["TCP6"]))
way("UDP", lambda: udp("127.0.0.1", int(os.environ["UDP"].rsplit(":", 1)[1])))
way("UDP 443 as QUIC", lambda: udp("192.0.2.1", 443))
way("address", lambda: tcp("192.0.2.1:443"))
way("DNS", lambda: socket.getaddrinfo("example.com", 443))
way("abstract socket", unix)
`

// jailed runs a program in a jail and returns its output.
func (r *runRig) jailed(t *testing.T, binary string, env []string, as *syscall.Credential, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"run", "-q", "--jail", "--"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.dir, env, &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if err := cmd.Run(); err != nil && (cmd.ProcessState == nil || strings.Contains(errs.String(), "jail")) {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return out.String()
}

// handOver gives another user a copy of the binary and the rig's folder.
func (r *runRig) handOver(t *testing.T, to *syscall.Credential) string {
	t.Helper()
	path := must(exec.LookPath("infershield"))
	if to == nil {
		return path
	}
	dir := must(os.MkdirTemp("", "infershield-jail-test-"))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	copied := filepath.Join(dir, "infershield")
	for _, err := range []error{
		os.Chmod(dir, 0o755), os.WriteFile(copied, must(os.ReadFile(path)), 0o755),
		os.Chmod(filepath.Dir(r.dir), 0o755), os.Chown(r.dir, int(to.Uid), int(to.Gid)),
		os.Chown(filepath.Join(r.dir, "upstream.pem"), int(to.Uid), int(to.Gid)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Exit codes are those that they would be outside.
func TestJailKeepsExitCodes(t *testing.T) {
	needsJail(t)
	rig := newRunRig(t, providerConfig{})
	for script, want := range map[string]int{"exit 7": 7, "kill -KILL $$": 128 + 9} {
		if _, stderr, code := rig.run(t, "--jail", "--", "sh", "-c", script); code != want {
			t.Errorf("%s: got %d, %q; want %d", script, code, stderr, want)
		}
	}
	script := filepath.Join(rig.dir, "script")
	if err := os.WriteFile(script, []byte("#!/nowhere/interpreter\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := rig.run(t, "--jail", "--", script); code != 127 || !strings.Contains(stderr, "hint: ") {
		t.Errorf("a script without its interpreter: got %d, %q; want 127", code, stderr)
	}
}

// Where namespaces are forbidden, the program does not run, and it is said why.
func TestJailThatCannotBeMade(t *testing.T) {
	needsJail(t)
	needsTool("unshare")(t)
	needsTool("setpriv")(t)
	rig := newRunRig(t, providerConfig{})
	// The limit is that of a user namespace of the test's own.
	script := `echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all infershield run --jail -- echo it ran`
	cmd := exec.CommandContext(t.Context(), "unshare", "--user", "--map-root-user", "sh", "-c", script)
	cmd.Dir, cmd.Env = rig.dir, rig.env
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), "it ran") {
		t.Errorf("got %v, %q; want it not to run", err, out)
	}
	if !strings.Contains(string(out), "error: ") || !strings.Contains(string(out), "hint: this system forbids user namespaces") {
		t.Errorf("got %q; want an error and a hint", out)
	}
}
