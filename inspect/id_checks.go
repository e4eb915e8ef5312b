package inspect

// weigh returns the sum of s's digits times weights, which is as long as
// what of s counts.
func weigh(s []byte, weights ...int) int {
	sum := 0
	for i, weight := range weights {
		sum += weight * int(s[i]-'0')
	}
	return sum
}

func digit(b byte) int { return int(b - '0') }

// atoi reads the digits s.
func atoi(s []byte) int {
	n := 0
	for _, b := range s {
		n = n*10 + digit(b)
	}
	return n
}

// luhnID is luhn for a number whose digits are not all the same.
func luhnID(s []byte) bool { return luhn(s) && distinct(string(s)) > 1 }

// validDate reports whether month and day may be those of a birthday.
func validDate(month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	switch month {
	case 2:
		return day <= 29
	case 4, 6, 9, 11:
		return day <= 30
	}
	return day <= 31
}

// verhoeff reports whether the check digit of s fits (J. Verhoeff, 1969): the
// dihedral group of order 10 catches all swaps of neighbours.
func verhoeff(s []byte) bool {
	at := 0
	for i := range len(s) {
		at = verhoeffTimes[at][verhoeffMoves[i%8][digit(s[len(s)-1-i])]]
	}
	return at == 0
}

var verhoeffTimes = [10][10]int{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
	{4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1}, {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
	{8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
}

var verhoeffMoves = [8][10]int{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
	{9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1}, {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
}

// mod11and10 is the hybrid system of ISO/IEC 7064, used for tax numbers.
func mod11and10(s []byte) bool {
	p := 10
	for _, b := range s[:len(s)-1] {
		if p = (p + digit(b)) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (p+digit(s[len(s)-1]))%10 == 1
}

// machineReadable checks a number of a travel document with its check digit
// (ICAO 9303): weights 7, 3, 1, letters counting from 10.
func machineReadable(s []byte) bool {
	sum := 0
	for i, b := range s[:len(s)-1] {
		v := digit(b)
		if b >= 'A' {
			v = int(b-'A') + 10
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	last := s[len(s)-1]
	return isDigit(last) && sum%10 == digit(last)
}

// in reports whether b is one of letters.
func in(b byte, letters string) bool {
	for i := range len(letters) {
		if letters[i] == b {
			return true
		}
	}
	return false
}
