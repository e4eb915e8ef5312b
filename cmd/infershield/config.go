package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/export"
	"github.com/infershield/infershield/keys"
	"github.com/infershield/infershield/policy"
)

// Config is what flags, environment and files say, read once and checked.
// config_settings.go has the table that it is read by.
type Config struct {
	KeyMode      keys.Mode
	Key          keys.Secret     // OPENAI_API_KEY
	Listen       string          // host:port
	Admin        string          // host:port
	DataDir      string          // see openDataDir; empty where this user has none
	AuthorityDir string          // of the authority, where it is not the data folder; no setting
	Intercept    []string        // as ca.ParseHosts takes it
	Upstream     *url.URL        // scheme and host
	CORSOrigins  []string        // scheme://host[:port], lower case
	UpstreamCA   []byte          // PEM, at least one certificate; nil for none
	ConnectTo    connectTo       // applied when dialling the upstream
	PolicyPath   string          // empty for the built-in policy
	Settings     policy.Settings // zero where nobody chose: the policy file's hold
	AuditPath    string          // SQLite file or postgres:// URL; empty for a file in the data folder
	AuditMax     int64           // bytes of audit records; negative for no limit
	Retention    time.Duration   // of audit records
	BodyMax      int64           // bytes
	Opinion      opinionConfig
	Export       export.Config // parts without a URL are not meant; see exportConfig
	Alerts       export.Rules
	LogLevel     slog.Level
	LogFormat    string // text or json
}

// problem is one fault in the configuration.
type problem struct {
	origin  string // flag --listen, environment KEY_MODE, .env:3, infershield.yaml:7:3
	message string
	hint    string
}

func (p problem) String() string { return p.origin + ": " + p.message }

// invalidConfig is every problem of a configuration.
type invalidConfig struct {
	problems []problem
}

func (e *invalidConfig) Error() string {
	lines := make([]string, len(e.problems))
	for i, p := range e.problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// loadPolicy reads the policy that c names, with c's settings on top.
func (c *Config) loadPolicy() (*policy.Policy, error) {
	if c.PolicyPath == "" {
		return policy.Default().With(c.Settings), nil
	}
	p, err := readPolicy(c.PolicyPath)
	if err != nil {
		return nil, err
	}
	return p.With(c.Settings), nil
}

// readPolicy reads a policy file. Its problems come as an *invalidConfig, at
// path:line:column.
func readPolicy(path string) (*policy.Policy, error) {
	source, err := readBounded(path, policyBytesMax)
	if err != nil {
		return nil, withHint(fmt.Errorf("reading the policy: %w", err), "infershield policy show > policy.yaml writes one to begin with")
	}
	p, err := policy.Parse(source)
	var faults *policy.Error
	if !errors.As(err, &faults) {
		return p, err
	}
	invalid := &invalidConfig{}
	for _, fault := range faults.Problems {
		at := path
		if fault.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", path, fault.Line, fault.Column)
			fault.Line = 0 // told by the origin
		}
		invalid.problems = append(invalid.problems, problem{origin: at, message: fault.String()})
	}
	invalid.problems[len(invalid.problems)-1].hint = "infershield policy show explains the format"
	return nil, invalid
}

// openDataDir makes the data folder if there is none and checks that it can be
// written to.
func (c *Config) openDataDir() (string, error) {
	if c.DataDir == "" {
		return "", withHint(errors.New("no data folder: neither XDG_DATA_HOME nor a home folder is set"),
			"--data-dir DIR, or INFERSHIELD_DATA_DIR=DIR")
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return "", c.dataDirError(err)
	}
	// Who can put files there can have programs load them, and make the authority
	// their own.
	if info, err := os.Stat(c.DataDir); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return "", withHint(fmt.Errorf("others can write to the data folder %s (mode %04o)", c.DataDir, info.Mode().Perm()), "chmod 700 %s", doctor.Quote(c.DataDir))
	}
	probe, err := os.CreateTemp(c.DataDir, ".writable-*")
	if err != nil {
		return "", c.dataDirError(err)
	}
	return c.DataDir, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func (c *Config) dataDirError(err error) error {
	hint := "--data-dir DIR names a folder of your own"
	if errors.Is(err, fs.ErrPermission) {
		hint = ownerAdvice(c.DataDir)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the name of the probe tells nobody anything
	}
	return withHint(fmt.Errorf("data folder %s cannot be written to: %w", c.DataDir, err), "%s", hint)
}

// auditPath is where the audit database is.
func (c *Config) auditPath() string {
	if c.AuditPath != "" {
		return c.AuditPath
	}
	return filepath.Join(c.DataDir, "audit.db")
}

// auditFile is the path of the audit database wherever one stands, or its URL.
func (c *Config) auditFile() string {
	if c.auditIsURL() {
		return c.AuditPath
	}
	return absolute(c.auditPath())
}

// auditIsURL says whether the database has a URL, which can hold a password.
func (c *Config) auditIsURL() bool { return strings.Contains(c.AuditPath, "://") }

// dataDirDefault is the user's folder for the data of programs, or "".
func dataDirDefault(env map[string]string) string {
	// The XDG specification wants relative values ignored.
	if dir := env["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "infershield")
	}
	if dir := env["LocalAppData"]; runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "infershield")
	}
	home := env["HOME"]
	if !filepath.IsAbs(home) {
		return ""
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "infershield")
	}
	return filepath.Join(home, ".local", "share", "infershield")
}
