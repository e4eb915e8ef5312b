package launch

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// local are the hosts that are this machine, where a proxy is of no use.
var local = [...]string{"localhost", "127.0.0.1", "::1"}

// bypass returns the entries of NO_PROXY: the user's, then this machine, without
// those that cover a host that must go through the proxy. Those of the user that
// were left out come second.
func (s Settings) bypass(was map[string]string) (entries, dropped []string) {
	if !s.OnlyWay {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			for _, entry := range strings.FieldsFunc(was[name], func(r rune) bool { return r == ',' || r == ' ' }) {
				switch {
				case slices.Contains(entries, entry) || slices.Contains(dropped, entry):
				case s.mustProxy(entry):
					dropped = append(dropped, entry)
				default:
					entries = append(entries, entry)
				}
			}
		}
	}
	for _, host := range local {
		if !slices.Contains(entries, host) && !s.mustProxy(host) {
			entries = append(entries, host)
		}
	}
	return entries, dropped
}

// mustProxy reports whether an entry of NO_PROXY covers one of the hosts, as
// the laxest of clients read it: a name covers those below it.
func (s Settings) mustProxy(entry string) bool {
	name, _ := splitEntry(strings.ToLower(entry))
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "*"), "."), ".")
	if name == "" {
		return true // "*" covers everything
	}
	for _, host := range s.Hosts {
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		suffix, isSuffix := strings.CutPrefix(host, "*.")
		if within(suffix, name) || isSuffix && within(name, suffix) || inRange(suffix, name) {
			return true
		}
	}
	return false
}

// within reports whether name is parent or below it.
func within(name, parent string) bool {
	return name == parent || strings.HasSuffix(name, "."+parent)
}

func inRange(host, prefix string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	p, err := netip.ParsePrefix(prefix)
	return err == nil && p.Contains(addr)
}

// splitEntry splits an entry of NO_PROXY into host, without brackets, and port.
func splitEntry(entry string) (host, port string) {
	if host, port, err := net.SplitHostPort(entry); err == nil {
		return host, port
	}
	return strings.Trim(entry, "[]"), ""
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
