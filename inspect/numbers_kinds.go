package inspect

// card reports a payment card: an issuer's prefix and length, the grouping that
// cards have, and the Luhn digit.
func card(w *window, n *written) bool {
	if n.digits < 13 || n.digits > 19 || !ends(w, n.end) {
		return false
	}
	if sep, ok := n.uniform(0); n.groups > 1 && (!ok || sep != ' ' && sep != '-') {
		return false
	}
	grouped := n.groups == 1 || n.shape(4, 4, 4, 4) || n.shape(4, 6, 5) || n.shape(4, 6, 4) || n.shape(4, 4, 4, 4, 3)
	value := string(n.value[:n.digits])
	before := w.at(-1)
	if !grouped || before == '-' || before == '/' || !issuer(value) || !luhn(value) || distinct(value) < 2 {
		return false
	}
	w.take(PII, "credit_card", 0.95, 0, n.end)
	return true
}

// issuer reports whether a card of this prefix has this length.
func issuer(s string) bool {
	prefix := func(n int) int {
		v := 0
		for i := range n {
			v = v*10 + int(s[i]-'0')
		}
		return v
	}
	two, three, four := prefix(2), prefix(3), prefix(4)
	switch n := len(s); {
	case s[0] == '4':
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16
	case two == 34, two == 37:
		return n == 15
	case four == 6011, two == 65, three >= 644 && three <= 649, two == 62:
		return n >= 16
	case three >= 300 && three <= 305, two == 36, two == 38, two == 39:
		return n == 14
	case four >= 3528 && four <= 3589:
		return n >= 16
	}
	return false
}

// luhn reports whether the check digit of s fits (ISO/IEC 7812-1).
func luhn[S string | []byte](s S) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// ibanLengths are the lengths of account numbers by country (ISO 13616).
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
	"CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
	"GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
	"MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
	"QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
	"TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

// iban reports an international bank account number that begins two bytes
// before the digits, or that there is none.
func iban(w *window) bool {
	if !upperBytes[w.at(-2)] || isAlnum(w.at(-3)) || !isDigit(w.at(1)) {
		return false
	}
	length := ibanLengths[w.slice(-2, 0)]
	if length == 0 {
		return false
	}
	var value [40]byte
	n, i := 0, -2
	for n < length {
		b := w.at(i)
		if !digitBytes[b] && !upperBytes[b] {
			if (b != ' ' && b != '-') || i < 2 || !isAlnum(w.at(i-1)) {
				return false
			}
			i++
			continue
		}
		value[n] = b
		n++
		i++
	}
	if !ends(w, i) || !mod97(string(value[:n])) {
		return false
	}
	w.take(PII, "iban_code", 0.99, -2, i)
	return true
}

// mod97 reports whether the check digits of an IBAN fit (ISO 7064).
func mod97(s string) bool {
	rest := 0
	for i := range len(s) {
		b := s[(i+4)%len(s)]
		if isDigit(b) {
			rest = (rest*10 + int(b-'0')) % 97
		} else {
			rest = (rest*100 + int(b-'A') + 10) % 97
		}
	}
	return rest == 1
}

// phone reports a telephone number with its country (E.164), or one of the
// North American plan with its usual separators.
func phone(w *window, n *written) bool {
	if n.end > 24 || !ends(w, n.end) || distinct(string(n.value[:n.digits])) < 3 {
		return false
	}
	before := w.at(-1)
	start := 0
	if before == '(' {
		start = -1
	}
	if before == '+' || before == '(' && w.at(-2) == '+' {
		if n.digits < 8 || n.digits > 15 || n.value[0] == '0' || isAlnum(w.at(-2)) || n.groups > 6 {
			return false
		}
		w.take(PII, "phone_number", 0.75, -1+min(start, 0), n.end)
		return true
	}
	if before == '-' || before == '/' || before == '=' || !northAmerican(n) {
		return false
	}
	w.take(PII, "phone_number", 0.6, start, n.end)
	return true
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
