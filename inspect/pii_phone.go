package inspect

// callingCodes are the countries of the world's numbering plan with the least
// and the most digits that follow the code (ITU-T E.164 and its lists).
var callingCodes = map[string][2]int{
	"1": {10, 10}, "7": {10, 10}, "20": {8, 10}, "27": {9, 9}, "30": {10, 10}, "31": {9, 9}, "32": {8, 9}, "33": {9, 9}, "34": {9, 9},
	"36": {8, 9}, "39": {8, 11}, "40": {9, 9}, "41": {9, 9}, "43": {7, 12}, "44": {9, 10}, "45": {8, 8}, "46": {7, 10}, "47": {8, 8},
	"48": {9, 9}, "49": {8, 12}, "51": {8, 9}, "52": {10, 11}, "53": {8, 8}, "54": {10, 11}, "55": {10, 11}, "56": {9, 9}, "57": {10, 10},
	"58": {10, 10}, "60": {8, 10}, "61": {9, 9}, "62": {9, 12}, "63": {8, 10}, "64": {8, 10}, "65": {8, 8}, "66": {8, 9}, "81": {9, 10},
	"82": {8, 10}, "84": {9, 10}, "86": {10, 11}, "90": {10, 10}, "91": {10, 10}, "92": {9, 10}, "93": {9, 9}, "94": {9, 9}, "95": {8, 10}, "98": {10, 10},
}

// threeDigitCodes are the codes of three digits, as first and last of a range.
var threeDigitCodes = [][2]int{
	{211, 213}, {216, 216}, {218, 218}, {220, 258}, {260, 269}, {290, 291}, {297, 299}, {350, 359}, {370, 378}, {380, 383}, {385, 387}, {389, 389},
	{420, 421}, {423, 423}, {500, 509}, {590, 599}, {670, 670}, {672, 692}, {850, 853}, {855, 856}, {880, 880}, {886, 886}, {960, 968}, {970, 977},
	{992, 996}, {998, 998},
}

// countryOf returns the length of the calling code that s, the digits after a
// "+", begins with, or 0 if the rest has not the length that it has there.
func countryOf(s string) int {
	for n := 1; n <= 2; n++ {
		if rest, ok := callingCodes[s[:n]]; ok {
			if len(s)-n >= rest[0] && len(s)-n <= rest[1] {
				return n
			}
			return 0
		}
	}
	code := atoi([]byte(s[:3]))
	for _, r := range threeDigitCodes {
		if r[0] <= code && code <= r[1] && len(s) >= 10 && len(s) <= 12 {
			return 3
		}
	}
	return 0
}

// phone reports a telephone number with its country (E.164), one in a shape
// that only telephone numbers have, or one beside a word for a telephone.
func phone(w *window, n *written) bool {
	if n.end > 24 || !phoneEnds(w, n.end) || distinct(string(n.value[:n.digits])) < 3 {
		return false
	}
	before := w.at(-1)
	if before == '+' || before == '(' && w.at(-2) == '+' {
		return international(w, n)
	}
	if before == '-' || before == '/' || before == '.' && w.at(-2) != 'l' {
		return false
	}
	start := 0
	if before == '(' {
		start = -1
	}
	score := 0.0
	switch {
	case before == '=':
	case northAmerican(n):
		score = 0.6
	case dialledAbroad(n):
		score = 0.6
	default:
		score = national(w, n)
	}
	if score < 0.6 {
		score = max(score, announced(w, n))
	}
	if score == 0 {
		return false
	}
	w.take(PII, "phone_number", score, start, n.end)
	return true
}

// phoneEnds is ends, but for words that say which telephone it is: 5550132-Fax.
func phoneEnds(w *window, i int) bool {
	return ends(w, i) || w.at(i) == '-' && alphaBytes[w.at(i+1)] && alphaBytes[w.at(i+2)] && alphaBytes[w.at(i+3)]
}

func international(w *window, n *written) bool {
	start := -1
	if w.at(-1) == '(' {
		start = -2
	}
	value := string(n.value[:n.digits])
	if n.digits < 8 || isAlnum(w.at(start-1)) || n.groups > 6 || n.groups == 2 && n.octets == 1 {
		return false
	}
	code := countryOf(value)
	if code == 0 && n.groups > 2 { // "+44 (0)20 7946 0958"
		code = countryOf(trunkless(value))
	}
	if code == 0 || code == 1 && value[0] == '1' && (value[1] < '2' || value[4] < '2') {
		return false
	}
	rule, rest := "phone_number", value[code:]
	switch {
	case value[:code] == "90" && in(rest[0], "2345"):
		rule = "tr_phone_number"
	case value[:code] == "63" && rest[0] == '9':
		rule = "ph_mobile_number"
	}
	w.take(PII, rule, 0.75, start, n.end)
	return true
}

// trunkless takes out the zero that is dialled at home only.
func trunkless(s string) string {
	for n := 1; n <= 3; n++ {
		if s[n] == '0' {
			return s[:n] + s[n+1:]
		}
	}
	return s
}

