package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Docker is tried in namespaces of its own, network, mounts and processes, so
// that nothing of it is left on this machine and none of its ports, bridges and
// firewall rules meet others. There is no registry: the images that Dockerfile
// and documents name are made here from what this machine has.

// The environment of the test in its namespaces.
const (
	dockerInsideEnv = "INFERSHIELD_TEST_DOCKER" // the folder that the rig works in
	dockerFullEnv   = "INFERSHIELD_DOCKER_FULL" // set: compile inside, as users do
	dockerGateway   = "198.51.100.1"            // where containers reach the stand-in provider
)

// dockerNeeds skips the test where Docker cannot be had.
func dockerNeeds(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("Docker takes half a minute")
	}
	if os.Getuid() != 0 {
		t.Skip("a Docker daemon of one's own takes root")
	}
	for _, tool := range []string{"dockerd", "docker", "busybox", "unshare", "ip", "curl"} {
		needsTool(tool)(t)
	}
	if composeCommand() == nil {
		missing(t, "docker-compose, and docker compose")
	}
	if out, err := exec.Command("unshare", append(namespaceFlags()[:3], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no namespaces of one's own here: unshare: %v, %s", err, out)
	}
}

// composeCommand is how compose is called here: by its own name, or as a part
// of the client.
func composeCommand() []string {
	if _, err := exec.LookPath("docker-compose"); err == nil {
		return []string{"docker-compose"}
	}
	if exec.Command("docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	return nil
}

func namespaceFlags() []string {
	return []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
}

// insideNamespaces runs the calling test once more, in new namespaces, and
// takes over how it ended. What it starts there ends with it, whatever happens.
func insideNamespaces(t *testing.T, folder string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The kernel kills the child when the thread that made it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", append(namespaceFlags(), self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=8m")...)
	cmd.Env = append(os.Environ(), dockerInsideEnv+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Fatalf("inside the namespaces: %v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("%s", out)
	}
	t.Logf("%s", out)
}

// docker is a daemon and a compose project.
type docker struct {
	folder string
	env    []string
}

// startDocker starts a daemon and waits until it answers; the test's end stops
// it. It is skipped where the kernel or the container around us forbids it.
func startDocker(t *testing.T, folder string) *docker {
	t.Helper()
	for _, args := range []string{"link set lo up", "addr add " + dockerGateway + "/32 dev lo"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v, %s", args, err, out)
		}
	}
	socket := "unix://" + filepath.Join(folder, "docker.sock")
	group := "/infershield-test-" + filepath.Base(folder)
	log, err := os.Create(filepath.Join(folder, "dockerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dockerd", "--host="+socket, "--data-root="+filepath.Join(folder, "data"), "--exec-root="+filepath.Join(folder, "exec"),
		"--pidfile="+filepath.Join(folder, "docker.pid"), "--cgroup-parent="+group)
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
		_ = log.Close()
		removeGroups(group)
	})
	// The client tries nothing twice, so the daemon is asked until it answers.
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("unix", strings.TrimPrefix(socket, "unix://"))
		if err == nil {
			_ = conn.Close()
			break
		}
		select {
		case err := <-ended:
			ended <- err
			said, _ := os.ReadFile(log.Name())
			t.Skipf("dockerd cannot run here: %v\n%s", err, said)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("dockerd does not listen after a minute")
		}
	}
	return &docker{folder: folder, env: append(os.Environ(), "DOCKER_HOST="+socket, "DOCKER_CONFIG="+folder,
		"COMPOSE_PROJECT_NAME=infershield-test", "DOCKER_BUILDKIT=0")}
}

// removeGroups removes the control groups that the daemon leaves behind, which
// are folders without processes.
func removeGroups(group string) {
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		found, _ := filepath.Glob(pattern + group) // the pattern is well-formed
		for _, path := range found {
			_ = os.Remove(path) // or stays, empty, until the next boot
		}
	}
}

// try runs a command against the daemon and returns both outputs.
func (d *docker) try(t *testing.T, env []string, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	cmd := exec.Command(name, args...) // not bound to the test's context: cleaning up comes after its end
	cmd.Env = append(d.env[:len(d.env):len(d.env)], env...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	return out.String(), log.String(), err
}

// docker runs the client and returns its output.
func (d *docker) docker(t *testing.T, args ...string) string {
	t.Helper()
	out, log, err := d.try(t, nil, "docker", args...)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, out, log)
	}
	return out
}

// load runs a command against the daemon with content on its standard input.
func (d *docker) load(t *testing.T, content, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env, cmd.Stdin = d.env, strings.NewReader(content)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// inspect returns what the template says about a container.
func (d *docker) inspect(t *testing.T, container, template string) string {
	t.Helper()
	return strings.TrimSpace(d.docker(t, "inspect", "--format", template, container))
}

// importImage makes an image of the folder's content, links followed if asked.
func (d *docker) importImage(t *testing.T, name, folder, follow string, changes ...string) {
	t.Helper()
	pack := exec.CommandContext(t.Context(), "tar", "-C", folder, follow, "-cf", "-", ".")
	content, err := pack.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"import"}
	for _, change := range changes {
		args = append(args, "--change", change)
	}
	load := exec.CommandContext(t.Context(), "docker", append(args, "-", name)...)
	load.Env, load.Stdin = d.env, content
	var packed, loaded bytes.Buffer // one each, since they write at the same time
	pack.Stderr, load.Stderr = &packed, &loaded
	if err := errors.Join(pack.Start(), load.Run(), pack.Wait()); err != nil {
		t.Fatalf("making %s: %v, %s%s", name, err, &packed, &loaded)
	}
}

