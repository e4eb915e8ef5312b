package inspect

import "math"

// commonPairs holds, for each letter, the letters that follow it in words of
// English prose and code: 252 pairs, which make up 95 % of all. In random text
// little more than a third of the pairs are among them.
var commonPairs = pairsOf([26]string{
	"bcdfgiklmnprstuvy", "aeilouy", "acehiklortu", "adeilorsu", "acdefgilmnpqrstvwx", "aefilorstu", "ehinorsu", "aeiort",
	"abcdefglmnoprstvxz", "aou", "aeis", "adeilostuy", "abeimopsu", "acdefgiklnostuvy", "abcdfgiklmnoprstuvw", "aeiloprstuy",
	"u", "acdefgiklmnorstuvy", "acehiklopstuy", "acefhiloprstuy", "abcefgilmnprst", "aei", "aehinor", "ept", "lprst", "e",
})

func pairsOf(rows [26]string) (pairs [26]uint32) {
	for i, row := range rows {
		for k := range len(row) {
			pairs[i] |= 1 << (row[k] - 'a')
		}
	}
	return pairs
}

// shape is what judges look at in a value.
type shape struct {
	lower, upper, digits, marks, others int
	pairs, common                       int // of letters, within a word
	turns                               int // from one kind of byte to another
}

// shapeOf counts. Marks are what joins words: _ - . / and the like; others are
// the rest.
func shapeOf(s string) (h shape) {
	kind := byte(0)
	for i := range len(s) {
		b, was := s[i], kind
		switch {
		case 'a' <= b && b <= 'z':
			h.lower++
			kind = 'a'
		case 'A' <= b && b <= 'Z':
			h.upper++
			kind = 'A'
		case isDigit(b):
			h.digits++
			kind = '0'
		case b == '_' || b == '-' || b == '.' || b == '/' || b == ':' || b == ' ':
			h.marks++
			kind = '-'
		default:
			h.others++
			kind = '!'
		}
		if i == 0 {
			continue
		}
		if kind != was && !(was == 'A' && kind == 'a') {
			h.turns++
		}
		if (kind == 'a' || kind == 'A') && (was == kind || was == 'A') {
			h.pairs++
			if commonPairs[lower(s[i-1])-'a']&(1<<(lower(b)-'a')) != 0 {
				h.common++
			}
		}
	}
	return h
}

func (h shape) letters() int { return h.lower + h.upper }

// wordlike reports whether the letters read like words: most of them stand in
// runs, and the runs are made of common pairs.
func (h shape) wordlike() bool {
	most := 72
	if h.pairs < 10 { // few pairs may be common by chance
		most = 85
	}
	return h.pairs >= 3 && h.pairs*3 >= h.letters() && h.common*100 >= h.pairs*most
}

// timesLog2 holds n·log2(n), which is asked for at every value that is judged.
var timesLog2 = func() (table [valueMax + 1]float64) {
	for n := 2; n < len(table); n++ {
		table[n] = float64(n) * math.Log2(float64(n))
	}
	return table
}()

// entropy returns the Shannon entropy of the bytes of s, of which there are at
// most valueMax, in bits each.
func entropy(s string) float64 {
	var counts [256]uint16
	for i := range len(s) {
		counts[s[i]]++
	}
	sum := timesLog2[len(s)]
	for i := range len(s) {
		if n := counts[s[i]]; n > 0 {
			sum -= timesLog2[n]
			counts[s[i]] = 0
		}
	}
	return sum / float64(len(s))
}

// uuid reports whether s is 8-4-4-4-12 hexadecimal digits.
func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (s[i] == '-') || !hyphen && !anyHexBytes[s[i]] {
			return false
		}
	}
	return true
}

// randomUUID reports whether s, a UUID, says of itself that it is one of those
// that RFC 9562 defines. A random one of the fourth version that says otherwise
// was made by hand.
func randomUUID(s string) bool {
	return s[14] != '4' || s[19] == '8' || s[19] == '9' || lower(s[19]) == 'a' || lower(s[19]) == 'b'
}
