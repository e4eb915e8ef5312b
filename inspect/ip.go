package inspect

import "net/netip"

var ipv6Bytes = setOf("0-9a-fA-F:")

// ipv4 reports a dotted quad that is an address and not a version.
func ipv4(w *window) {
	end := w.run(0, quadBytes, 17)
	for end > 0 && w.at(end-1) == '.' {
		end--
	}
	if before := w.at(-1); !ends(w, end) || before == '-' || before == '/' && !w.has(-2, "//") {
		return
	}
	addr, err := netip.ParseAddr(w.slice(0, end))
	if err != nil || addr.As4()[0] == 0 || w.context(0, 12, "version", "ver.", "release", " v") {
		return
	}
	w.take(PII, "ip_address", addrScore(addr), 0, end)
}

var quadBytes = setOf("0-9.")

// ipv6 reports an address whose first group begins at the trigger.
func ipv6(w *window) { ipv6At(w, 0) }

// compressedIPv6 reports an address around "::".
func compressedIPv6(w *window) { ipv6At(w, w.back(0, ipv6Bytes, 32)) }

func ipv6At(w *window, start int) {
	if b := w.at(start - 1); wordBytes[b] || b == '.' || b == '-' {
		return
	}
	end := w.run(start, ipv6Bytes, 40)
	if end-start < 6 || wordBytes[w.at(end)] {
		return // "::", "a::b" and the like are source code
	}
	if w.at(end-1) == ':' && w.at(end-2) != ':' {
		end--
	}
	addr, err := netip.ParseAddr(w.slice(start, end))
	if err != nil {
		return
	}
	w.take(PII, "ip_address", addrScore(addr), start, end)
}

// addrScore says how much an address tells of a person. One that every machine
// or office has tells nothing.
func addrScore(a netip.Addr) float64 {
	switch {
	case a.IsLoopback(), a.IsUnspecified(), a.IsMulticast():
		return 0.1
	case a.IsPrivate(), a.IsLinkLocalUnicast(), a.Is4() && a.As4()[0] == 255:
		return 0.2
	}
	return 0.6
}
