package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/infershield/infershield/keys"
	"github.com/infershield/infershield/policy"
)

// load runs loadConfig in an empty folder with the given files, environment
// and flags.
func load(t *testing.T, files map[string]string, environ []string, flags ...string) (*Config, string, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var warnings strings.Builder
	a := &app{environ: environ, stderr: &warnings}
	cmd := &cobra.Command{Use: "serve"}
	bindSettings(cmd)
	cmd.Flags().StringVar(&a.configPath, "config", "", "")
	if err := cmd.ParseFlags(flags); err != nil {
		t.Fatal(err)
	}
	c, err := a.loadConfig(cmd)
	return c, warnings.String(), err
}

func TestConfigDefaults(t *testing.T) {
	c, warnings, err := load(t, nil, []string{"HOME=/home/ann"})
	if err != nil {
		t.Fatal(err)
	}
	if c.KeyMode != keys.Server || c.Listen != "127.0.0.1:8000" || c.Admin != "127.0.0.1:8001" ||
		!slices.Equal(c.Intercept, []string{"api.openai.com"}) || c.Upstream.String() != "https://api.openai.com" ||
		c.Retention != daysLong(90) || c.BodyMax != 32<<20 || c.LogLevel != 0 || c.LogFormat != "text" ||
		c.Settings != (policy.Settings{}) || !c.Key.IsZero() || c.PolicyPath != "" || c.UpstreamCA != nil || c.ConnectTo != nil {
		t.Errorf("got %+v", c)
	}
	if want := filepath.Join(dataDirDefault(map[string]string{"HOME": "/home/ann"}), "audit.db"); c.auditPath() != want {
		t.Errorf("audit database %s; want %s", c.auditPath(), want)
	}
	if warnings != "" {
		t.Errorf("warns of %q", warnings)
	}
}

// Each source beats those after it.
func TestConfigPrecedence(t *testing.T) {
	sources := []struct {
		file, content, environ, flag string
	}{
		{flag: "--listen=127.0.0.1:1"},
		{environ: "INFERSHIELD_LISTEN=127.0.0.1:2"},
		{file: ".env", content: "INFERSHIELD_LISTEN=127.0.0.1:3\n"},
		{file: "infershield.yaml", content: "listen: 127.0.0.1:4\n"},
	}
	for first := range sources {
		files := map[string]string{}
		var environ, flags []string
		for _, s := range sources[first:] {
			if s.file != "" {
				files[s.file] = s.content
			}
			if s.environ != "" {
				environ = append(environ, s.environ)
			}
			if s.flag != "" {
				flags = append(flags, s.flag)
			}
		}
		c, _, err := load(t, files, environ, flags...)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("127.0.0.1:%d", first+1); c.Listen != want {
			t.Errorf("from %v: listen %s; want %s", sources[first:], c.Listen, want)
		}
	}
}

func TestProxyPort(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		environ []string
		flags   []string
		want    string
	}{
		{"sets the port", nil, []string{"PROXY_PORT=9000"}, nil, "127.0.0.1:9000"},
		{"in .env too", map[string]string{".env": "PROXY_PORT=9000"}, nil, nil, "127.0.0.1:9000"},
		{"and keeps the host", map[string]string{"infershield.yaml": "listen: 0.0.0.0:1"}, []string{"PROXY_PORT=9000"}, nil, "0.0.0.0:9000"},
		{"but not against the environment", nil, []string{"PROXY_PORT=9000", "INFERSHIELD_LISTEN=127.0.0.1:2"}, nil, "127.0.0.1:2"},
		{"nor against a flag", nil, []string{"PROXY_PORT=9000"}, []string{"--listen", "127.0.0.1:2"}, "127.0.0.1:2"},
		{"empty is unset", nil, []string{"PROXY_PORT="}, nil, "127.0.0.1:8000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := load(t, tt.files, tt.environ, tt.flags...)
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != tt.want {
				t.Errorf("got %s; want %s", c.Listen, tt.want)
			}
		})
	}
}

// Every setting can be given in every source, and its example is right.
func TestEverySetting(t *testing.T) {
	for _, s := range settings() {
		if s.example == "" {
			continue // not in this version
		}
		t.Run(s.flag, func(t *testing.T) {
			example := s.example
			if s.flag == "upstream-ca" {
				example = rootFile(t)
			}
			c, _, err := load(t, nil, nil, "--"+s.flag, example)
			if err != nil {
				t.Fatal(err)
			}
			for name, given := range map[string]func() (*Config, string, error){
				"environment": func() (*Config, string, error) { return load(t, nil, []string{s.env + "=" + example}) },
				".env":        func() (*Config, string, error) { return load(t, map[string]string{".env": s.env + "=" + example}, nil) },
				"infershield.yaml": func() (*Config, string, error) {
					return load(t, map[string]string{configName: s.key() + ": " + example}, nil)
				},
			} {
				other, _, err := given()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !reflect.DeepEqual(other, c) {
					t.Errorf("%s: got %+v; want %+v", name, other, c)
				}
			}
		})
	}
}

