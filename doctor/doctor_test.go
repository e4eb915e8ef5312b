package doctor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/doctor"
)

// machine is one on which nothing is set up, with the folders of a test.
func machine(t *testing.T) doctor.Machine {
	t.Helper()
	return doctor.Machine{
		Home: t.TempDir(), Listen: free(t), Admin: free(t), Intercept: []string{"api.openai.com"},
		DataDir: filepath.Join(t.TempDir(), "data"), AuditPath: filepath.Join(t.TempDir(), "audit.db"),
		Key: doctor.Key{Mode: "passthrough"},
		Upstream: doctor.Provider{
			Host: "api.openai.com", Transport: noAnswer{errors.New("the test has no network")},
			Addr: func(addr string) string { return addr },
		},
		Command: func(verb string) string { return "infershield " + verb },
		Origin:  func(string) string { return "" },
	}
}

type noAnswer struct{ err error }

func (n noAnswer) RoundTrip(*http.Request) (*http.Response, error) { return nil, n.err }

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// check runs one check.
func check(t *testing.T, m doctor.Machine, id string) doctor.Finding {
	t.Helper()
	found := doctor.Run(t.Context(), m, []string{id}, func(int, int) {})
	if len(found) != 1 || found[0].ID != id {
		t.Fatalf("%s: found %+v; want one finding of that id", id, found)
	}
	return found[0]
}

func TestNoProxy(t *testing.T) {
	m := machine(t)
	m.Intercept = []string{"api.openai.com", "*.example.com", "192.0.2.7"}
	for value, want := range map[string]doctor.State{
		"":                              doctor.OK,
		"localhost,127.0.0.1,::1":       doctor.OK,
		"openai.org, notopenai.com":     doctor.OK,
		"chat.openai.com":               doctor.OK,
		"api.openai.com":                doctor.Wrong,
		"localhost,API.OpenAI.com:443":  doctor.Wrong,
		".openai.com":                   doctor.Wrong,
		"*.openai.com":                  doctor.Wrong,
		"*":                             doctor.Wrong,
		"a.example.com":                 doctor.Wrong,
		"example.com":                   doctor.Wrong,
		"192.0.2.0/24":                  doctor.Wrong,
		"198.51.100.0/24,10.0.0.0/8 ::": doctor.OK,
	} {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			m.Environ = []string{name + "=" + value}
			if got := check(t, m, "env.no_proxy"); got.State != want {
				t.Errorf("%s=%s: %s; want %s", name, value, got.State, want)
			}
		}
	}
}

func TestKeyMode(t *testing.T) {
	for _, tc := range []struct {
		key  doctor.Key
		want doctor.State
		fix  string
	}{
		{doctor.Key{Mode: "server"}, doctor.Wrong, "export KEY_MODE=auto"},
		{doctor.Key{Mode: "server", Set: true, Origin: ".env:1"}, doctor.OK, ""},
		{doctor.Key{Mode: "server", Set: true, Placeholder: true, Origin: ".env:1"}, doctor.Wrong, "export KEY_MODE=passthrough"},
		{doctor.Key{Mode: "auto"}, doctor.OK, ""},
		{doctor.Key{Mode: "auto", Set: true, Origin: "environment OPENAI_API_KEY"}, doctor.OK, ""},
		{doctor.Key{Mode: "passthrough"}, doctor.OK, ""},
		{doctor.Key{Mode: "passthrough", Set: true, Placeholder: true}, doctor.OK, ""},
	} {
		m := machine(t)
		m.Key = tc.key
		if got := check(t, m, "key.mode"); got.State != tc.want || got.Fix != tc.fix {
			t.Errorf("%+v: %+v; want %s and %q", tc.key, got, tc.want, tc.fix)
		}
	}
}