// national judges a number by the shapes of countries whose numbers look like
// nothing else. All others need a word; see announced.
func national(w *window, n *written) float64 {
	if n.digits < 9 || n.digits > 11 || n.groups < 2 || n.groups > 5 {
		return 0
	}
	_, same := n.uniform(0)
	bracket := n.between[0] == ')'
	if n.value[0] != '0' {
		if bracket && n.groups == 3 && n.group[0] == 2 && n.group[2] == 4 && (n.group[1] == 5 && n.value[2] == '9' || n.group[1] == 4) {
			return 0.5 // Brazil
		}
		return 0
	}
	switch second := n.value[1]; {
	case second == '0':
	case n.shape(2, 2, 2, 2, 2):
		if same && n.between[0] != ':' && second != '8' && !hexPair(w, -3) && !hexPair(w, n.end+1) && w.at(-1) != ':' {
			return 0.5 // France
		}
	case n.between[0] == '/' && n.groups == 2, bracket && n.groups < 4:
		return 0.5 // Germany; Britain and Australia
	case same && n.between[0] == '.':
	case n.shape(3, 4, 4), n.shape(5, 6) && second == '7', n.shape(5, 3, 3) && second == '7', n.shape(4, 3, 3) && second == '4', n.shape(3, 3, 2, 2) && second == '7':
		return 0.5 // Japan and others, British and Australian mobiles, Sweden
	case n.shape(4, 3, 4), n.shape(2, 4, 4) && n.between[0] == '-', n.shape(2, 8) && second == '6' && n.between[0] == '-':
		return 0.45 // Britain, Japan, Dutch mobiles
	}
	return 0
}

// dialledAbroad reports whether n is a country's number after 00.
func dialledAbroad(n *written) bool {
	if n.digits < 11 || n.groups < 3 || n.group[0] < 3 || n.value[0] != '0' || n.value[1] != '0' || n.value[2] == '0' {
		return false
	}
	code := countryOf(string(n.value[2:n.digits]))
	return code > 0 && n.value[2+code] != '0' && n.group[0] == 2+code
}

// announced judges a number by the words before it: beside "phone" any of the
// usual length is one, beside "call" one in groups, or of ten digits.
func announced(w *window, n *written) float64 {
	if n.digits < 7 || n.digits > 12 || n.groups > 5 || n.octets == 1 || n.octets == 3 || n.isDate() || n.group[0] > 4 && n.value[2] == '0' && n.value[0] == '0' ||
		n.group[0] == 2 && (hexPair(w, -3) || hexPair(w, n.end+1)) {
		return 0
	}
	reach := topicBefore
	if n.groups == 1 {
		reach = phoneNear
	}
	topics := readTopics(w, -reach, 0)
	switch {
	case topics&aboutPhone != 0 && n.groups > 1:
		return 0.65
	case topics&aboutPhone != 0:
		return 0.6
	case topics&aboutCall != 0 && (n.groups > 1 && n.digits > 7 || n.digits == 10 && n.value[0] > '1' && meant(w)):
		return 0.5
	case topics&aboutNumber != 0 && n.value[0] == '0' && n.value[1] != '0' && n.groups > 1 && n.digits > 8 && n.between[0] != '.':
		return 0.4
	}
	return 0
}

// meant reports whether the word before says where to call: "call me at".
func meant(w *window) bool {
	return w.fold(-4, " at ") || w.fold(-4, " on ") || w.fold(-4, " me ") || w.fold(-4, " us ") || w.fold(-2, ": ")
}

// phoneNear is how far before a bare run of digits the word may begin that makes
// it a telephone number.
const phoneNear = 40

// isYear reports whether the digits from i on are a year of ours.
func (n *written) isYear(i int) bool {
	return n.value[i] == '1' && n.value[i+1] == '9' || n.value[i] == '2' && n.value[i+1] == '0'
}

// isDate reports whether the groups are those of a date.
func (n *written) isDate() bool {
	if n.shape(4, 4) && n.between[0] == '-' && n.isYear(0) && n.isYear(4) {
		return true // 2009-2017
	}
	if n.groups < 3 || n.between[0] == ' ' || n.between[0] == ')' {
		return false
	}
	return n.group[0] == 4 && n.group[1] <= 2 && n.group[2] <= 2 || n.group[0] <= 2 && n.group[1] <= 2 && n.group[2] == 4 && n.groups == 3
}

// hexPair reports whether two hexadecimal digits stand by themselves at offset
// i: a dump of bytes.
func hexPair(w *window, i int) bool {
	return anyHexBytes[w.at(i)] && anyHexBytes[w.at(i+1)] && !wordBytes[w.at(i-1)] && !wordBytes[w.at(i+2)]
}

// northAmerican reports whether n is NXX-NXX-XXXX, with a 1 before it or not.
func northAmerican(n *written) bool {
	first := 0
	if n.group[0] == 1 && n.value[0] == '1' && n.groups == 4 {
		first = 1
	}
	if n.groups-first != 3 || n.group[first] != 3 || n.group[first+1] != 3 || n.group[first+2] != 4 {
		return false
	}
	area, exchange := n.value[first], n.value[first+3]
	if area < '2' || exchange < '2' || n.value[first+1] == '9' {
		return false
	}
	_, same := n.uniform(first)
	return same || n.between[first] == ')'
}
