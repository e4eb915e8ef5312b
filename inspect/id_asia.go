package inspect

// easternIDs are the numbers of Asia, Australia and Africa.
func easternIDs() []idKind {
	return []idKind{
		{rule: "in_aadhaar", shapes: "9999 9999 9999|9999-9999-9999", check: validAadhaar, topics: aboutAadhaar, bare: 0.6, alone: 0.7, near: 0.95},
		{rule: "in_aadhaar", shapes: "9999:9999:9999|999999999999", check: validAadhaar, topics: aboutAadhaar, alone: 0.6, near: 0.95},
		{rule: "in_pan", shapes: "AAAAA9999A", check: validPAN, topics: aboutPAN | aboutTax, bare: 0.5, alone: 0.7, near: 0.9, upper: true},
		{rule: "in_gstin", shapes: "99AAAAA9999A###", check: validGSTIN, topics: aboutGST | aboutTax, bare: 0.75, near: 0.95, upper: true},
		{rule: "in_passport", shapes: "A9999999", topics: aboutPassport, alone: 0.1, near: 0.65},
		{rule: "in_vehicle_registration", shapes: "AA99AA9999|AA99A9999|AA 99 AA 9999|AA-99-AA-9999", check: validIndianPlate, topics: aboutVehicle, alone: 0.6, near: 0.8},
		{rule: "in_voter", shapes: "AAA9999999", topics: aboutVoter, alone: 0.3, near: 0.8},
		{rule: "au_abn", shapes: "99 999 999 999", check: validABN, topics: aboutABN, bare: 0.75, near: 0.99},
		{rule: "au_abn", shapes: "99999999999", check: validABN, topics: aboutABN, alone: 0.6, near: 0.99},
		{rule: "au_acn", shapes: "999~999~999", check: validACN, topics: aboutACN, alone: 0.65, near: 0.95},
		{rule: "au_tfn", shapes: "999~999~999", check: validTFN, topics: aboutTFN | aboutTax, alone: 0.58, near: 0.95},
		{rule: "au_medicare", shapes: "9999 99999 9|9999-99999-9", check: validAUMedicare, topics: aboutMedicare, bare: 0.6, near: 0.95},
		{rule: "au_medicare", shapes: "9999999999", check: validAUMedicare, topics: aboutMedicare, alone: 0.5, near: 0.95},
		{rule: "sg_nric_fin", shapes: "A9999999A", check: validNRIC, topics: aboutNRIC, bare: 0.85, alone: 0.85, near: 0.99, upper: true},
		{rule: "sg_nric_fin", shapes: "A9999999A", check: maybeNRIC, topics: aboutNRIC, alone: 0.4, near: 0.7, upper: true},
		{rule: "sg_uen", shapes: "99999999A|999999999A|A99AA9999A", check: validUEN, topics: aboutUEN, bare: 0.4, alone: 0.6, near: 0.95, upper: true},
		{rule: "kr_rrn", shapes: "999999-9999999", check: validRRN, topics: aboutKorea | aboutIDCard, bare: 0.8, near: 0.95},
		{rule: "kr_rrn", shapes: "9999999999999", check: validRRN, topics: aboutKorea | aboutIDCard, alone: 0.66, near: 0.95},
		{rule: "kr_frn", shapes: "999999-9999999", check: validFRN, topics: aboutKorea, bare: 0.6, near: 0.9},
		{rule: "kr_frn", shapes: "9999999999999", check: validFRN, topics: aboutKorea, alone: 0.57, near: 0.9},
		{rule: "kr_brn", shapes: "999-99-99999", check: validBRN, topics: aboutBRN, bare: 0.6, near: 0.95},
		{rule: "kr_brn", shapes: "9999999999", check: validBRN, topics: aboutBRN, alone: 0.5, near: 0.95},
		{rule: "kr_driver_license", shapes: "99-99-999999-99|99 99 999999 99", check: validKRDriver, topics: aboutDriving, bare: 0.5, near: 0.85},
		{rule: "kr_driver_license", shapes: "999999999999", check: validKRDriver, topics: aboutDriving, alone: 0.3, near: 0.8},
		{rule: "kr_passport", shapes: "A99999999|A999A9999", check: validKRPassport, topics: aboutPassport, alone: 0.2, near: 0.72},
		{rule: "tr_national_id", shapes: "99999999999", check: validTCKN, topics: aboutTurkey, bare: 0.5, alone: 0.75, near: 0.95},
		{rule: "tr_phone_number", shapes: "9999 999 99 99|9999 999 9999", check: validTRPhone, topics: aboutTRPhone, bare: 0.6, near: 0.9},
		{rule: "tr_phone_number", shapes: "999 999 99 99|999-999-99-99", check: validTRMobile, topics: aboutTRPhone, bare: 0.6, near: 0.9},
		{rule: "tr_phone_number", shapes: "99999999999", check: validTRPhone, topics: aboutTRPhone, alone: 0.6, near: 0.7},
		{rule: "tr_phone_number", shapes: "9999999999", check: validTRPhone, topics: aboutTRPhone, alone: 0.52, near: 0.7},
		{rule: "tr_phone_number", shapes: "9999999999", check: onlyTRMobile, topics: aboutPhone, near: 0.7},
		{rule: "ph_mobile_number", shapes: "9999-999-9999|9999 999 9999", check: validPHMobile, topics: aboutPhone, bare: 0.62, near: 0.9},
		{rule: "ph_mobile_number", shapes: "99999999999", check: validPHMobile, topics: aboutPhone, bare: 0.4, alone: 0.65, near: 0.8},
		{
			rule: "tr_license_plate", shapes: "99 A 9999|99 A 99999|99 AA 999|99 AA 9999|99 AAA 99|99 AAA 999|99 A 999",
			check: validTRPlate, topics: aboutVehicle, alone: 0.6, near: 0.8, upper: true,
		},
		{rule: "th_tnin", shapes: "9-9999-99999-99-9", check: validTNIN, topics: aboutThailand, bare: 0.85, near: 0.95},
		{rule: "th_tnin", shapes: "9999999999999", check: validTNIN, topics: aboutThailand, alone: 0.55, near: 0.95},
		{rule: "ng_nin", shapes: "99999999999", check: verhoeffID, topics: aboutNIN, alone: 0.3, near: 0.9},
		{rule: "ng_vehicle_registration", shapes: "AAA-999AA|AAA999AA", topics: aboutVehicle, alone: 0.5, near: 0.8},
		{rule: "ph_tin", shapes: "999-999-999-999|999999999999|999-999-999|999999999", check: validPHTIN, topics: aboutTax, alone: 0.2, near: 0.72},
		{rule: "za_id_number", shapes: "9999999999999", check: validZAID, topics: aboutSouthAfrica | aboutIDCard, bare: 0.35, alone: 0.65, near: 0.95},
	}
}

