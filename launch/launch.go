// Package launch holds the settings with which a program's traffic goes through
// a proxy and trusts its authority: the variables, the files that they name, and
// how a program is started with them. It does not know what the proxy does, and
// reads no environment of its own: it is given one and returns another.
package launch

import (
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"
)

// Settings are what the variables are made of.
type Settings struct {
	Proxy string   // http://host:port
	Hosts []string // names and *.suffixes that must go through the proxy
	Files Files
	// OnlyWay says that there is no way out but the proxy: what the user's
	// NO_PROXY lets go around it must go through it as well.
	OnlyWay bool
}

// Assignment is a variable and its value.
type Assignment struct{ Name, Value string }

// Plan is what to change in an environment.
type Plan struct {
	Set   []Assignment // in the table's order, SavedVariable last
	Notes []string     // sentences that the user should read
}

// Plan makes a plan for an environment as os.Environ returns it. What the user
// has set is added to where the variable allows that, and told in a note where
// it stops working.
func (s Settings) Plan(environ []string) Plan {
	was := own(environ)
	entries, dropped := s.bypass(was)
	values := values{Settings: s, was: was, bypass: entries}
	var p Plan
	var memory memory
	for _, v := range Variables() {
		old, had := was[v.Name]
		value := v.value(values, old)
		if value == "" || runtime.GOOS == "windows" && v.Name == strings.ToLower(v.Name) {
			continue // nothing to say, or the same name again: case does not count there
		}
		p.Set = append(p.Set, Assignment{v.Name, value})
		memory.add(v.Name, value, old, had)
	}
	p.Set = append(p.Set, Assignment{SavedVariable, memory.String()})
	p.Notes = s.notes(was, dropped)
	return p
}

// Environ returns environ with the plan carried out, one entry a variable.
func (p Plan) Environ(environ []string) []string {
	variables := own(environ)
	for _, a := range p.Set {
		variables[a.Name] = a.Value
	}
	result := make([]string, 0, len(variables))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		result = append(result, name+"="+variables[name])
	}
	return result
}

func byName(environ []string) map[string]string {
	variables := make(map[string]string, len(environ))
	for _, entry := range environ {
		// Windows has entries such as "=C:=C:\dir", whose name begins with "=".
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			variables[name] = value
		}
	}
	return variables
}

// notes are about what the user has set and what becomes of it.
func (s Settings) notes(was map[string]string, dropped []string) []string {
	var notes []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		if old := was[name]; old != "" && old != s.Proxy {
			notes = append(notes, name+" was "+withoutUser(old)+": the program goes through InferShield instead, which connects directly and not through that proxy")
			break
		}
	}
	if len(dropped) > 0 {
		notes = append(notes, "NO_PROXY: left out "+strings.Join(dropped, ", ")+", which would take "+strings.Join(s.Hosts, ", ")+" around InferShield")
	}
	if strings.Contains(was["JAVA_TOOL_OPTIONS"], "-Djavax.net.ssl.trustStore=") {
		notes = append(notes, "JAVA_TOOL_OPTIONS names a trust store, which Java will not use: it knows only one")
	}
	return notes
}

// withoutUser is the address of a proxy as a message may show it: a URL can
// hold a password.
func withoutUser(proxy string) string {
	_, rest, ok := strings.Cut(proxy, "://")
	if !ok {
		rest = proxy
	}
	u, err := url.Parse("http://" + rest)
	if err != nil || u.Host == "" {
		return "another proxy"
	}
	return u.Host
}
