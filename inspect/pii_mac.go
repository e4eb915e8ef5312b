package inspect

// macBytes are those before the first digit of a hardware address.
var macBytes = setOf("A-Fa-f:-")

// mac reports the hardware address around the digit at offset 0.
func mac(w *window) bool {
	start := w.back(0, macBytes, numberLeadMax)
	end := macEnd(w, start)
	if end == 0 {
		return false
	}
	score := 0.6
	if w.back(0, macBytes, 1) == 0 && decimal(w.slice(start, end)) {
		score = 0.4 // the digits of a clock, perhaps
	}
	w.take(PII, "mac_address", score, start, end)
	return true
}

// macEnd returns the end of the hardware address that begins at offset i, 0 if
// there is none: six pairs of hexadecimal digits, or three groups of four
// divided by dots.
func macEnd(w *window, i int) int {
	if before := w.at(i - 1); wordBytes[before] || before == ':' || before == '-' || before == '.' {
		return 0
	}
	size, groups := 2, 6
	sep := w.at(i + 2)
	if sep != ':' && sep != '-' {
		if sep = w.at(i + 4); sep != '.' {
			return 0
		}
		size, groups = 4, 3
	}
	from := i
	for g := range groups {
		if g > 0 {
			if w.at(i) != sep {
				return 0
			}
			i++
		}
		if w.run(i, anyHexBytes, size+1) != i+size {
			return 0
		}
		i += size
	}
	if b := w.at(i); wordBytes[b] || (b == ':' || b == '-' || b == '.') && isAlnum(w.at(i+1)) || distinct(w.slice(from, i)) < 4 {
		return 0 // too long, or a broadcast address
	}
	return i
}

// namedMAC reports a hardware address without a digit, or one in groups of
// four, where a word announces it.
func namedMAC(w *window) {
	i := w.n
	for _, word := range []string{" address", " is"} {
		i = w.run(i, macGapBytes, 3)
		if w.fold(i-1, word) {
			i += len(word) - 1
		}
	}
	i = w.run(i, macGapBytes, 3)
	if end := macEnd(w, i); end != 0 && i > w.n {
		w.take(PII, "mac_address", 0.6, i, end)
	}
}

var macGapBytes = setOf(" :='\"")

func decimal(s string) bool {
	for i := range len(s) {
		if alphaBytes[s[i]] {
			return false
		}
	}
	return true
}

func isHexOrColon(b byte) bool { return anyHexBytes[b] || b == ':' }
