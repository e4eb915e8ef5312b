package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// clockSlack is how far clocks may be apart before it matters to anybody: what
// Kerberos allows.
const clockSlack = 5 * time.Minute

// lookUpstream has the running proxy look at the provider; where none runs, or
// it sees none, this process does.
func (v *visit) lookUpstream(ctx context.Context) (seen [2]Upstream) {
	if running := v.proxy(); running.reached() {
		if p := knock(ctx, running.addr, v.check, UpstreamPath); p.hello.Upstream != nil {
			seen[0] = *p.hello.Upstream
		}
	}
	if seen[0].Status == 0 {
		seen[1] = LookUpstream(ctx, v.Upstream.Transport, v.Upstream.Host)
	}
	return seen
}

func providerReachable(_ context.Context, v *visit) []Finding {
	seen := v.upstream()
	running, own := seen[0], seen[1]
	switch {
	case running.Status >= 500 || own.Status >= 500:
		return warn(fmt.Sprintf("%s answers %d.", v.Upstream.Host, max(running.Status, own.Status)), "The provider has trouble of its own.", "")
	case running.Status != 0:
		return ok("The running InferShield reaches " + running.Host + " and trusts its certificate.")
	case own.Status != 0 && running.Host != "":
		return wrong("The running InferShield does not reach "+running.Host+", though it can be reached with this shell's settings.",
			running.Error+". It was started with others.", v.restart())
	case own.Status != 0:
		return ok(own.Host + " can be reached, and its certificate is trusted.")
	}
	fix := v.mend(own)
	if running.Host != "" && strings.HasPrefix(fix, "unset ") {
		fix += "; " + v.restart() // it has the setting too
	}
	return wrong(own.Host+" cannot be reached: "+problemWords[own.Problem]+".", own.Error, fix)
}

var problemWords = map[Problem]string{
	ProblemName:        "its name leads nowhere",
	ProblemConnect:     "nothing answers",
	ProblemCertificate: "its certificate is not trusted",
	ProblemAnswer:      "what came was no answer",
}

// mend is the command that most likely helps.
func (v *visit) mend(u Upstream) string {
	authority := u.Host
	if _, _, err := net.SplitHostPort(authority); err != nil {
		authority = net.JoinHostPort(u.Host, "443")
	}
	if v.Upstream.Addr(authority) != authority {
		if fix := v.drop("connect-to", "INFERSHIELD_CONNECT_TO"); fix != "" {
			return fix
		}
	}
	switch u.Problem {
	case ProblemCertificate:
		return "export INFERSHIELD_UPSTREAM_CA=/path/to/the-authority-of-your-network.pem"
	case ProblemName:
		return "getent hosts " + Quote(u.Host)
	}
	return "curl -sSI --noproxy '*' https://" + Quote(u.Host) + "/"
}

// drop is the command that takes a setting away where it stands.
func (v *visit) drop(flag, variable string) string {
	switch origin := v.Origin(flag); {
	case strings.HasPrefix(origin, "environment "):
		return "unset " + variable
	case strings.HasPrefix(origin, ".env:"):
		return "sed -i.bak " + strings.TrimPrefix(origin, ".env:") + "d .env"
	case strings.Count(origin, ":") == 2: // file:line:column
		fields := strings.Split(origin, ":")
		return "${EDITOR:-vi} +" + fields[1] + " " + Quote(fields[0])
	}
	return ""
}

// providerName looks where the provider's name leads: back here would be a loop.
func providerName(ctx context.Context, v *visit) []Finding {
	host, port, err := net.SplitHostPort(v.Upstream.Host)
	if err != nil {
		host, port = v.Upstream.Host, "443"
	}
	if to := v.Upstream.Addr(net.JoinHostPort(host, port)); to != net.JoinHostPort(host, port) {
		if Dialable(to) == Dialable(v.Listen) || Dialable(to) == Dialable(v.Admin) {
			return wrong("Connections to "+host+" are sent to "+to+", which is InferShield itself.", "", v.drop("connect-to", "INFERSHIELD_CONNECT_TO"))
		}
		return ok("Connections to " + host + " are sent to " + to + " by --connect-to.")
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return skipped("The name " + host + " leads nowhere from here; see provider.reachable.")
	}
	for _, addr := range addrs {
		if !isOwn(addr.Unmap()) {
			continue
		}
		if line := hostsLine(host); line != "" {
			return wrong(host+" leads to this machine by /etc/hosts: the proxy would call itself.", line, dropHosts(host))
		}
		return wrong(host+" leads to this machine ("+addr.String()+"): the proxy would call itself.",
			"The system's resolver says so; a DNS server steers that name.", "resolvectl query "+Quote(host))
	}
	if line := hostsLine(host); line != "" {
		return warn(host+" is pinned to an address by /etc/hosts.", line, dropHosts(host))
	}
	return ok(fmt.Sprintf("%s leads to %s.", host, addrs[0].Unmap()))
}

// dropHosts is the command that takes host out of /etc/hosts, with the other
// names on its line. The file is written in place: in containers it is a mount
// that cannot be renamed over.
func dropHosts(host string) string {
	pattern := `/[[:space:]]` + strings.ReplaceAll(host, ".", `\.`) + `\([[:space:]]\|$\)/d`
	return "sudo cp /etc/hosts /etc/hosts.bak && sed " + Quote(pattern) + " /etc/hosts.bak | sudo tee /etc/hosts >/dev/null"
}

// isOwn reports whether addr is an address of this machine.
func isOwn(addr netip.Addr) bool {
	if addr.IsLoopback() || addr.IsUnspecified() {
		return true
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == addr
	})
}

// hostsLine is the line of /etc/hosts that names host, or "".
func hostsLine(host string) string {
	b, err := os.ReadFile("/etc/hosts")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		words, _, _ := strings.Cut(line, "#")
		if f := strings.Fields(words); len(f) > 1 && slices.Contains(f[1:], host) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// clock compares this machine's with the provider's, which nothing here can
// have set.
func clock(_ context.Context, v *visit) []Finding {
	seen := v.upstream()
	date := seen[0].Date
	if date.IsZero() {
		date = seen[1].Date
	}
	if date.IsZero() {
		return skipped("No answer of the provider's to compare it with.")
	}
	off := time.Since(date)
	if off.Abs() < clockSlack {
		return ok("This machine's clock agrees with the provider's.")
	}
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	return wrong(fmt.Sprintf("This machine's clock is %s %s the provider's.", off.Abs().Round(time.Minute), way),
		"Certificates look expired, or not valid yet; records carry wrong times.", setClock())
}

// setClock has the system set its clock by the network.
func setClock() string {
	switch runtime.GOOS {
	case "darwin":
		return "sudo sntp -sS time.apple.com"
	case "windows":
		return "w32tm /resync"
	}
	return "sudo timedatectl set-ntp true"
}
