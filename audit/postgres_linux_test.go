package audit_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// server is a PostgreSQL of the test's own, on a socket in a temporary folder.
type server struct {
	dir  string // socket and data
	bin  string
	as   *syscall.SysProcAttr
	next atomic.Int64 // number of the next database
}

// shared is the one that tests share unless they stop it. It is stopped when
// all have ended.
var shared = sync.OnceValues(func() (*server, error) {
	s, err := newServer()
	if err == nil {
		err = s.start()
	}
	return s, err
})

func newServer() (*server, error) {
	s := &server{}
	var err error
	if s.bin, err = postgresFolder(); err != nil {
		return nil, err
	}
	if s.as, err = notRoot(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if s.as != nil && s.as.Credential != nil {
		if err := os.Chown(s.dir, int(s.as.Credential.Uid), int(s.as.Credential.Gid)); err != nil {
			return nil, err
		}
	}
	return s, s.run("initdb", "-D", s.dir+"/data", "-U", "tester", "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--no-sync", "-E", "UTF8", "--locale=C")
}

// postgresFolder is where Debian keeps what is not for everybody's path.
func postgresFolder() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if len(found) == 0 {
		return "", fmt.Errorf("initdb: %w", exec.ErrNotFound)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// notRoot is how to run as somebody else: PostgreSQL refuses root.
func notRoot() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32) // they are numbers on Linux
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

const serverPassword = "correct-horse-battery"

func (s *server) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as.Credential}
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PGPASSWORD="+serverPassword)
	in, err := os.CreateTemp("", "pw")
	if err != nil {
		return err
	}
	defer os.Remove(in.Name()) //nolint:errcheck // in the temporary folder
	if err := os.Chmod(in.Name(), 0o644); err != nil {
		return err
	}
	if _, err := in.WriteString(serverPassword + "\n"); err != nil {
		return err
	}
	for i := range args {
		if args[i] == "--pwfile=/dev/stdin" {
			cmd.Args[i+1] = "--pwfile=" + in.Name()
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

func (s *server) start() error {
	return s.run("pg_ctl", "-D", s.dir+"/data", "-w", "-t", "60", "-l", s.dir+"/log", "-o",
		"-c listen_addresses='' -c unix_socket_directories="+s.dir+" -c fsync=off -c max_connections=200 -c shared_buffers=256MB", "start")
}

// stop ends the server at once, as a crash does.
func (s *server) stop() error {
	return s.run("pg_ctl", "-D", s.dir+"/data", "-w", "-m", "immediate", "stop")
}

func (s *server) remove() error { return os.RemoveAll(s.dir) }

// url of a database of the server.
func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://tester:%s@/%s?host=%s", serverPassword, database, s.dir)
}

// fresh makes an empty database.
func (s *server) fresh(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("audit%d", s.next.Add(1))
	db := raw(t, s.url("postgres"))
	execute(t, db, "CREATE DATABASE "+name)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

// postgres returns the URL of an empty database of the shared server.
func postgres(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("PostgreSQL: not in short mode")
	}
	s, err := shared()
	skipWithout(t, err)
	started.Store(s)
	return s.fresh(t)
}

// started is the shared server, once there is one.
var started atomic.Pointer[server]

// skipWithout skips a test whose tool is missing, unless where it should not.
func skipWithout(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("PostgreSQL: %v; scripts/test-deps.sh installs it", err)
	}
	t.Skipf("PostgreSQL: %v; scripts/test-deps.sh installs it", err)
}

// stopShared ends the shared server, if it was started.
func stopShared() {
	if s := started.Load(); s != nil {
		if err := s.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		_ = s.remove() // in the temporary folder
	}
}

// outage stops a server and returns what brings it back.
func outage(t *testing.T, s *server) (back func()) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
	}
}
