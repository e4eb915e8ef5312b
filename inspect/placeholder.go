package inspect

import "math/bits"

// mockWords are parts of values that people write where a secret would be.
var mockWords = []string{
	"example", "your", "xxxx", "placeholder", "changeme", "change_me", "dummy", "sample", "redacted", "insert",
	"replace", "todo", "fixme", "secret_here", "key_here", "token_here", "goes_here", "foobar", "....", "****", "${", "{{", "<",
}

// placeholder reports whether s looks written by hand where a secret would be:
// a word such as "your", one character again and again, the alphabet in order.
// An honest random value of 16 characters or more has next to no chance.
func placeholder(s string) bool {
	if len(s) < 4 {
		return true
	}
	for _, word := range mockWords {
		if containsFold(s, word) {
			return true
		}
	}
	return sequence(s) || distinct(s) < min(5, len(s)/2)
}

// sequence reports whether s counts up or repeats for nine characters on end.
func sequence(s string) bool {
	up, same := 1, 1
	for i := 1; i < len(s); i++ {
		up++
		same++
		if s[i] != s[i-1]+1 {
			up = 1
		}
		if s[i] != s[i-1] {
			same = 1
		}
		if up >= 9 || same >= 9 {
			return true
		}
	}
	return false
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
