package inspect

// worldIDs are the numbers of countries that have one or two in the tables.
func worldIDs() []idKind {
	return []idKind{
		{rule: "pl_nip", shapes: "999-999-99-99|999-99-99-999", check: validNIP, topics: aboutNIP | aboutVAT | aboutTax, bare: 0.6, near: 0.95},
		{rule: "pl_nip", shapes: "9999999999", check: validNIP, topics: aboutNIP, alone: 0.3, near: 0.95},
		{rule: "pl_regon", shapes: "999999999", check: validREGON, topics: aboutNIP, near: 0.95},
		{rule: "be_national_number", shapes: "99.99.99-999.99", check: validBelgian, topics: aboutBelgium, bare: 0.9, near: 0.99},
		{rule: "be_national_number", shapes: "99999999999", check: validBelgian, topics: aboutBelgium, alone: 0.5, near: 0.95},
		{rule: "pt_nif", shapes: "999999999|999 999 999", check: validPortuguese, topics: aboutDNI, near: 0.9},
		{rule: "es_cif", shapes: "A9999999#|A-9999999#", check: validCIF, topics: aboutDNI | aboutVAT, near: 0.9},
		{rule: "ch_ahv_number", shapes: "999.9999.9999.99", check: validAHV, topics: aboutSwiss, bare: 0.95, near: 0.99},
		{rule: "ch_ahv_number", shapes: "9999999999999", check: validAHV, topics: aboutSwiss, alone: 0.5, near: 0.95},
		{rule: "at_social_security", shapes: "9999 999999|9999999999|9999-999999", check: validAustrian, topics: aboutPension, near: 0.9},
		{rule: "dk_cpr", shapes: "999999-9999|9999999999", check: validDanish, topics: aboutNordic, near: 0.75},
		{rule: "no_fodselsnummer", shapes: "99999999999|999999 99999", check: validNorwegian, topics: aboutNordic | aboutSweden, alone: 0.6, near: 0.95},
		{rule: "ee_isikukood", shapes: "99999999999", check: validBaltic, topics: aboutNordic, alone: 0.3, near: 0.95},
		{rule: "fi_business_id", shapes: "9999999-9", check: validYTunnus, topics: aboutCompany | aboutFinland, near: 0.9},
		{rule: "cz_birth_number", shapes: "999999/9999", check: validCzech, topics: aboutBalkan, bare: 0.6, near: 0.95},
		{rule: "cz_birth_number", shapes: "9999999999", check: validCzech, topics: aboutBalkan, near: 0.95},
		{rule: "ie_pps", shapes: "9999999A|9999999AA", check: validPPS, topics: aboutIreland, alone: 0.4, near: 0.95},
		{rule: "ro_cnp", shapes: "9999999999999", check: validCNP, topics: aboutBalkan, alone: 0.4, near: 0.95},
		{rule: "bg_egn", shapes: "9999999999", check: validEGN, topics: aboutBalkan, near: 0.95},
		{rule: "hr_oib", shapes: "99999999999", check: validDETaxID, topics: aboutBalkan, near: 0.95},
		{rule: "mx_curp", shapes: "AAAA999999AAAAAA#9", check: validCURP, topics: aboutLatin, bare: 0.9, near: 0.99},
		{rule: "ar_cuit", shapes: "99-99999999-9", check: validCUIT, topics: aboutLatin, bare: 0.6, near: 0.95},
		{rule: "ar_cuit", shapes: "99999999999", check: validCUIT, topics: aboutLatin, near: 0.95},
		{rule: "cl_rut", shapes: "99.999.999-#|9.999.999-#|99999999-#|9999999-#", check: validRUT, topics: aboutLatin, near: 0.95},
		{rule: "cn_resident_id", shapes: "99999999999999999#", check: validChinese, topics: aboutEastAsia, bare: 0.9, near: 0.99},
		{rule: "jp_my_number", shapes: "9999 9999 9999|9999-9999-9999|999999999999", check: validMyNumber, topics: aboutEastAsia, near: 0.95},
		{rule: "tw_national_id", shapes: "A999999999", check: validTaiwan, topics: aboutEastAsia | aboutIDCard, near: 0.95, upper: true},
		{rule: "il_id_number", shapes: "999999999", check: luhnID, topics: aboutIreland, near: 0.9},
		{rule: "fr_passport", shapes: "99AA99999", topics: aboutPassport, alone: 0.2, near: 0.65},
		{rule: "ca_passport", shapes: "AA999999", topics: aboutPassport, alone: 0.05, near: 0.6},
		{rule: "nl_passport", shapes: "AA######9", check: validDutchDocument, topics: aboutPassport, alone: 0.05, near: 0.6},
		{rule: "passport", shapes: "99999999", topics: aboutPassport, near: 0.5},
		{rule: "driver_license", shapes: "99999/99/9999|AA99 99999999999|AA-9999999999999|AA9999999999999|AAAAA999999A9AA99", topics: aboutDriving, near: 0.55},
		{rule: "driver_license", shapes: "9999999999|99999999999|999999999999", topics: aboutDL, near: 0.55},
	}
}

