package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infershield/infershield/launch"
)

// clientTimeout bounds one client. Java compiles first.
const clientTimeout = 15 * time.Second

const outputMax = 64 << 10 // bytes kept of what a client prints

// look tries one kind of client.
func (c client) look(ctx context.Context, v *visit) []Finding {
	programs := c.find(v)
	switch {
	case len(programs) == 0:
		return skipped(c.name + " is not on this machine.")
	case v.check == "":
		return skipped("There is no name to try: only addresses are intercepted.")
	case v.wayAddr() == "" && v.env["JAVA_TOOL_OPTIONS"] == "":
		return skipped("No proxy is set; see env.proxy.")
	case v.way().err != nil || !v.way().ours:
		return skipped("The proxy of this shell is not InferShield, or does not run; see env.proxy.")
	case !v.way().reached():
		return skipped("InferShield does not let anybody through; see proxy.running and proxy.leaf.")
	}
	var found []Finding
	for _, program := range programs {
		name := c.name
		if len(programs) > 1 {
			name += " (" + program[0] + ")"
		}
		found = append(found, c.try(ctx, v, name, program))
	}
	return found
}

// find returns the command lines to try, without what is got.
func (c client) find(v *visit) [][]string {
	if c.tools == nil {
		if len(v.Probe) == 0 {
			return nil
		}
		return [][]string{v.Probe}
	}
	var programs [][]string
	var seen []string
	for _, dir := range filepath.SplitList(v.env["PATH"]) {
		for _, tool := range c.tools {
			path, err := exec.LookPath(filepath.Join(dir, tool))
			if err != nil || !filepath.IsAbs(path) {
				continue
			}
			real, err := filepath.EvalSymlinks(path)
			if err != nil || slices.Contains(seen, real) {
				continue
			}
			seen = append(seen, real)
			programs = append(programs, []string{path})
			if !c.every {
				return programs
			}
		}
	}
	return programs
}

// try has one program get the check name, and judges what it says.
func (c client) try(ctx context.Context, v *visit, name string, program []string) Finding {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	said, err := c.run(ctx, v, program)
	var exit *exec.ExitError
	switch {
	case greeted(said.stdout) || c.reached != "" && strings.Contains(said.stderr, c.reached):
		return Finding{State: OK, Summary: name + " comes through InferShield and trusts it."}
	case errors.As(err, &exit) && fmt.Sprint(exit.ExitCode()) == skip:
		return Finding{State: Skipped, Summary: name + " lacks what it takes to get a URL over TLS."}
	case ctx.Err() != nil:
		return Finding{State: Skipped, Summary: name + " took too long to answer."}
	case distrust.MatchString(said.stderr):
		return Finding{State: Wrong, Summary: name + " comes through InferShield but does not trust it.",
			Detail: c.why(v, c.trust, "learns whom to trust"), Fix: v.settle()}
	case astray.MatchString(said.stderr):
		return Finding{State: Wrong, Summary: name + " goes around InferShield.",
			Detail: c.why(v, c.route, "learns of a proxy"), Fix: v.settle()}
	}
	return Finding{State: Wrong, Summary: name + " does not get through.", Detail: lastLine(said), Fix: v.settle()}
}

// output is what a program printed.
type output struct{ stdout, stderr string }

func (c client) run(ctx context.Context, v *visit, program []string) (output, error) {
	args := c.args("https://" + v.check + "/")
	if c.file != "" {
		dir, err := os.MkdirTemp("", "infershield-doctor-*")
		if err != nil {
			return output{}, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // of a temporary folder
		source := filepath.Join(dir, "Check.java")
		if err := os.WriteFile(source, []byte(c.file), 0o600); err != nil {
			return output{}, err
		}
		args = slices.Insert(args, len(args)-1, source)
	}
	args = append(slices.Clone(program[1:]), args...)
	cmd := exec.CommandContext(ctx, program[0], args...)
	cmd.Env = append(slices.Clone(v.Environ), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.WaitDelay = time.Second
	var stdout, stderr bounded
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	alone(cmd)
	err := cmd.Run()
	return output{stdout.String(), stderr.String()}, err
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ b bytes.Buffer }

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if room := outputMax - b.b.Len(); room > 0 {
		b.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// String returns what was kept.
func (b *bounded) String() string { return b.b.String() }

// greeted reports whether the answer is InferShield's.
func greeted(text string) bool {
	var hello Hello
	return json.Unmarshal([]byte(strings.TrimSpace(text)), &hello) == nil && hello.Version != ""
}

// What clients say where they do not trust a certificate, and where they look
// for a name by themselves that only the proxy knows.
var (
	distrust = regexp.MustCompile(`(?i)certificate|unknown ?(ca|issuer)|x509|PKIX|trustAnchors|SELF_SIGNED|LOCALLY`)
	astray   = regexp.MustCompile(`(?i)resolv|ENOTFOUND|EAI_AGAIN|getaddrinfo|name or service|nodename nor servname|UnresolvedAddress|ConnectException|` +
		`UnknownHost|no such host|dns error|lookup|name resolution|hostname|ConnectionRefused|FailedToOpenSocket|unable to connect`)
)

// why says what the variables that count are here.
func (c client) why(v *visit, variables []string, does string) string {
	var parts []string
	for _, name := range variables {
		value := v.env[name]
		switch {
		case value == "":
			parts = append(parts, name+" is not set")
		case v.lacksAuthority(name):
			parts = append(parts, name+" names "+value+", which does not hold the authority")
		default:
			parts = append(parts, name+" is set")
		}
	}
	return c.name + " " + does + " from " + strings.Join(variables, ", ") + ": " + strings.Join(parts, ", ") + "."
}

// lacksAuthority reports whether the variable names a file of certificates
// without the authority.
func (v *visit) lacksAuthority(name string) bool {
	if !slices.ContainsFunc(trustVariables(), func(variable launch.Variable) bool { return variable.Name == name }) {
		return false
	}
	certs, err := readCerts(v.env[name])
	return err != nil || !hold(certs, v.current()).current
}

// lastLine is the last that a program said, cut where it is long.
func lastLine(said output) string {
	text := strings.TrimSpace(said.stderr)
	if text == "" {
		text = strings.TrimSpace(said.stdout)
	}
	text = text[strings.LastIndexByte(text, '\n')+1:]
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