// baseImage is what Dockerfile builds on: this machine's roots, a shell, and
// in the place of Go a command that hands out the binary, which was compiled
// before. With full it is Go itself, with the modules at hand.
func (d *docker) baseImage(t *testing.T, binary string, full bool) {
	t.Helper()
	dockerfile := string(readFile(t, "../../Dockerfile"))
	name := regexp.MustCompile(`(?m)^FROM (golang:\S+) AS build$`).FindStringSubmatch(dockerfile)
	if name == nil {
		t.Fatal("Dockerfile does not build on golang:…")
	}
	root := t.TempDir()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	for _, applet := range []string{"sh", "mkdir", "cp", "echo"} {
		link(t, busybox, filepath.Join(root, "bin", applet))
	}
	link(t, "/etc/ssl/certs/ca-certificates.crt", filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	if full {
		link(t, filepath.Join(d.folder, "goroot"), filepath.Join(root, "usr/local/go"))
		link(t, filepath.Join(d.folder, "modules"), filepath.Join(root, "go/pkg/mod"))
	} else {
		link(t, binary, filepath.Join(root, "prebuilt"))
		command := filepath.Join(root, "usr/local/go/bin/go")
		if err := os.MkdirAll(filepath.Dir(command), 0o755); err != nil {
			t.Fatal(err)
		}
		const script = "#!/bin/sh\n[ \"$1\" = build ] || exit 0\nwhile [ \"$1\" != -o ]; do shift; done\nmkdir -p \"${2%/*}\" && cp /prebuilt \"$2\"\n"
		if err := os.WriteFile(command, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d.importImage(t, name[1], root, "-h", "ENV PATH=/usr/local/go/bin:/bin", "ENV GOPATH=/go", "ENV GOPROXY=off", "ENV GOFLAGS=-buildvcs=false")
}

// clientImage is an image under the name of the documents' example. It is
// empty but for the links that a merged /usr has: this machine's is mounted
// there, and with it its clients.
func (d *docker) clientImage(t *testing.T, name string) {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"bin", "lib", "lib64", "sbin"} {
		link(t, "usr/"+folder, filepath.Join(root, folder))
	}
	d.importImage(t, name, root, "--numeric-owner", "ENV PATH=/usr/bin")
}

// prepareDocker makes what needs the network or is slow, before the network is
// gone: the binary, and for a full build Go and the modules.
func prepareDocker(t *testing.T, folder string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(folder, "infershield"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	if os.Getenv(dockerFullEnv) == "" {
		return
	}
	link(t, goEnv(t, "GOROOT"), filepath.Join(folder, "goroot"))
	download := exec.CommandContext(t.Context(), "go", "mod", "download")
	download.Env = append(os.Environ(), "GOMODCACHE="+filepath.Join(folder, "modules"), "GOFLAGS=-modcacherw",
		"GOPROXY=file://"+filepath.Join(goEnv(t, "GOMODCACHE"), "cache/download")+","+goEnv(t, "GOPROXY"))
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("downloading modules: %v\n%s", err, out)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Symlink(target, name)); err != nil {
		t.Fatal(err)
	}
}

// snippets writes the compose files of docs/docker.md into the folder, by the
// names that they give themselves.
func snippets(t *testing.T, folder string) {
	t.Helper()
	found := regexp.MustCompile("(?s)```yaml\n# (compose[.a-z]+)(.*?)```").FindAllStringSubmatch(string(readFile(t, "../../docs/docker.md")), -1)
	if len(found) < 3 {
		t.Fatalf("got %d compose files in docs/docker.md; want 3 at least", len(found))
	}
	for _, snippet := range found {
		writeFile(t, filepath.Join(folder, snippet[1]), []byte("# "+snippet[2]))
	}
}

// reachable makes the provider, which listens on loopback, reachable for
// containers, and returns the setting that leads there.
func (p *provider) reachable(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", dockerGateway+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go p.forward(conn)
		}
	}()
	return "api.openai.com:443:" + l.Addr().String()
}

func (p *provider) forward(conn net.Conn) {
	defer conn.Close()
	onward, err := net.Dial("tcp", p.addr())
	if err != nil {
		return
	}
	defer onward.Close()
	go func() {
		_, _ = io.Copy(onward, conn)
		_ = onward.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(conn, onward) // ends with the connection, however that ends
}

// statusOf is the value of a line of /proc/PID/status.
func statusOf(t *testing.T, pid, name string) string {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, "/proc/"+pid+"/status"))) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in the status of process %s", name, pid)
	return ""
}

// decodeLines reads one JSON value a line.
func decodeLines[T any](t *testing.T, text string) []T {
	t.Helper()
	var values []T
	for decoder := json.NewDecoder(strings.NewReader(text)); decoder.More(); {
		var v T
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(fmt.Errorf("%w in %s", err, text))
		}
		values = append(values, v)
	}
	return values
}