func verhoeffID(s []byte) bool { return verhoeff(s) && distinct(string(s)) > 2 }

func validAadhaar(s []byte) bool { return s[0] >= '2' && verhoeffID(s) }

// validPAN checks the kind of holder in an Indian tax number: a person, a company…
func validPAN(s []byte) bool { return in(s[3], "ABCFGHJLPTK") && atoi(s[5:9]) > 0 }

// validGSTIN checks the state, the tax number inside and the fixed Z.
func validGSTIN(s []byte) bool {
	state := atoi(s[:2])
	return state >= 1 && state <= 37 && s[12] != '0' && s[13] == 'Z'
}

const indianStates = "ANAPARASBRCGCHDDDLDNGAGJHPHRJHJKKAKLLALDMHMLMNMPMZNLODORPBPYRJSKTNTRTSUKUPWB"

func validIndianPlate(s []byte) bool {
	for i := 0; i < len(indianStates); i += 2 {
		if indianStates[i:i+2] == string(s[:2]) {
			return true
		}
	}
	return false
}

func validABN(s []byte) bool {
	return s[0] != '0' && (weigh(s, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
}

func validACN(s []byte) bool {
	return (10-weigh(s, 8, 7, 6, 5, 4, 3, 2, 1)%10)%10 == digit(s[8]) && distinct(string(s)) > 2
}

func validTFN(s []byte) bool {
	return weigh(s, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0 && distinct(string(s)) > 2
}

func validAUMedicare(s []byte) bool {
	return s[0] >= '2' && s[0] <= '6' && weigh(s, 1, 3, 7, 9, 1, 3, 7, 9)%10 == digit(s[8]) && s[9] != '0'
}

// validNRIC checks the letter of a Singapore identity card.
func validNRIC(s []byte) bool {
	sum := weigh(s[1:], 2, 7, 6, 5, 4, 3, 2)
	switch s[0] {
	case 'S':
		return "JZIHGFEDCBA"[sum%11] == s[8]
	case 'T':
		return "JZIHGFEDCBA"[(sum+4)%11] == s[8]
	case 'F':
		return "XWUTRQPNMLK"[sum%11] == s[8]
	case 'G':
		return "XWUTRQPNMLK"[(sum+4)%11] == s[8]
	case 'M':
		return "XWUTRQPNJLK"[(sum+3)%11] == s[8]
	}
	return false
}

// maybeNRIC knows the first letters, whatever the last.
func maybeNRIC(s []byte) bool { return in(s[0], "STFGM") }

// validUEN checks the last letter of a Singapore company's number, of which
// there are three forms.
func validUEN(s []byte) bool {
	last := s[len(s)-1]
	switch {
	case len(s) == 9:
		return "XMKECAWLJDB"[weigh(s, 10, 4, 9, 3, 8, 2, 7, 1)%11] == last
	case isDigit(s[0]):
		return (s[0] == '1' || s[0] == '2') && "ZKCMDNERGWH"[weigh(s, 10, 8, 6, 4, 9, 7, 5, 3, 1)%11] == last
	}
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWX0123456789"
	sum := 0
	for i, weight := range [...]int{4, 3, 5, 3, 10, 2, 2, 5, 7} {
		v := 0
		for v < len(alphabet) && alphabet[v] != s[i] {
			v++
		}
		sum += weight * v
	}
	return in(s[0], "RST") && alphabet[(sum+6)%11] == last
}

// koreanSum is the check digit of the numbers of residents; those given out
// since October 2020 have none.
func koreanSum(s []byte) int { return 11 - weigh(s, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11 }

func validRRN(s []byte) bool {
	return in(s[6], "1234") && validDate(atoi(s[2:4]), atoi(s[4:6])) && koreanSum(s)%10 == digit(s[12])
}

// validFRN checks the number of a foreign resident by its birthday alone.
func validFRN(s []byte) bool {
	return in(s[6], "5678") && validDate(atoi(s[2:4]), atoi(s[4:6]))
}

func validBRN(s []byte) bool {
	sum := weigh(s, 1, 3, 7, 1, 3, 7, 1, 3, 5) + digit(s[8])*5/10
	return (10-sum%10)%10 == digit(s[9]) && distinct(string(s)) > 2
}

func validKRDriver(s []byte) bool {
	region := atoi(s[:2])
	return region >= 11 && region <= 28
}

func validKRPassport(s []byte) bool { return in(s[0], "MSRODG") }

// validTCKN checks the two last digits of a Turkish identity number.
func validTCKN(s []byte) bool {
	odd, even := weigh(s, 1, 0, 1, 0, 1, 0, 1, 0, 1), weigh(s, 0, 1, 0, 1, 0, 1, 0, 1)
	return s[0] != '0' && (odd*7-even+100)%10 == digit(s[9]) && (odd+even+digit(s[9]))%10 == digit(s[10])
}

// validTRPhone knows the areas of Turkey and its mobile networks.
func validTRPhone(s []byte) bool {
	if s[0] == '0' {
		s = s[1:]
	}
	return len(s) == 10 && in(s[0], "2345") && distinct(string(s)) > 3
}

func validTRMobile(s []byte) bool { return s[0] == '5' && validTRPhone(s) }

// onlyTRMobile knows those that are no number of North America.
func onlyTRMobile(s []byte) bool { return validTRMobile(s) && s[3] < '2' }

// validPHMobile knows that all mobile networks of the Philippines begin with 09.
func validPHMobile(s []byte) bool { return s[0] == '0' && s[1] == '9' && distinct(string(s)) > 2 }

func validTRPlate(s []byte) bool {
	province := atoi(s[:2])
	return province >= 1 && province <= 81
}

// validTNIN checks a Thai number: the province of the second and third digits,
// and the check digit.
func validTNIN(s []byte) bool {
	p := atoi(s[1:3])
	province := p >= 10 && p <= 96 && p != 28 && p != 29 && p != 59 && p != 68 && p != 69 && p != 78 && p != 79 && (p < 87 || p > 89)
	return province && in(s[0], "12345678") && (11-weigh(s, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10 == digit(s[12]) && distinct(string(s)) > 2
}

func validPHTIN(s []byte) bool {
	return weigh(s, 9, 8, 7, 6, 5, 4, 3, 2)%11%10 == digit(s[8]) && distinct(string(s)) > 2
}

// validZAID checks a South African number: birthday, citizenship, Luhn.
func validZAID(s []byte) bool {
	return validDate(atoi(s[2:4]), atoi(s[4:6])) && s[10] <= '2' && luhnID(s)
}
