package inspect

// europeanIDs are the numbers of the rest of Europe.
func europeanIDs() []idKind {
	return []idKind{
		{rule: "es_nif", shapes: "99999999A|99999999-A", check: validNIF, topics: aboutDNI, bare: 0.4, alone: 0.7, near: 0.95, upper: true},
		{rule: "es_nif", shapes: "9999999A|9999999-A", check: validNIF, topics: aboutDNI, alone: 0.5, near: 0.9},
		{rule: "es_nie", shapes: "A9999999A|A-9999999-A|A9999999-A", check: validNIE, topics: aboutDNI, bare: 0.7, alone: 0.7, near: 0.95, upper: true},
		{rule: "es_passport", shapes: "AAA999999", topics: aboutPassport, alone: 0.2, near: 0.65},
		{rule: "it_fiscal_code", shapes: "AAAAAA99A99A999A", check: validCodiceFiscale, topics: aboutTax, bare: 0.9, near: 0.95},
		{rule: "it_fiscal_code", shapes: "AAAAAA99A99A999A", topics: aboutTax, bare: 0.35, near: 0.6},
		{rule: "it_vat_code", shapes: "99999999999", check: validPartitaIVA, topics: aboutVAT, alone: 0.55, near: 0.95},
		{rule: "it_driver_license", shapes: "AA9999999A", topics: aboutDriving, bare: 0.3, alone: 0.5, near: 0.8, upper: true},
		{rule: "it_driver_license", shapes: "A9#######A", check: validU1, topics: aboutDriving, alone: 0.5, near: 0.8},
		{rule: "it_identity_card", shapes: "AA99999AA|AA9999999|9999999AA", topics: aboutIDCard, alone: 0.1, near: 0.65},
		{rule: "it_passport", shapes: "AA9999999", topics: aboutPassport, alone: 0.05, near: 0.6},
		{rule: "pl_pesel", shapes: "99999999999", check: validPESEL, topics: aboutPESEL, alone: 0.62, near: 0.95},
		{rule: "se_personnummer", shapes: "999999-9999|999999+9999|99999999-9999|99999999+9999", check: validPersonnummer, topics: aboutSweden, bare: 0.7, near: 0.95},
		{rule: "se_personnummer", shapes: "9999999999|999999999999", check: validPersonnummer, topics: aboutSweden, alone: 0.65, near: 0.95},
		{rule: "se_organisationsnummer", shapes: "999999-9999", check: validOrgnummer, topics: aboutCompany, bare: 0.5, near: 0.95},
		{rule: "se_organisationsnummer", shapes: "9999999999", check: validOrgnummer, topics: aboutCompany, alone: 0.55, near: 0.95},
		{rule: "fi_personal_identity_code", shapes: "999999-999#|999999+999#|999999A999#", check: validHETU, topics: aboutFinland, bare: 0.9, near: 0.99},
		{rule: "nl_bsn", shapes: "999999999|9999.99.999", check: validBSN, topics: aboutBSN, alone: 0.25, near: 0.95},
		{
			rule: "fr_insee", shapes: "9 99 99 99 999 999 99|999999999999999", check: validINSEE,
			topics: aboutINSEE | aboutSSN, bare: 0.5, alone: 0.7, near: 0.95,
		},
		{rule: "fr_insee", shapes: "9 99 99 99 999 999|9999999999999", check: validINSEE, topics: aboutINSEE | aboutSSN, alone: 0.4, near: 0.5},
	}
}

// validNIF checks the letter of a Spanish identity number.
func validNIF(s []byte) bool {
	n := len(s) - 1
	return "TRWAGMYFPDXBNJZSQVHLCKE"[atoi(s[:n])%23] == s[n]
}

// validNIE checks that of a foreigner: X, Y and Z stand for 0, 1 and 2.
func validNIE(s []byte) bool {
	if s[0] < 'X' {
		return false
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[(int(s[0]-'X')*10000000+atoi(s[1:8]))%23] == s[8]
}

// validCodiceFiscale checks the last letter; characters at odd places count by
// a table of the ministry's. A birthday is not asked for: not all have one.
func validCodiceFiscale(s []byte) bool {
	odd := [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i, b := range s[:15] {
		v := int(b - 'A')
		if isDigit(b) {
			v = digit(b)
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return int(s[15]-'A') == sum%26
}

func validPartitaIVA(s []byte) bool { return luhnID(s) && atoi(s[:7]) > 0 }

func validU1(s []byte) bool { return s[0] == 'U' && s[1] == '1' }

// validPESEL checks a Polish number: the century is in the month.
func validPESEL(s []byte) bool {
	return validDate(atoi(s[2:4])%20, atoi(s[4:6])) && weigh(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// validPersonnummer checks the birthday, to which 60 may be added, and the Luhn digit.
func validPersonnummer(s []byte) bool {
	if len(s) == 12 {
		if century := atoi(s[:2]); century < 18 || century > 20 {
			return false
		}
		s = s[2:]
	}
	month, day := atoi(s[2:4]), atoi(s[4:6])
	return (validDate(month, day) || validDate(month, day-60)) && luhn(s)
}

func validOrgnummer(s []byte) bool { return s[2] >= '2' && s[0] != '0' && luhnID(s) }

// validHETU checks a Finnish number: the birthday and a check character.
func validHETU(s []byte) bool {
	serial := s[len(s)-4 : len(s)-1]
	if len(s) == 11 && !in(s[6], "ABCDEFUVWXY") {
		return false
	}
	n := atoi(s[:6])*1000 + atoi(serial)
	return validDate(atoi(s[2:4]), atoi(s[:2])) && "0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31] == s[len(s)-1]
}

// validBSN is the eleven test of the Netherlands.
func validBSN(s []byte) bool {
	return weigh(s, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 && distinct(string(s)) > 2
}

// validINSEE checks a French number: sex, year, month, and the key, if it is there.
func validINSEE(s []byte) bool {
	month := atoi(s[3:5])
	if s[0] != '1' && s[0] != '2' || month < 1 || month > 42 || month > 12 && month < 20 || distinct(string(s)) < 4 {
		return false
	}
	return len(s) == 13 || 97-atoi(s[:13])%97 == atoi(s[13:])
}