func rootFile(t *testing.T) string {
	t.Helper()
	_, rootPEM, err := mintProvider([]string{"api.openai.com"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(path, rootPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLists(t *testing.T) {
	want := []string{"api.openai.com", "*.example.com"}
	for name, given := range map[string]func() (*Config, string, error){
		"commas": func() (*Config, string, error) {
			return load(t, nil, nil, "--intercept", "api.openai.com, *.example.com")
		},
		"flags": func() (*Config, string, error) {
			return load(t, nil, nil, "--intercept", want[0], "--intercept", want[1])
		},
		"YAML list": func() (*Config, string, error) {
			return load(t, map[string]string{configName: "intercept:\n- api.openai.com\n- '*.example.com'\n"}, nil)
		},
	} {
		c, _, err := given()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(c.Intercept, want) {
			t.Errorf("%s: got %q; want %q", name, c.Intercept, want)
		}
	}
}

func TestConnectTo(t *testing.T) {
	tests := []struct{ entries, addr, want string }{
		{"api.openai.com:443:127.0.0.1:8443", "api.openai.com:443", "127.0.0.1:8443"},
		{"api.openai.com:443:127.0.0.1:8443", "API.openai.com.:443", "127.0.0.1:8443"},
		{"api.openai.com:443:127.0.0.1:8443", "api.openai.com:80", "api.openai.com:80"},
		{"api.openai.com:443:127.0.0.1:8443", "other.example:443", "other.example:443"},
		{"::127.0.0.1:8443", "any.example:1", "127.0.0.1:8443"},
		{"::127.0.0.1:", "any.example:1", "127.0.0.1:1"},
		{":::8443", "any.example:1", "any.example:8443"},
		{"[::1]:443:[fe80::1]:8443", "[::1]:443", "[fe80::1]:8443"},
		{"a.example::b.example:,::c.example:", "a.example:7", "b.example:7"},
		{"a.example::b.example:,::c.example:", "z.example:7", "c.example:7"},
		{"::127.0.0.1:8443", "no port", "no port"},
	}
	for _, tt := range tests {
		c, err := parseConnectTo(tt.entries)
		if err != nil {
			t.Errorf("%s: %v", tt.entries, err)
			continue
		}
		if got := c.addr(tt.addr); got != tt.want {
			t.Errorf("%s: %s goes to %s; want %s", tt.entries, tt.addr, got, tt.want)
		}
	}
	for _, bad := range []string{"", "a:1:b", "a:1:b:2:c", "::1:443:b:2", "[::1:443:b:2", "[x]:443:b:2", "[::1]443:b:2:3", "a:0:b:2", "a:1:b:65536", "a:x:b:2", "a:1::", "a/b:1:c:2", "https://a:1:b:2"} {
		if c, err := parseConnectTo(bad); err == nil {
			t.Errorf("%q: got %+v; want an error", bad, c)
		}
	}
}

// The key is held where it prints as nothing, and comes from two places alone.
func TestAPIKey(t *testing.T) {
	key := "sk-" + "proj-" + strings.Repeat("q7", 20)
	for _, tt := range []struct {
		files   map[string]string
		environ []string
	}{
		{nil, []string{"OPENAI_API_KEY=" + key}},
		{map[string]string{".env": "OPENAI_API_KEY=" + key}, nil},
		{map[string]string{"secret": key + "\n"}, []string{"OPENAI_API_KEY_FILE=secret", "OPENAI_API_KEY="}},
		{map[string]string{"secret": key, ".env": "OPENAI_API_KEY_FILE=secret"}, nil},
	} {
		c, _, err := load(t, tt.files, tt.environ)
		if err != nil {
			t.Fatal(err)
		}
		if c.Key.IsZero() {
			t.Error("the key was not read")
		}
		if printed := fmt.Sprintf("%+v %#v", c, c); strings.Contains(printed, "q7q7") {
			t.Errorf("the configuration prints its key: %s", printed)
		}
	}
	for _, name := range []string{"OPENAI_API_KEY", "openai_api_key", "openai-api-key", "api_key"} {
		_, _, err := load(t, map[string]string{configName: name + ": " + key}, nil)
		if err == nil || strings.Contains(err.Error(), "q7q7") || !strings.HasPrefix(err.Error(), "infershield.yaml:1:1: ") {
			t.Errorf("%s in YAML: got %v; want an error at 1:1 without the key", name, err)
		}
	}
}

// What is wrong is told without what might be secret.
func TestProblemsKeepSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	for name, given := range map[string]func() (*Config, string, error){
		"quote left open": func() (*Config, string, error) {
			return load(t, map[string]string{".env": "A=1\nOPENAI_API_KEY=\"" + secret + "\n"}, nil)
		},
		"no assignment": func() (*Config, string, error) {
			return load(t, map[string]string{".env": "A=1\n" + secret + "!\n"}, nil)
		},
		"database password": func() (*Config, string, error) {
			return load(t, nil, []string{"INFERSHIELD_AUDIT=mysql://ann:" + secret + "@db/x"})
		},
		"upstream password": func() (*Config, string, error) {
			return load(t, nil, nil, "--upstream", "https://ann:"+secret+"@example.com")
		},
		"upstream unparsed": func() (*Config, string, error) {
			return load(t, nil, nil, "--upstream", "https://ann:"+secret+"@[example.com")
		},
		"a key for a file": func() (*Config, string, error) {
			return load(t, nil, []string{"OPENAI_API_KEY_FILE=sk-" + secret})
		},
		"a key twice": func() (*Config, string, error) {
			return load(t, map[string]string{"f": "sk-" + secret}, []string{"OPENAI_API_KEY_FILE=f", "OPENAI_API_KEY=sk-" + secret})
		},
		"a key in key-mode": func() (*Config, string, error) { return load(t, nil, nil, "--key-mode", "sk-"+secret) },
		"a key as a setting": func() (*Config, string, error) {
			return load(t, map[string]string{configName: "sk-" + secret + ": 1"}, nil)
		},
	} {
		_, _, err := given()
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v; want an error without the secret", name, err)
		}
		var invalid *invalidConfig
		if errors.As(err, &invalid) {
			for _, p := range invalid.problems {
				if strings.Contains(p.hint, secret) {
					t.Errorf("%s: the hint has it: %s", name, p.hint)
				}
			}
		}
	}
}

// The line of the first fault, whether or not quoted values span lines.
func TestDotenvLines(t *testing.T) {
	for content, want := range map[string]string{
		"A=1\nB=2\nC!D=3\n":         ".env:3",
		"A=\"x\ny\"\n\n# note\n!\n": ".env:5",
		"A=\"x\n":                   ".env:1",
		"KEY_MODE=auto\nexport KEY_MODE = wrong\n": ".env:2",
	} {
		_, _, err := load(t, map[string]string{".env": content}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want+": ") {
			t.Errorf("%q: got %v; want it at %s", content, err, want)
		}
	}
}

func TestStrays(t *testing.T) {
	_, warnings, err := load(t, map[string]string{".env": "INFERSHIELD_PORT=1\nUNRELATED=1"}, []string{"INFERSHIELD_MOED=warn", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	want := "warning: .env:1: INFERSHIELD_PORT: is not a setting of InferShield\n" +
		"warning: environment INFERSHIELD_MOED: is not a setting of InferShield; did you mean INFERSHIELD_MODE?\n"
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDataDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	c := &Config{DataDir: dir}
	for range 2 {
		if got, err := c.openDataDir(); err != nil || got != dir {
			t.Fatalf("got %s, %v; want %s", got, err, dir)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("mode %v; want 0700", mode)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("leaves %v behind", left)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"none": "", "below a file": filepath.Join(file, "x"), "a file": file} {
		if _, err := (&Config{DataDir: bad}).openDataDir(); err == nil || hintOf(err) == "" {
			t.Errorf("%s: got %v; want an error with a hint", name, err)
		}
	}
	if os.Geteuid() == 0 {
		return // root may write anywhere
	}
	locked := t.TempDir()
	if err := os.Chmod(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Config{DataDir: locked}).openDataDir(); err == nil || !strings.Contains(hintOf(err), "chown") {
		t.Errorf("not writable: got %v, hint %q; want the chown to type", err, hintOf(err))
	}
}

func TestDataDirDefault(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_DATA_HOME": "/data", "HOME": "/home/ann"}, "/data/infershield"},
		{map[string]string{}, ""},
		{map[string]string{"HOME": "relative"}, ""},
	} {
		if got := dataDirDefault(tt.env); got != tt.want {
			t.Errorf("%v: got %q; want %q", tt.env, got, tt.want)
		}
	}
	relative := dataDirDefault(map[string]string{"XDG_DATA_HOME": "data", "HOME": "/home/ann"})
	if relative != dataDirDefault(map[string]string{"HOME": "/home/ann"}) || !strings.HasPrefix(relative, "/home/ann/") {
		t.Errorf("relative XDG_DATA_HOME: got %q; want the default", relative)
	}
}
