package inspect

// cards are the numbers of payment cards. In source, long numbers are many, and
// one in ten has a Luhn digit: where the usual gaps are missing, a number of the
// usual length is enough only as a guess, another one not at all.
func cards() []idKind {
	return []idKind{
		{
			rule: "credit_card", shapes: "9999-9999-9999-9999|9999 9999 9999 9999|9999-999999-99999|9999 999999 99999|9999 999999 9999|9999-999999-9999|9999 9999 9999 9999 999",
			check: validCard, topics: aboutCard, bare: 0.95, near: 0.99,
		},
		{rule: "credit_card", shapes: "9999999999999999|999999999999999", check: validCard, topics: aboutCard, bare: 0.6, alone: 0.95, near: 0.97},
		{
			rule: "credit_card", shapes: "9999999999999|99999999999999|99999999999999999|999999999999999999|9999999999999999999",
			check: validCard, topics: aboutCard, alone: 0.8, near: 0.9,
		},
	}
}

// validCard reports whether s has an issuer's prefix and length, and the Luhn digit.
func validCard(s []byte) bool { return issuer(s) && luhnID(s) }

// issuer reports whether a card of this prefix has this length.
func issuer(s []byte) bool {
	two, three, four := atoi(s[:2]), atoi(s[:3]), atoi(s[:4])
	switch n := len(s); {
	case s[0] == '4':
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16
	case two == 34, two == 37:
		return n == 15
	case four == 6011, two == 65, three >= 644 && three <= 649, two == 62:
		return n >= 16
	case four == 5018, four == 5020, four == 5038, four == 5893, four == 6304, four == 6759, four >= 6761 && four <= 6763, four >= 2200 && four <= 2204:
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
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28, "CH": 21,
	"CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
	"GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
	"MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
	"QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
	"TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
	"DJ": 27, "FK": 18, "HN": 28, "MN": 20, "NI": 28, "OM": 23, "RU": 33, "SD": 18, "SO": 23, "YE": 30,
}

// iban reports an international bank account number that begins two bytes
// before the digits, or that there is none. In lower case, which hashes are
// written in, it takes a word.
func iban(w *window) bool {
	if isAlnum(w.at(-3)) && !w.fold(-6, "iban") || !isDigit(w.at(1)) {
		return false
	}
	country := [2]byte{w.at(-2), w.at(-1)}
	lowered := !upperBytes[country[0]] || !upperBytes[country[1]]
	for i := range country {
		if alphaBytes[country[i]] {
			country[i] &^= 0x20
		}
	}
	length := ibanLengths[string(country[:])]
	if length == 0 || lowered && readTopics(w, -40, -2)&aboutBank == 0 {
		return false
	}
	var value [40]byte
	n, i := 0, -2
	for n < length {
		b := w.at(i)
		if lowered && alphaBytes[b] {
			b &^= 0x20
		}
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