func validNIP(s []byte) bool {
	return s[0] != '0' && weigh(s, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digit(s[9]) && distinct(string(s)) > 2
}

func validREGON(s []byte) bool {
	return weigh(s, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 == digit(s[8]) && distinct(string(s)) > 2
}

// validBelgian checks the two last digits; for those born since 2000 a 2 goes
// before the number.
func validBelgian(s []byte) bool {
	n, check := atoi(s[:9]), 97-atoi(s[9:])
	return atoi(s[2:4])%20 <= 12 && (n%97 == check || (2000000000+n)%97 == check) && distinct(string(s)) > 2
}

func validPortuguese(s []byte) bool {
	check := 11 - weigh(s, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return in(s[0], "1235689") && check*bit(check < 10) == digit(s[8]) && distinct(string(s)) > 2
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// validCIF checks the last character of a Spanish company's number, a digit or
// the letter that stands for it.
func validCIF(s []byte) bool {
	sum := 0
	for i, b := range s[1:8] {
		v := digit(b) << (1 - i%2)
		sum += v/10 + v%10
	}
	check := (10 - sum%10) % 10
	return in(s[0], "ABCDEFGHJNPQRSUVW") && (s[8] == byte('0'+check) || s[8] == "JABCDEFGHI"[check])
}

// validAHV checks a Swiss number: 756 and the check digit of an EAN.
func validAHV(s []byte) bool {
	return string(s[:3]) == "756" && weigh(s, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

func validAustrian(s []byte) bool {
	return s[0] != '0' && weigh(s, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 == digit(s[3]) && validDate(atoi(s[6:8]), atoi(s[4:6]))
}

// validDanish checks the birthday: the check digit was given up in 2007.
func validDanish(s []byte) bool {
	return validDate(atoi(s[2:4]), atoi(s[:2])) && distinct(string(s)) > 3
}

func validNorwegian(s []byte) bool {
	first, second := weigh(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1), weigh(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
	return validDate(atoi(s[2:4])%40, atoi(s[:2])%40) && first%11 == 0 && second%11 == 0
}

// validBaltic checks an Estonian or Lithuanian number.
func validBaltic(s []byte) bool {
	check := weigh(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if check == 10 {
		check = weigh(s, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return in(s[0], "123456") && validDate(atoi(s[3:5]), atoi(s[5:7])) && check == digit(s[10])
}

func validYTunnus(s []byte) bool {
	return weigh(s, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 && distinct(string(s)) > 2
}

// validCzech checks a birth number: 50 is added to a woman's month.
func validCzech(s []byte) bool {
	return atoi(s)%11 == 0 && validDate(atoi(s[2:4])%50%20, atoi(s[4:6]))
}

func validPPS(s []byte) bool {
	sum := weigh(s, 8, 7, 6, 5, 4, 3, 2)
	if len(s) == 9 {
		sum += 9 * int(s[8]-'A'+1)
	}
	return "WABCDEFGHIJKLMNOPQRSTUV"[sum%23] == s[7]
}

func validCNP(s []byte) bool {
	return in(s[0], "12345678") && validDate(atoi(s[3:5]), atoi(s[5:7])) && weigh(s, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)%11%10 == digit(s[12])
}

func validEGN(s []byte) bool {
	return validDate(atoi(s[2:4])%20, atoi(s[4:6])) && weigh(s, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == digit(s[9])
}

// validCURP checks the birthday, the sex and the last digit of a Mexican number.
func validCURP(s []byte) bool {
	const alphabet = "0123456789ABCDEFGHIJKLMN-OPQRSTUVWXYZ" // Ñ has a place of its own
	sum := 0
	for i, b := range s[:17] {
		sum += indexByte(alphabet, b) * (18 - i)
	}
	return validDate(atoi(s[6:8]), atoi(s[8:10])) && in(s[10], "HMX") && (10-sum%10)%10 == digit(s[17])
}

func validCUIT(s []byte) bool {
	return in(s[0], "23") && weigh(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 && distinct(string(s)) > 2
}

// validRUT checks the last character of a Chilean number: K stands for ten.
func validRUT(s []byte) bool {
	sum, n := 0, len(s)-1
	for i := range n {
		sum += digit(s[n-1-i]) * (2 + i%6)
	}
	return "0K987654321"[sum%11] == s[n] && distinct(string(s[:n])) > 2
}

// validChinese checks the birthday and the last character (GB 11643, ISO 7064).
func validChinese(s []byte) bool {
	sum := weigh(s, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
	century := atoi(s[6:8])
	return s[0] != '0' && (century == 19 || century == 20) && validDate(atoi(s[10:12]), atoi(s[12:14])) && "10X98765432"[sum%11] == s[17]
}

func validMyNumber(s []byte) bool {
	rest := weigh(s, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11
	return (11-rest)%11*bit(rest > 1) == digit(s[11]) && distinct(string(s)) > 2
}

// validTaiwan checks the sex and the last digit; the letter counts as two.
func validTaiwan(s []byte) bool {
	at := indexByte("ABCDEFGHJKLMNPQRSTUVXYWZIO", s[0]) + 10
	sum := at/10 + at%10*9 + weigh(s[1:], 8, 7, 6, 5, 4, 3, 2, 1, 1)
	return at >= 10 && in(s[1], "1289") && sum%10 == 0
}

// validDutchDocument knows that the letter O is never used, and that there are
// digits.
func validDutchDocument(s []byte) bool {
	digits := 0
	for _, b := range s {
		if b == 'O' {
			return false
		}
		digits += bit(isDigit(b))
	}
	return digits > 2
}
