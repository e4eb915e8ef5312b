package inspect

import (
	"math/bits"
	"slices"
)

// mockWords are parts of values that people write where a secret would be.
var mockWords = []string{
	"example", "your", "xxxx", "placeholder", "changeme", "change_me", "change-me", "dummy", "mock", "fake", "notreal", "not-a-", "not_a_", "invalid", "sample", "redacted", "insert",
	"replace", "todo", "fixme", "abc123", "tokenhere", "keyhere", "secrethere", "passwordhere", "secret_here", "key_here", "token_here", "goes_here", "foobar", "....", "****", "${", "{{", "<",
}

// mockByFirst holds mockWords by their first byte: values are judged often.
var mockByFirst = byFirst(mockWords)

func byFirst(words []string) (index [256][]string) {
	for _, word := range words {
		index[word[0]] = append(index[word[0]], word)
	}
	return index
}

// documented are values that standards and well-known pages show.
var documented = []string{
	"QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "YWxhZGRpbjpvcGVuc2VzYW1l", "czZCaGRSa3F0MzpnWDFmQmF0M2JW", // RFC 7617, 6749
	"2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", "h480djs93hd8", "ad180jjd733klru7", // RFC 6749, 5849
	"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", // the signature that jwt.io shows
}

// placeholder reports whether s looks written by hand where a secret would be:
// a word such as "your", one character again and again, the alphabet in order.
// An honest random value of 16 characters or more has next to no chance.
func placeholder(s string) bool {
	if len(s) < 4 {
		return true
	}
	for i := range len(s) {
		for _, word := range mockByFirst[lower(s[i])] {
			if foldPrefix(s[i:], word) {
				return true
			}
		}
	}
	return slices.Contains(documented, s) || sequence(s) || distinct(s) < min(5, len(s)/2)
}

// sequence reports whether s counts up or repeats: nine characters on end, or
// eight of its letters or of its digits, whatever stands between: a1b2c3d4.
func sequence(s string) bool {
	const most = 9
	up, same := 1, 1
	var letter, digit run
	for i := range len(s) {
		b := lower(s[i])
		if isDigit(b) && digit.step(b, '0'-1) || alphaBytes[b] && letter.step(b, 'a'-1) {
			return true
		}
		if i == 0 {
			continue
		}
		up++
		same++
		if b != lower(s[i-1])+1 {
			up = 1
		}
		if s[i] != s[i-1] {
			same = 1
		}
		if up >= most || same >= most {
			return true
		}
	}
	return false
}

// repeats reports whether ten bytes of s stand in it twice, as they do where a
// value was made up by copying, and next to never in a random one.
func repeats(s string) bool {
	const most = 10
	s = s[:min(len(s), 96)]
	for lag := 1; lag+most <= len(s); lag++ {
		same := 0
		for i := lag; i < len(s); i++ {
			if s[i] != s[i-lag] {
				same = 0
				continue
			}
			if same++; same == most {
				return true
			}
		}
	}
	return false
}

// run counts how many bytes in a row were each one more than the last.
type run struct {
	last byte
	n    int
}

// step takes in b. After 9 comes 0, which is before+1.
func (r *run) step(b, before byte) bool {
	if b == r.last+1 || r.last == '9' && b == before+1 {
		r.n++
	} else {
		r.n = 1
	}
	r.last = b
	return r.n >= 8
}

// distinct counts the different bytes in s.
func distinct(s string) int {
	var seen [4]uint64
	for i := range len(s) {
		seen[s[i]>>6] |= 1 << (s[i] & 63)
	}
	n := 0
	for _, word := range seen {
		n += bits.OnesCount64(word)
	}
	return n
}

// mixed reports whether s has a digit and a letter: made-up words have not.
func mixed(s string) bool {
	digits, letters := 0, 0
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
			digits++
		case alphaBytes[s[i]]:
			letters++
		}
	}
	return digits > 0 && letters > 0
}