// What is said of a file is what was looked at.
func TestKeyFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	for name, tc := range map[string]struct {
		mode   os.FileMode // zero for none
		secret bool
		want   doctor.State
		says   string
	}{
		"secret, private":   {0o600, true, doctor.OK, "Not open to others: "},
		"secret, readable":  {0o644, true, doctor.Wrong, "is open to others (mode 0644)"},
		"settings, private": {0o600, false, doctor.OK, "Not open to others: "},
		"settings":          {0o644, false, doctor.OK, "Without a secret, and others cannot change it: "},
		"settings, loose":   {0o664, false, doctor.Wrong, "can be changed by others"},
		"gone":              {0, true, doctor.Skipped, "cannot be told"},
	} {
		path := filepath.Join(t.TempDir(), ".env")
		if tc.mode != 0 {
			write(t, path, "")
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
		}
		m := machine(t)
		m.Files = []doctor.File{{Path: path, HoldsSecret: tc.secret}}
		if got := check(t, m, "key.files"); got.State != tc.want || !strings.Contains(got.Summary, tc.says) {
			t.Errorf("%s: %+v; want %s and %q", name, got, tc.want, tc.says)
		}
	}
}

func TestDataFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	for name, tc := range map[string]struct {
		make func(t *testing.T, m *doctor.Machine)
		want doctor.State
		fix  string
	}{
		"none yet":      {func(*testing.T, *doctor.Machine) {}, doctor.OK, ""},
		"none possible": {func(_ *testing.T, m *doctor.Machine) { m.DataDir = "" }, doctor.Wrong, "export INFERSHIELD_DATA_DIR="},
		"private":       {func(t *testing.T, m *doctor.Machine) { mkdir(t, m.DataDir, 0o700) }, doctor.OK, ""},
		"readable":      {func(t *testing.T, m *doctor.Machine) { mkdir(t, m.DataDir, 0o755) }, doctor.Warn, "chmod 700 "},
		"writable":      {func(t *testing.T, m *doctor.Machine) { mkdir(t, m.DataDir, 0o777) }, doctor.Wrong, "chmod 700 "},
		"a file":        {func(t *testing.T, m *doctor.Machine) { write(t, m.DataDir, "") }, doctor.Wrong, "mv "},
		"a link": {func(t *testing.T, m *doctor.Machine) {
			mkdir(t, m.DataDir+".real", 0o700)
			if err := os.Symlink(m.DataDir+".real", m.DataDir); err != nil {
				t.Fatal(err)
			}
		}, doctor.OK, ""},
	} {
		m := machine(t)
		tc.make(t, &m)
		if got := check(t, m, "data.folder"); got.State != tc.want || !strings.HasPrefix(got.Fix, tc.fix) {
			t.Errorf("%s: %+v; want %s and %q", name, got, tc.want, tc.fix)
		}
	}
}

func mkdir(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whatever has the port, and however it behaves, is not taken for ours.
func TestOthersOnThePort(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for one that says nothing")
	}
	for name, serve := range map[string]func(net.Conn){
		"says nothing": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"hangs up":     func(net.Conn) {},
		"says much":    func(c net.Conn) { _, _ = c.Write([]byte(strings.Repeat("HTTP/1.1 200 OK\r\n\r\n", 10000))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() { serve(conn); _ = conn.Close() }()
				}
			}()
			m := machine(t)
			m.Listen = l.Addr().String()
			m.Environ = []string{"HTTPS_PROXY=http://" + m.Listen}
			for _, id := range []string{"proxy.port", "env.proxy"} {
				if got := check(t, m, id); got.State != doctor.Wrong {
					t.Errorf("%+v; want it wrong", got)
				}
			}
			if got := check(t, m, "client.curl"); got.State != doctor.Skipped {
				t.Errorf("a client was sent to it: %+v", got)
			}
		})
	}
}

// A run ends when it is told to, and every check has a finding all the same.
func TestEveryCheckHasAFinding(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var progress []int
	found := doctor.Run(ctx, machine(t), nil, func(done, _ int) { progress = append(progress, done) })
	var ids []string
	for _, f := range found {
		ids = append(ids, f.ID)
		if f.Summary == "" || f.State == "" || f.Group == "" {
			t.Errorf("%+v says nothing", f)
		}
	}
	for i, c := range doctor.Checks() {
		if !slices.Contains(ids, c.ID) {
			t.Errorf("%s found nothing", c.ID)
		}
		if progress[i] != i+1 {
			t.Errorf("progress was %v", progress)
		}
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "/a/b-c.pem": "/a/b-c.pem", "it's": `'it'\''s'`, "a b": "'a b'", "$HOME": "'$HOME'", "*": "'*'", "ä": "'ä'",
	} {
		if got := doctor.Quote(text); got != want {
			t.Errorf("Quote(%q) = %s; want %s", text, got, want)
		}
	}
}
