package inspect

// britishIDs are the numbers of the United Kingdom.
func britishIDs() []idKind {
	return []idKind{
		{rule: "uk_nhs", shapes: "999 999 9999|999-999-9999", check: validNHS, topics: aboutNHS, bare: 0.5, alone: 0.7, near: 0.95},
		{rule: "uk_nhs", shapes: "9999999999", check: validNHS, topics: aboutNHS, alone: 0.3, near: 0.95},
		{rule: "uk_nino", shapes: "AA 99 99 99 A|AA-99-99-99-A|AA 999999 A", check: validNINO, topics: aboutNINO, bare: 0.75, near: 0.95},
		{rule: "uk_nino", shapes: "AA999999A|AA99 99 99 A", check: validNINO, topics: aboutNINO, bare: 0.6, near: 0.95, upper: true, alone: 0.6},
		{rule: "uk_passport", shapes: "999999999|AA9999999", topics: aboutPassport, alone: 0.05, near: 0.6},
		{
			rule: "uk_driving_licence",
			shapes: "A9999999999AA9AA|AA999999999AA9AA|AAA99999999AA9AA|AAAA9999999AA9AA|AAAAA999999AA9AA|" +
				"A9999999999A99AA|AA999999999A99AA|AAA99999999A99AA|AAAA9999999A99AA|AAAAA999999A99AA|" +
				"A9999999999999AA|AA999999999999AA|AAA99999999999AA|AAAA9999999999AA|AAAAA999999999AA",
			check: validUKDriver, topics: aboutDriving, bare: 0.85, near: 0.95,
		},
		{
			rule:   "uk_postcode",
			shapes: "A9 9AA|A99 9AA|AA9 9AA|AA99 9AA|A9A 9AA|AA9A 9AA|A99AA|A999AA|AA99AA|AA999AA|A9A9AA|AA9A9AA",
			check:  validPostcode, topics: aboutPostal, alone: 0.25, near: 0.6, upper: true,
		},
		{rule: "uk_vehicle_registration", shapes: "AA99 AAA|AA99-AAA|AA99AAA", check: validUKPlate, topics: aboutVehicle, alone: 0.6, near: 0.8, upper: true},
		{rule: "uk_vehicle_registration", shapes: "A9 AAA|A99 AAA|A999 AAA|A999AAA", check: validUKPrefixPlate, topics: aboutVehicle, alone: 0.2, near: 0.6, upper: true},
	}
}

// validNHS checks the modulus-11 digit of a National Health Service number.
func validNHS(s []byte) bool {
	check := 11 - weigh(s, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return check%11 == digit(s[9]) && check != 10 && distinct(string(s)) > 1
}

// validNINO knows the prefixes of National Insurance that were never given out.
func validNINO(s []byte) bool {
	switch string(s[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return !in(s[0], "DFIQUV") && !in(s[1], "DFIOQUV") && s[8] <= 'D' && s[8] >= 'A'
}

// validUKDriver checks the surname, filled up with nines, and the birthday; 50
// is added to a woman's month.
func validUKDriver(s []byte) bool {
	filled := false
	for _, b := range s[:5] {
		if filled && b != '9' || isDigit(b) && b != '9' {
			return false
		}
		filled = b == '9'
	}
	for _, b := range s[11:13] {
		if isDigit(b) && b != '9' {
			return false
		}
	}
	month := atoi(s[6:8])
	if month > 50 {
		month -= 50
	}
	return validDate(month, atoi(s[8:10]))
}

// validPostcode knows the letters that Royal Mail does not use in each place.
func validPostcode(s []byte) bool {
	n := len(s)
	if string(s) == "GIR0AA" {
		return true
	}
	if in(s[0], "QVX") || in(s[n-1], "CIKMOV") || in(s[n-2], "CIKMOV") {
		return false
	}
	return isDigit(s[1]) || !in(s[1], "IJZ")
}

// validUKPlate checks a number plate since 2001: an area and half a year.
func validUKPlate(s []byte) bool {
	for _, i := range []int{0, 1, 4, 5, 6} {
		if in(s[i], "IQ") {
			return false
		}
	}
	age := atoi(s[2:4])
	return s[0] != 'Z' && s[1] != 'Z' && (age >= 2 && age <= 29 || age >= 51 && age <= 79)
}

// validUKPrefixPlate checks a number plate of the years before.
func validUKPrefixPlate(s []byte) bool {
	for _, b := range s {
		if in(b, "IQZ") {
			return false
		}
	}
	return !in(s[0], "OU")
}
