package llm

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// literalEnd returns the offset of the quote that closes the literal whose
// opening quote stands just before s, or len(s) when nothing closes it.
func literalEnd(s string) int {
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return len(s)
		}
		// A quote is escaped by an odd number of backslashes before it. They
		// cannot reach behind i, where the last quote looked at stands.
		end := i + n
		back := end
		for back > i && s[back-1] == '\\' {
			back--
		}
		if (end-back)%2 == 0 {
			return end
		}
		i = end + 1
	}
	return len(s)
}

// unquote decodes what stands between the quotes of a JSON string. Where that
// breaks the grammar it keeps as much as it can: an unknown escape stands for
// itself, half a surrogate pair becomes U+FFFD, bytes that are not UTF-8 stay.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	unquoteTo(&b, s)
	return b.String()
}

// unquoteTo appends to b what unquote returns. Decoding never lengthens a text
// but for a lone surrogate, 6 bytes of which become 3.
func unquoteTo(b *strings.Builder, s string) {
	b.Grow(len(s))
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:n])
		s = s[n:]
		if len(s) == 1 {
			b.WriteByte('\\')
			return
		}
		s = s[unescape(b, s):]
	}
}

// unescape decodes the escape that s begins with and returns its length.
func unescape(b *strings.Builder, s string) int {
	switch c := s[1]; c {
	case '"', '\\', '/':
		b.WriteByte(c)
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'u':
		return unescapeRune(b, s)
	default:
		b.WriteByte('\\')
		return 1 // what follows may be the first byte of a rune
	}
	return 2
}

func unescapeRune(b *strings.Builder, s string) int {
	r, ok := hex4(s)
	if !ok {
		b.WriteByte('\\')
		return 1
	}
	if !utf16.IsSurrogate(r) {
		b.WriteRune(r)
		return 6
	}
	if low, ok := hex4(s[6:]); ok {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			b.WriteRune(both)
			return 12
		}
	}
	b.WriteRune(utf8.RuneError)
	return 6
}

// hex4 reads the \uXXXX that s begins with.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
