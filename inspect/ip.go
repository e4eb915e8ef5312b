package inspect

import "net/netip"

var (
	ipv6Bytes = setOf("0-9a-fA-F:")
	quadBytes = setOf("0-9.")
)

// ipv4 reports a dotted quad that is an address and not a version.
func ipv4(w *window) {
	end := w.run(0, quadBytes, 17)
	for end > 0 && w.at(end-1) == '.' {
		end--
	}
	if before := w.at(-1); !ends(w, end) || before == '-' || before == ':' || before == '/' && !w.has(-2, "//") {
		return
	}
	addr, err := netip.ParseAddr(w.slice(0, end))
	if err != nil || addr.As4()[0] == 0 || readTopics(w, -12, 0)&aboutVersion != 0 || w.at(-2) == 'v' {
		return
	}
	score := addrScore(addr)
	if small(addr.As4()) && score > 0.2 && readTopics(w, -48, 0)&aboutHost == 0 {
		if !isAlone(w, 0, end) {
			return // a version, or the number of a section
		}
		score = 0.35
	}
	w.take(PII, "ip_address", score, 0, end)
}

// small reports whether all numbers of a are as small as those of versions.
func small(a [4]byte) bool { return a[0] < 32 && a[1] < 32 && a[2] < 32 && a[3] < 32 }

// ipv6 reports an address whose first group begins with the digit at offset 0,
// or with letters before it.
func ipv6(w *window) bool { return ipv6At(w, w.back(0, hexLetters, 4)) }

var hexLetters = setOf("a-fA-F")

// namedIPv6 reports one that begins with letters alone.
func namedIPv6(w *window) { ipv6At(w, 0) }

// compressedIPv6 reports an address around "::".
func compressedIPv6(w *window) { ipv6At(w, w.back(0, ipv6Bytes, 32)) }

func ipv6At(w *window, start int) bool {
	if b := w.at(start - 1); wordBytes[b] || b == '.' || b == '-' || b == ':' {
		return false
	}
	end := w.run(start, ipv6Bytes, 40)
	if end-start < 6 {
		return false // "::", "a::b" and the like are source code
	}
	if w.at(end) == '.' { // the last four bytes as in IPv4
		if quad := w.run(end, quadBytes, 13); isDigit(w.at(end+1)) && quad > end+1 {
			for end = quad; w.at(end-1) == '.'; {
				end--
			}
		}
	}
	if wordBytes[w.at(end)] {
		return false
	}
	if w.at(end-1) == ':' && w.at(end-2) != ':' {
		end--
	}
	text := w.slice(start, end)
	addr, err := netip.ParseAddr(text)
	if err != nil || decimal(text) && w.at(end-2) != '.' && w.at(end-3) != '.' && w.at(end-4) != '.' && !global(addr) && addrScore(addr) > 0.2 {
		return false // "::123:1234" is a line and a column
	}
	w.take(PII, "ip_address", addrScore(addr), start, end)
	return true
}

// global reports whether a is in the range that providers give out, or maps an
// address of version 4.
func global(a netip.Addr) bool { return a.As16()[0]&0xe0 == 0x20 || a.Is4In6() }

// addrScore says how much an address tells of a person. One that every machine
// or office has tells nothing.
func addrScore(a netip.Addr) float64 {
	switch v4 := a.Unmap(); {
	case a.IsLoopback(), a.IsUnspecified(), a.IsMulticast(), v4.IsLoopback():
		return 0.1
	case v4.IsPrivate(), a.IsLinkLocalUnicast(), v4.Is4() && v4.As4()[0] == 255:
		return 0.2
	case documentation(v4):
		return 0.35
	}
	return 0.6
}

// documentation reports whether a is from a range for examples (RFC 5737, RFC 3849).
func documentation(a netip.Addr) bool {
	if a.Is4() {
		b := a.As4()
		return b[0] == 192 && b[1] == 0 && b[2] == 2 || b[0] == 198 && b[1] == 51 && b[2] == 100 || b[0] == 203 && b[1] == 0 && b[2] == 113
	}
	b := a.As16()
	return b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8
}
