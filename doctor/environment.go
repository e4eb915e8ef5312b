package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/infershield/infershield/launch"
)

func environmentChecks() []Check {
	return []Check{
		{"env.proxy", "environment", "this shell's proxy variables lead to InferShield", envProxy},
		{"env.no_proxy", "environment", "NO_PROXY lets no intercepted host go around it", envBypass},
		{"env.ca", "environment", "the certificate variables name files with the authority of today, and the system's roots where they replace them", envCA},
		{"env.files", "environment", "the other files and folders that variables name are there", envFiles},
		{"env.child", "environment", "login shells and new terminals keep these settings", envChild},
	}
}

// environment is the environment by name. Empty values count as unset.
func environment(environ []string) map[string]string {
	found := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			found[name] = value
		}
	}
	return found
}

// settle is the command that makes all of this shell's settings. It adds to what
// the user has set, so variables that lead to an earlier authority, and those
// given, are taken away first.
func (v *visit) settle(without ...string) string {
	command := `eval "$(` + v.Command("env") + `)"`
	without = append(without, v.stale()...)
	slices.Sort(without)
	if without = slices.Compact(without); len(without) > 0 {
		command = "unset " + strings.Join(without, " ") + "; " + command
	}
	return command
}

// proxyAddr is host:port of a proxy variable's value, which may lack a scheme.
func proxyAddr(value string) string {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return u.Host
}

// wayAddr is where programs of this shell go, or "".
func (v *visit) wayAddr() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "http_proxy"} {
		if addr := proxyAddr(v.env[name]); addr != "" {
			return addr
		}
	}
	return ""
}

// knockWay knocks where programs of this shell go. Where none is set that is
// nowhere.
func (v *visit) knockWay(ctx context.Context) proxy {
	addr := v.wayAddr()
	switch {
	case addr == "":
		return proxy{err: errors.New("no proxy is set")}
	case addr == Dialable(v.Listen):
		return v.home()
	}
	return knock(ctx, addr, v.check, "/")
}

func envProxy(_ context.Context, v *visit) []Finding {
	var missing, other []string
	addr := v.wayAddr()
	for _, variable := range launch.Variables() {
		if variable.Kind != launch.KindProxy {
			continue
		}
		switch to := proxyAddr(v.env[variable.Name]); to {
		case addr:
		case "":
			missing = append(missing, variable.Name+" ("+variable.Clients+")")
		default:
			other = append(other, variable.Name+" leads to "+to)
		}
	}
	if addr == "" {
		return wrong("No proxy is set in this shell: its programs go to the provider directly.",
			v.Command("run")+" -- CMD makes all settings for one program.", v.settle())
	}
	way := v.way()
	switch {
	case way.err != nil:
		return wrong("This shell's proxy, "+addr+", does not answer.", way.err.Error(), v.settleOr())
	case !way.ours:
		return wrong("This shell's proxy, "+addr+", is not InferShield.", way.refusal, v.settleOr())
	case len(other) > 0:
		return wrong("This shell's proxy variables disagree.", strings.Join(other, ", ")+"; the others to "+addr+".", v.settle())
	case len(missing) > 0:
		return warn("Some of the proxy variables are not set.", "Missing: "+strings.Join(missing, ", ")+".", v.settle())
	}
	return ok("The proxy variables lead to InferShield on " + addr + ".")
}

// settleOr is settle, for a proxy that does not answer though it is the one
// that is configured: then it must be started.
func (v *visit) settleOr() string {
	if v.home().err != nil && v.wayAddr() == Dialable(v.Listen) {
		return v.Command("serve") + " &"
	}
	return v.settle()
}

func envBypass(_ context.Context, v *visit) []Finding {
	var bad []string
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		for _, entry := range strings.FieldsFunc(v.env[name], func(r rune) bool { return r == ',' || r == ' ' }) {
			if v.skips(entry) {
				bad = append(bad, name+" holds "+entry)
			}
		}
	}
	if len(bad) > 0 {
		return wrong("NO_PROXY takes "+strings.Join(v.Intercept, ", ")+" around InferShield.", strings.Join(bad, ", ")+".", v.settle())
	}
	return ok("NO_PROXY lets no intercepted host go around InferShield.")
}

// skips reports whether an entry of NO_PROXY covers an intercepted host, as the
// laxest of clients read it: a name covers those below it.
func (v *visit) skips(entry string) bool {
	name := strings.ToLower(entry)
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.TrimPrefix(strings.TrimPrefix(strings.Trim(name, "[]"), "*"), ".")
	prefix, err := netip.ParsePrefix(name)
	return name == "" || slices.ContainsFunc(v.Intercept, func(host string) bool {
		host = strings.ToLower(host)
		suffix, isSuffix := strings.CutPrefix(host, "*.")
		addr, addrErr := netip.ParseAddr(host)
		return suffix == name || strings.HasSuffix(suffix, "."+name) || isSuffix && strings.HasSuffix(name, "."+suffix) ||
			err == nil && addrErr == nil && prefix.Contains(addr)
	})
}

// envFiles looks for the files that variables name beside certificates. A
// missing one can keep a program from starting at all.
func envFiles(_ context.Context, v *visit) []Finding {
	var missing, names []string
	for name, paths := range v.namedFiles() {
		for _, path := range paths {
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, name+" names "+path)
				if !v.isOurs(path) {
					names = append(names, name) // else it is made anew
				}
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return wrong("A variable names a file that is not there.", strings.Join(missing, ", ")+".", v.settle(names...))
	}
	return ok("The other files that variables name are there.")
}

func (v *visit) namedFiles() map[string][]string {
	named := make(map[string][]string)
	words := strings.Fields(v.env["NODE_OPTIONS"])
	for i, word := range words {
		path, joined := strings.CutPrefix(word, "--require=")
		if (word == "--require" || word == "-r") && i+1 < len(words) {
			path, joined = words[i+1], true
		}
		if path = strings.Trim(path, `"`); joined && filepath.IsAbs(path) {
			named["NODE_OPTIONS"] = append(named["NODE_OPTIONS"], path)
		}
	}
	for word := range strings.FieldsSeq(v.env["JAVA_TOOL_OPTIONS"]) {
		if path, ok := strings.CutPrefix(word, "-Djavax.net.ssl.trustStore="); ok {
			named["JAVA_TOOL_OPTIONS"] = []string{strings.Trim(path, `"'`)} // the last one counts
		}
	}
	for _, path := range filepath.SplitList(v.env["PHP_INI_SCAN_DIR"]) {
		if path != "" {
			named["PHP_INI_SCAN_DIR"] = append(named["PHP_INI_SCAN_DIR"], path)
		}
	}
	if path := v.env["SYSTEM_WGETRC"]; path != "" {
		named["SYSTEM_WGETRC"] = []string{path}
	}
	return named
}

// settings are the variables that launch would set, by name, as they are here.
func (v *visit) settings() map[string]string {
	here := make(map[string]string)
	for _, variable := range launch.Variables() {
		if value := v.env[variable.Name]; value != "" {
			here[variable.Name] = value
		}
	}
	return here
}

// list joins what may be long.
func list(words []string) string {
	const most = 4
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}
