package inspect

import "unicode/utf8"

// encoded looks into long runs of base64 and hexadecimal that hold text. Its
// findings may be secrets, so a stream holds such a run until it is decided.
func encoded() Detector {
	return Detector{
		name: "encoded", masks: masksAll, ahead: chunkBytes, could: couldDecode,
		triggers: []trigger{{stride: encodedBytes, back: encodedBytes, backMax: behindMax, shown: 8, match: encodedRun}},
	}
}

const (
	// chunkBytes of a run are decoded at a time; chunkOverlap of them twice.
	// Both are multiples of 4, or the next chunk would begin within a group.
	chunkBytes   = 2048
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
	if !couldDecode(w.slice(start, min(start+decodeLook, 1))) {
		return
	}
	end := w.run(start, encodedBytes, chunkBytes+start-1)
	long := end >= chunkBytes-1
	if long {
		end -= (end - start) % 4
	}
	w.skipTo(end)
	if end-start < encodedMin {
		return
	}
	run := w.slice(start, end)
	w.steps += len(run)
	if n := end - start; n >= lineMin && n <= lineMax && n%4 == 0 && readable(run) {
		run, end = w.lines(s, start, n)
	}
	if views := decode(s, run); views != nil {
		if long {
			w.setMark(end - chunkOverlap) // what comes may be text as well
		}
		w.nested(start, end, views...)
	}
}

// Encoders break base64 into lines of these lengths.
const (
	lineMin = 60
	lineMax = 76
)

// readable reports whether a line begins like base64 of a text, so that its
// other lines are worth waiting for.
func readable(run string) bool {
	var b [12]byte
	s := scratch{bytes: b[:0]}
	return fromBase64(&s, run[:4*len(b)/3]) && text(&s)
}

// lines puts together the lines of n bytes from offset start on, and the last,
// shorter one.
func (w *window) lines(s *scratch, start, n int) (string, int) {
	s.room = s.room[:0]
	at, last := start, start
	for {
		end := w.run(at, encodedBytes, n)
		s.room = append(s.room, w.slice(at, end)...)
		next := end
		if w.at(next) == '\r' {
			next++
		}
		if end-at < n || w.at(next) != '\n' || next+1+n > chunkBytes {
			if end-at == n && last > start {
				w.skipTo(last) // the last line is read again with those after it
			} else {
				w.skipTo(end)
			}
			return string(s.room), end
		}
		last, at = at, next+1
	}
}

var (
	hexViews    = []string{viewHex}
	base64Views = []string{viewBase64}
	base32Views = []string{viewBase32}
	utf16Views  = []string{viewBase64, viewUTF16}
)

// decode puts the text that run stands for into s and returns the names of the
// encodings, or nil if it stands for none.
func decode(s *scratch, run string) []string {
	switch {
	case fromHex(s, run) && text(s):
		return hexViews
	case fromBase64(s, run) && text(s):
		return base64Views
	case fromUTF16(s, run) && text(s) && 2*asciiCount(s.bytes) > len(s.bytes):
		return utf16Views
	case fromBase32(s, run) && text(s):
		return base32Views
	}
	return nil
}

// decodeLook is how much of a run tells that most stand for nothing.
const decodeLook = 20

// couldDecode reports whether a run that begins so may stand for a text. It is
// true of one in some hundred words, and of what decode takes.
func couldDecode(run string) bool {
	var room [32]byte
	s := scratch{bytes: room[:0]}
	run = run[:min(len(run), decodeLook)]
	return fromHex(&s, run) && begunText(s.bytes) || fromBase64(&s, run) && begunText(s.bytes) ||
		fromUTF16(&s, run) || fromBase32(&s, run) && begunText(s.bytes)
}

// begunText reports whether b is UTF-8, but for a character cut off at its end.
func begunText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}

// fromUTF16 reads base64 of UTF-16, as Windows shells take it. Every other
// byte of such a text is usually 0.
func fromUTF16(s *scratch, run string) bool {
	s.bytes = s.bytes[:0]
	bits, n, count := uint(0), 0, 0
	low := byte(0)
	for i := range len(run) {
		bits = bits<<6 | uint(base64Value(run[i]))
		if n += 6; n < 8 {
			continue
		}
		n -= 8
		b := byte(bits >> n)
		if count++; count%2 == 1 {
			low = b
			continue
		}
		r := rune(low) | rune(b)<<8
		if r != 0xfeff && (r == 0 || r < utf8.RuneSelf && !textByte(byte(r)) || !utf8.ValidRune(r)) {
			return false
		}
		if count == 16 && asciiCount(s.bytes) < 4 {
			return false
		}
		if r != 0xfeff {
			s.bytes = utf8.AppendRune(s.bytes, r)
		}
		if count == 6 && asciiCount(s.bytes) == 0 {
			return false
		}
	}
	return true
}

func asciiCount(b []byte) int {
	n := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			n++
		}
	}
	return n
}

// fromBase32 reads base32, in the alphabet of either case.
func fromBase32(s *scratch, run string) bool {
	s.bytes = s.bytes[:0]
	bits, n := uint(0), 0
	for i := range len(run) {
		value := lower(run[i]) - 'a'
		if value >= 26 {
			if value = run[i] - '2' + 26; value < 26 || value > 31 {
				return false
			}
		}
		bits = bits<<5 | uint(value)
		if n += 5; n < 8 {
			continue
		}
		n -= 8
		b := byte(bits >> n)
		if !textByte(b) {
			return false
		}
		s.bytes = append(s.bytes, b)
	}
	return true
}

// fromHex and fromBase64 stop at the first byte that no text has, which for
// most runs is one of the first.
func fromHex(s *scratch, run string) bool {
	s.bytes = s.bytes[:0]
	for i := 0; i+1 < len(run); i += 2 {
		high, low := hexValue(run[i]), hexValue(run[i+1])
		if high|low > 15 || !textByte(high<<4|low) {
			return false
		}
		s.bytes = append(s.bytes, high<<4|low)
	}
	return true
}

func fromBase64(s *scratch, run string) bool {
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
	return true
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
