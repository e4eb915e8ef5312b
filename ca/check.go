package ca

import "strings"

// OwnHost is the name under which the proxy itself answers those who come
// through it. It exists in no DNS; each root may sign for it.
const OwnHost = "infershield.proxy"

// checkLabel begins the names under which clients can try whether they come
// through here. RFC 5280 lets a root that may sign for a name sign for those
// below it as well.
const checkLabel = "infershield-check."

// CheckHost returns the name under which a client's way to a host of the
// intercept list can be tried, "*." entries included; "" for an address, which
// has no names below it. An Authority covers and mints for the names of its own
// list. No such name exists in DNS: a client that goes around the proxy reaches
// nobody, where the host's own name would take it to the provider.
func CheckHost(host string) string {
	name, ok := canonical(strings.TrimPrefix(host, "*."))
	if !ok || isAddress(name) || len(checkLabel)+len(name) > nameMax {
		return ""
	}
	return checkLabel + name
}

// IsCheck reports whether host, which has no port, is a name that CheckHost
// makes. Whoever serves it answers by itself.
func IsCheck(host string) bool {
	name, ok := canonical(host)
	return ok && strings.HasPrefix(name, checkLabel)
}

// covers reports whether the authority speaks for a canonical name.
func (a *Authority) covers(name string) bool {
	if name == OwnHost || a.hosts.covers(name) {
		return true
	}
	below, ok := strings.CutPrefix(name, checkLabel)
	return ok && (a.hosts.names[below] || a.hosts.suffixes[below])
}
