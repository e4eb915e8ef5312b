package ca

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const (
	hostsMax = 500 // entries of an intercept list, all of which end up in the root
	nameMax  = 253 // bytes of a DNS name, RFC 1035 §3.1
	labelMax = 63  // bytes of one of its labels
)

// Hosts is an intercept list: exact names, addresses, and *.suffix entries that
// cover every name below the suffix but not the suffix itself. The zero value
// covers nothing. It never changes and is safe for concurrent use.
type Hosts struct {
	names    map[string]bool // exact names and addresses, canonical
	suffixes map[string]bool // what follows "*."
}

// ParseHosts reads an intercept list. Case, a trailing dot, order and
// repetition do not matter. Its error names every bad entry and what is wrong
// with it. Names beyond ASCII must be written in their xn-- form.
func ParseHosts(entries []string) (Hosts, error) {
	if len(entries) > hostsMax {
		return Hosts{}, fmt.Errorf("intercept list has %d entries; %d is the most", len(entries), hostsMax)
	}
	hosts := Hosts{names: make(map[string]bool), suffixes: make(map[string]bool)}
	var errs []error
	for i, entry := range entries {
		if err := hosts.add(strings.TrimSpace(entry)); err != nil {
			errs = append(errs, fmt.Errorf("intercept list, entry %d %q: %w", i+1, entry, err))
		}
	}
	if len(errs) > 0 {
		return Hosts{}, errors.Join(errs...)
	}
	return hosts, nil
}

func (h Hosts) add(entry string) error {
	name, isSuffix := strings.CutPrefix(entry, "*.")
	host, ok := canonical(name)
	if !ok {
		return diagnose(entry)
	}
	if !isSuffix {
		h.names[host] = true
		return nil
	}
	if isAddress(host) {
		return errors.New("a *. cannot stand before an address")
	}
	h.suffixes[host] = true
	return nil
}

// diagnose says what is wrong with an entry that is no host.
func diagnose(entry string) error {
	switch {
	case entry == "":
		return errors.New("is empty")
	case entry == "*" || entry == "*.":
		return errors.New("would intercept everything; name the hosts")
	case strings.Contains(entry, "/"):
		return errors.New("give the host alone, without scheme or path")
	case strings.Contains(strings.TrimPrefix(entry, "*."), "*"):
		return errors.New("a * can only stand first, as in *.example.com")
	case strings.Count(entry, ":") == 1:
		return errors.New("give the host without a port")
	case strings.ContainsFunc(entry, func(r rune) bool { return r > 0x7f }):
		return errors.New("write the name in its ASCII form, which begins with xn--")
	}
	return errors.New("is neither a host name nor an address")
}

// Covers reports whether host, which has no port, is on the list. Case and a
// trailing dot do not matter. Text that is no host name is never covered.
func (h Hosts) Covers(host string) bool {
	name, ok := canonical(host)
	return ok && h.covers(name)
}

// covers is Covers for a canonical name.
func (h Hosts) covers(name string) bool {
	if h.names[name] {
		return true
	}
	if len(h.suffixes) == 0 || isAddress(name) {
		return false
	}
	for {
		_, rest, found := strings.Cut(name, ".")
		if !found {
			return false
		}
		if h.suffixes[rest] {
			return true
		}
		name = rest
	}
}

// permitted returns what a root for this list may sign: DNS subtrees and
// addresses. RFC 5280 has no exact names: a subtree includes the names below.
func (h Hosts) permitted() (names []string, addrs []netip.Addr) {
	set := map[string]bool{
		"localhost": true, // for tests of the trust itself, on this machine
		OwnHost:     true,
	}
	for name := range h.names {
		if addr, err := netip.ParseAddr(name); err == nil {
			addrs = append(addrs, addr)
			continue
		}
		set[name] = true
	}
	for suffix := range h.suffixes {
		set[suffix] = true
	}
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.SortFunc(addrs, netip.Addr.Compare)
	return names, addrs
}

// canonical returns host as the list and the cache hold it: lower case, no
// trailing dot, an address in its shortest form. It reports false for what is
// neither. A host that is canonical already costs no allocation.
func canonical(host string) (string, bool) {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	host = strings.TrimSuffix(host, ".")
	if isAddress(host) {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", false
		}
		return addr.Unmap().String(), true
	}
	host = strings.ToLower(host)
	return host, isName(host)
}

// isAddress reports whether host can only be an address: no name has a colon
// or ends in a number (RFC 1123 §2.1).
func isAddress(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.Contains(host, ":") {
		return true
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isName reports whether a lower-case host is a DNS name. Underscores occur in
// names that people really have.
func isName(host string) bool {
	if host == "" || len(host) > nameMax {
		return false
	}
	start := 0
	for i := 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			if !isNameByte(host[i]) {
				return false
			}
			continue
		}
		label := host[start:i]
		if label == "" || len(label) > labelMax || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		start = i + 1
	}
	return true
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
