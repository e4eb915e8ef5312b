package inspect

import "unicode/utf8"

// encoded looks into long runs of base64 and hexadecimal that hold text. Its
// findings may be secrets, so a stream holds such a run until it is decided.
func encoded() Detector {
	return Detector{
		name: "encoded", held: true, ahead: chunkBytes,
		triggers: []trigger{{stride: encodedBytes, back: encodedBytes, backMax: behindMax, match: encodedRun}},
	}
}

const (
	// chunkBytes of a run are decoded at a time; chunkOverlap of them twice.
	// Both are multiples of 4, or the next chunk would begin within a group.
	chunkBytes   = 1024
	chunkOverlap = 128
	encodedMin   = 24
)

var encodedBytes = setOf("A-Za-z0-9+/_-")

// encodedRun decodes the run of which offset 0 is a byte.
func encodedRun(w *window) {
	s, ok := w.view()
	if !ok {
		return
	}
	start := w.back(1, encodedBytes, 3*strideBytes)
	if start == 1-3*strideBytes { // not the first trigger in the run
		start = w.marked()
		if start < -behindMax+1 || start > 0 || w.back(1, encodedBytes, 1-start) != start {
			return
		}
	}
	end := w.run(start, encodedBytes, chunkBytes+start-1)
	if end >= chunkBytes-1 {
		end -= (end - start) % 4
		w.setMark(end - chunkOverlap)
	}
	w.skipTo(end)
	if end-start < encodedMin {
		return
	}
	run := w.slice(start, end)
	if view := decode(s, run); view != "" {
		w.nested(view, start, end)
	}
	w.steps += len(run)
}

// decode puts the text that run stands for into s and returns the name of the
// encoding, or "" if it stands for none.
func decode(s *scratch, run string) string {
	if decodeHex(s, run) {
		return "hex"
	}
	if decodeBase64(s, run) {
		return "base64"
	}
	return ""
}

// decodeHex and decodeBase64 stop at the first byte that no text has, which for
// most runs is one of the first.
func decodeHex(s *scratch, run string) bool {
	s.bytes = s.bytes[:0]
	for i := 0; i+1 < len(run); i += 2 {
		high, low := hexValue(run[i]), hexValue(run[i+1])
		if high|low > 15 || !textByte(high<<4|low) {
			return false
		}
		s.bytes = append(s.bytes, high<<4|low)
	}
	return text(s)
}

func decodeBase64(s *scratch, run string) bool {
	s.bytes = s.bytes[:0]
	bits, n := uint(0), 0
	for i := range len(run) {
		bits = bits<<6 | uint(base64Value(run[i]))
		if n += 6; n < 8 {
			continue
		}
		n -= 8
		b := byte(bits >> n)
		if !textByte(b) {
			return false
		}
		s.bytes = append(s.bytes, b)
	}
	return text(s)
}

func hexValue(b byte) byte {
	switch {
	case isDigit(b):
		return b - '0'
	case lower(b) >= 'a' && lower(b) <= 'f':
		return lower(b) - 'a' + 10
	}
	return 0xff
}

func base64Value(b byte) byte {
	switch {
	case upperBytes[b]:
		return b - 'A'
	case alphaBytes[b]:
		return b - 'a' + 26
	case isDigit(b):
		return b - '0' + 52
	case b == '+' || b == '-':
		return 62
	}
	return 63
}

// textByte reports whether b occurs in text.
func textByte(b byte) bool {
	return b >= ' ' && b != 0x7f || b == '\n' || b == '\t' || b == '\r'
}

// text reports whether s holds text, and cuts a character that the end of a
// chunk split.
func text(s *scratch) bool {
	for cut := 0; cut < utf8.UTFMax && len(s.bytes) > 0; cut++ {
		if utf8.Valid(s.bytes) {
			return len(s.bytes) >= encodedMin/2
		}
		s.bytes = s.bytes[:len(s.bytes)-1]
	}
	return false
}
