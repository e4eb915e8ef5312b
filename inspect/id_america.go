package inspect

// americanIDs are the numbers of the United States, Canada and Brazil.
func americanIDs() []idKind {
	return []idKind{
		{rule: "us_ssn", shapes: "999-99-9999", check: validSSN, topics: aboutSSN, bare: 0.85, near: 0.95},
		{rule: "us_ssn", shapes: "999 99 9999|999.99.9999", check: validSSN, topics: aboutSSN, bare: 0.5, near: 0.9},
		{rule: "us_ssn", shapes: "999999999", check: validSSN, topics: aboutSSN, alone: 0.25, near: 0.8},
		{rule: "us_itin", shapes: "999-99-9999", check: validITIN, topics: aboutTax, bare: 0.7, near: 0.9},
		{rule: "us_itin", shapes: "999 99 9999", check: validITIN, topics: aboutTax, bare: 0.5, near: 0.9},
		{rule: "us_itin", shapes: "999999999", check: validITIN, topics: aboutTax, alone: 0.45, near: 0.8},
		{rule: "us_npi", shapes: "9999-999-999|9999 999 999", check: validNPI, topics: aboutNPI, bare: 0.6, near: 0.95},
		{rule: "us_npi", shapes: "9999999999", check: validNPI, topics: aboutNPI, alone: 0.55, near: 0.95},
		{rule: "us_mbi", shapes: "9A#9-A#9-AA99", check: validMBI, topics: aboutMedicare, bare: 0.75, near: 0.95},
		{rule: "us_mbi", shapes: "9A#9A#9AA99", check: validMBI, topics: aboutMedicare, bare: 0.4, alone: 0.6, near: 0.95, upper: true},
		{rule: "aba_routing_number", shapes: "9999-9999-9", check: validABA, topics: aboutRouting | aboutBank, bare: 0.6, near: 0.95},
		{rule: "aba_routing_number", shapes: "999999999", check: validABA, topics: aboutRouting | aboutBank, alone: 0.6, near: 0.9},
		{rule: "medical_license", shapes: "AA9999999", check: validDEA, topics: aboutDEA | aboutDriving, bare: 0.4, alone: 0.7, near: 0.95, upper: true},
		{rule: "us_passport", shapes: "999999999", topics: aboutPassport, alone: 0.1, near: 0.6},
		{rule: "us_passport", shapes: "A99999999", topics: aboutPassport, alone: 0.2, near: 0.7},
		{rule: "us_driver_license", shapes: "A9999999|A99999999|A999-9999-9999|A9999-99999-99999|A9999 99999 99999|A999999999999|A-999-999-999-999|A999 9999 9999|AA999999A|A999-999-99-999-9|A999999|AA9999999|AAAAAAA999AA|999 999 999", topics: aboutDriving, alone: 0.3, near: 0.65},
		{rule: "us_driver_license", shapes: "9999999|99999999|999999999", topics: aboutDL, alone: 0.05, near: 0.6},
		{
			rule:   "us_bank_number",
			shapes: "99999999|999999999|9999999999|99999999999|999999999999|9999999999999|99999999999999|999999999999999|9999999999999999|99999999999999999",
			topics: aboutBank, alone: 0.05, near: 0.6,
		},
		{
			rule: "medical_record_number", shapes: "999999|9999999|99999999|999999999|9999999999|A999999|A9999999|AA999999|AAA999999|999-99-99|99-99-99|AAA-999999|AAA-9999999|AAA-99999999|AA-9999999|A-999999|A-9999999",
			topics: aboutRecord, near: 0.6,
		},
		{rule: "ca_sin", shapes: "999-999-999", check: validSIN, topics: aboutSIN, bare: 0.4, alone: 0.7, near: 0.95},
		{rule: "ca_sin", shapes: "999 999 999", check: validSIN, topics: aboutSIN, alone: 0.7, near: 0.95},
		{rule: "ca_sin", shapes: "999999999", check: validSIN, topics: aboutSIN, alone: 0.25, near: 0.9},
		{rule: "br_cpf", shapes: "999.999.999-99", check: validCPF, topics: aboutCPF, bare: 0.9, near: 0.99},
		{rule: "br_cpf", shapes: "99999999999", check: validCPF, topics: aboutCPF, alone: 0.6, near: 0.95},
		{rule: "br_cnpj", shapes: "99.999.999/9999-99", check: validCNPJ, topics: aboutCNPJ, bare: 0.9, near: 0.99},
		{rule: "br_cnpj", shapes: "99999999999999", check: validCNPJ, topics: aboutCNPJ, alone: 0.6, near: 0.95},
	}
}

// validSSN applies the rules of the Social Security Administration: no area
// 000, 666 or 9xx, no group 00, no serial 0000, none of the numbers that became
// famous in advertisements.
func validSSN(s []byte) bool {
	area, group, serial := string(s[:3]), string(s[3:5]), string(s[5:])
	if area == "000" || area == "666" || area[0] == '9' || group == "00" || serial == "0000" {
		return false
	}
	v := string(s)
	return v != "078051120" && v != "123456789" && v != "219099999" && v != "457555462" && v != "987654321" && distinct(v) > 1
}

// validITIN knows the middle digits that the tax office gives out.
func validITIN(s []byte) bool {
	group := atoi(s[3:5])
	return s[0] == '9' && (group >= 50 && group <= 65 || group >= 70 && group <= 88 || group >= 90 && group <= 92 || group >= 94)
}

// validNPI is the Luhn digit over the number with 80840, health and USA, before it.
func validNPI(s []byte) bool {
	return (s[0] == '1' || s[0] == '2') && luhn("80840"+string(s)) && distinct(string(s)) > 2
}

// validMBI knows the letters of a Medicare beneficiary: none that looks like a digit.
func validMBI(s []byte) bool {
	for _, b := range s {
		if in(b, "SLOIBZ") {
			return false
		}
	}
	return s[0] != '0' && distinct(string(s)) > 3
}

// validABA checks a routing transit number: a federal reserve district and
// weights 3, 7, 1.
func validABA(s []byte) bool {
	district := atoi(s[:2])
	known := district <= 12 || district >= 21 && district <= 32 || district >= 61 && district <= 72 || district == 80
	return known && weigh(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 && distinct(string(s)) > 2
}

// validDEA checks the number of a prescriber.
func validDEA(s []byte) bool {
	sum := weigh(s[2:], 1, 0, 1, 0, 1) + 2*weigh(s[3:], 1, 0, 1, 0, 1)
	return in(s[0], "ABCDEFGHJKLMPRSTUX") && sum%10 == digit(s[8]) && distinct(string(s[2:])) > 1
}

func validSIN(s []byte) bool { return s[0] != '0' && s[0] != '8' && luhnID(s) }

func validCPF(s []byte) bool {
	return distinct(string(s)) > 1 && brazilian(weigh(s, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(s[9]) &&
		brazilian(weigh(s, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(s[10])
}

func validCNPJ(s []byte) bool {
	return distinct(string(s)) > 1 && brazilian(weigh(s, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(s[12]) &&
		brazilian(weigh(s, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(s[13])
}

func brazilian(sum int) int {
	if sum%11 < 2 {
		return 0
	}
	return 11 - sum%11
}
