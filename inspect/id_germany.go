package inspect

// germanIDs are the numbers of Germany.
func germanIDs() []idKind {
	return []idKind{
		{rule: "de_tax_id", shapes: "99999999999|99 999 999 999", check: validDETaxID, topics: aboutTax, alone: 0.6, near: 0.95},
		{rule: "de_tax_number", shapes: "99/999/99999|999/999/99999|999/9999/9999|99/9999/9999|99/999/9999", topics: aboutTax, bare: 0.4, near: 0.8},
		{rule: "de_tax_number", shapes: "9999999999999", check: validDETaxNumber, topics: aboutTax, alone: 0.4, near: 0.8},
		{rule: "de_vat_id", shapes: "AA999999999|AA 999 999 999|AA.999.999.999|AA 999999999", check: validDEVAT, topics: aboutVAT, bare: 0.7, near: 0.95},
		{rule: "de_id_card", shapes: "A########9", check: validDEIDCard, topics: aboutIDCard, alone: 0.5, near: 0.9},
		{rule: "de_id_card", shapes: "A########", check: validDEDocument, topics: aboutIDCard, near: 0.6},
		{rule: "de_passport", shapes: "A#######9", check: validDEPassport, topics: aboutPassport | aboutIDCard, alone: 0.6, near: 0.9},
		{rule: "de_social_security", shapes: "99999999A999|99 999999 A 999", check: validDEPension, topics: aboutPension, bare: 0.7, near: 0.95},
		{rule: "de_health_insurance", shapes: "A999999999", check: validDEHealth, topics: aboutHealth, alone: 0.6, near: 0.95},
		{rule: "de_lanr", shapes: "999999999", check: validLANR, topics: aboutDoctor, alone: 0.5, near: 0.9},
		{rule: "de_bsnr", shapes: "999999999", topics: aboutPractice, near: 0.7},
		{rule: "de_fuehrerschein", shapes: "AA99999999#|A9999999999", topics: aboutDriving, alone: 0.5, near: 0.8},
		{
			rule: "de_kfz",
			shapes: "A-A-9|A-A-99|A-A-999|A-A-9999|A-AA-9|A-AA-99|A-AA-999|A-AA-9999|AA-A-9|AA-A-99|AA-A-999|AA-A-9999|AA-AA-9|AA-AA-99|AA-AA-999|AA-AA-9999|" +
				"AAA-A-9|AAA-A-99|AAA-A-999|AAA-A-9999|AAA-AA-9|AAA-AA-99|AAA-AA-999|AAA-AA-9999|A-A 9|A-A 99|A-A 999|A-A 9999|A-AA 9|A-AA 99|A-AA 999|A-AA 9999|" +
				"AA-A 9|AA-A 99|AA-A 999|AA-A 9999|AA-AA 9|AA-AA 99|AA-AA 999|AA-AA 9999|AAA-A 9|AAA-A 99|AAA-A 999|AAA-A 9999|AAA-AA 9|AAA-AA 99|AAA-AA 999",
			topics: aboutVehicle, alone: 0.5, near: 0.75,
		},
		{rule: "de_plz", shapes: "99999", topics: aboutPLZ, alone: 0.2, near: 0.5},
	}
}

// validDETaxID checks the tax identification number: its hybrid check digit.
func validDETaxID(s []byte) bool { return s[0] != '0' && mod11and10(s) && distinct(string(s)) > 2 }

// validDETaxNumber knows that the nationwide form of a tax number begins with
// one of the federal states' tax offices.
func validDETaxNumber(s []byte) bool { return s[0] == '0' && s[1] != '0' && distinct(string(s)) > 2 }

func validDEVAT(s []byte) bool {
	return s[0] == 'D' && s[1] == 'E' && s[2] != '0' && mod11and10(s[2:])
}

// validDEDocument knows the letters of German documents: no vowels, and none
// that looks like a digit.
func validDEDocument(s []byte) bool {
	digits := 0
	for _, b := range s {
		if isDigit(b) {
			digits++
		} else if !in(b, "CFGHJKLMNPRTVWXYZ") {
			return false
		}
	}
	return digits > 2
}

func validDEIDCard(s []byte) bool { return validDEDocument(s) && machineReadable(s) }

func validDEPassport(s []byte) bool {
	return in(s[0], "CFGHJK") && validDEDocument(s) && machineReadable(s)
}

// validDEPension checks a pension insurance number: area, birthday, initial,
// serial, and the sum of the digits' cross sums.
func validDEPension(s []byte) bool {
	if day := atoi(s[2:4]); !validDate(atoi(s[4:6]), day) && !validDate(atoi(s[4:6]), day-50) {
		return false
	}
	letter := int(s[8]-'A') + 1
	value := append(append([]byte{}, s[:8]...), byte('0'+letter/10), byte('0'+letter%10), s[9], s[10])
	sum := 0
	for i, weight := range [...]int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
		v := weight * digit(value[i])
		sum += v/10 + v%10
	}
	return sum%10 == digit(s[11])
}

// validDEHealth checks the fixed part of a health insurance number: the letter
// counts as two digits, every second one is doubled.
func validDEHealth(s []byte) bool {
	letter := int(s[0]-'A') + 1
	value := append([]byte{byte('0' + letter/10), byte('0' + letter%10)}, s[1:9]...)
	sum := 0
	for i, b := range value {
		v := digit(b) * (1 + i%2)
		sum += v/10 + v%10
	}
	return sum%10 == digit(s[9])
}

// validLANR checks the number of a doctor.
func validLANR(s []byte) bool {
	return (10-weigh(s, 4, 9, 4, 9, 4, 9)%10)%10 == digit(s[6]) && atoi(s[7:]) > 0
}
