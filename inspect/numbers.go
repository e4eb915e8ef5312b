package inspect

// numbers finds personal data made of digits. It looks once at each run of
// digits that begins a number, and the strictest reading wins: what has a
// checksum before what has only a shape.
func numbers() Detector {
	ids := newShapes(cards(), americanIDs(), britishIDs(), germanIDs(), europeanIDs(), easternIDs(), worldIDs())
	return Detector{
		name: "numbers", masks: masksPII | masksExfiltration, ahead: 96,
		triggers: []trigger{
			{run: digitBytes, back: numberLeadBytes, backMax: numberLeadMax, shown: numberLeadMax, match: func(w *window) { number(w, ids) }},
			{literal: "::", back: setOf("0-9a-fA-F:"), backMax: 32, shown: 32, match: compressedIPv6},
			{literal: "fe80:", fold: true, left: ipv6Bytes, match: namedIPv6},
			{literal: "hra", fold: true, left: wordBytes, match: register},
			{literal: "hrb", fold: true, left: wordBytes, match: register},
			{literal: "mac", fold: true, left: wordBytes, match: namedMAC},
			{literal: "address", fold: true, left: wordBytes, match: namedMAC},
		},
	}
}

// numberLeadBytes may stand before the first digit of a number and belong to
// it: the sign and bracket of a telephone number, the country of an IBAN, the
// letters that many a document's number begins with.
var numberLeadBytes = setOf("A-Za-z+(:-")

const numberLeadMax = 15

// numberGoesOn are the bytes after the first digits of a number with more of it.
var numberGoesOn = setOf("A-Za-z0-9 .:)/+-")

func number(w *window, ids *shapes) {
	before := w.at(-1)
	if n := w.run(0, digitBytes, 5); n < 5 && !numberGoesOn[w.at(n)] && before != '-' && (before != ' ' || !upperBytes[w.at(-2)]) {
		return // most numbers in source; all that is told by so few digits ends a number plate
	}
	if alphaBytes[before] && iban(w) {
		tally(w, -2, 0)
		return
	}
	id := ids.look(w)
	if id.score < 0.8 && !wordBytes[before] && (before != '.' || !isDigit(w.at(-2))) {
		contact(w)
	}
	if id.kind != nil {
		w.skipTo(id.end)
		if id.score >= 0.6 {
			tally(w, min(id.start, 0), id.end)
		}
	}
}

// contact reports what the digits at offset 0 are if they are nobody's identity.
func contact(w *window) {
	if coin(w) {
		return
	}
	if n := w.run(0, anyHexBytes, 5); n <= 4 && (w.at(n) == ':' && isHexOrColon(w.at(n+1)) && (mac(w) || ipv6(w)) || w.at(n) == '-' && w.at(n+3) == '-' && mac(w)) {
		return
	}
	n := readNumber(w)
	switch {
	case n.group[0] < 6 && n.digits < 9 && streetNumber(w, &n):
	case n.digits < 7:
		if n.octets == 0 {
			return
		}
		ipv4(w)
	case phone(w, &n):
		tally(w, 0, n.end)
	case n.octets > 0:
		ipv4(w)
	}
}

// bulkMost is how many addresses, or numbers of people, a text may hold before
// it looks like a list of them that somebody copied out.
const bulkMost = 20

// tally counts one in the detector's mark and reports the one too many, which
// lies at offsets i to j.
func tally(w *window, i, j int) {
	if w.mark++; w.mark == bulkMost {
		w.report(Exfiltration, "bulk_pii", 0.4, i, j)
	}
}

// register reports a number of the German register of companies.
func register(w *window) {
	from := w.run(w.n, blankBytes, 2)
	end := w.run(from, digitBytes, 7)
	if end > from && end < from+7 && ends(w, end) {
		w.take(PII, "de_handelsregister", 0.6, 0, end)
	}
}

// groupsMax is how many groups of digits a number may have, and digitsMax how
// many digits.
const (
	groupsMax = 8
	digitsMax = 24
)

// written is a number as it stands in the text: groups of digits with one
// separator between each two.
type written struct {
	value   [digitsMax]byte // the digits alone
	digits  int
	group   [groupsMax]int  // the length of each group
	between [groupsMax]byte // what follows each group but the last
	groups  int
	octets  int // groups divided by dots
	end     int
}

// readNumber reads groups of digits divided by single spaces, hyphens, dots,
// and by ") " or "/" after an area code.
func readNumber(w *window) written {
	var n written
	i := 0
	for n.groups < groupsMax {
		from := i
		for isDigit(w.at(i)) && n.digits < digitsMax {
			n.value[n.digits] = w.at(i)
			n.digits++
			i++
		}
		n.group[n.groups] = i - from
		n.groups++
		n.end = i
		if n.digits == digitsMax {
			break
		}
		gap := separator(w, i)
		if gap == 0 && n.groups == 1 && w.at(i) == '/' && n.value[0] == '0' && n.digits > 2 && n.digits < 6 {
			gap = 1 // 030/1234567
		}
		if gap == 0 || !isDigit(w.at(i+gap)) {
			break
		}
		n.between[n.groups-1] = w.at(i)
		if w.at(i) == '.' {
			n.octets++
		}
		i += gap
	}
	return n
}

// separator returns how many bytes at offset i divide two groups, 0 for none.
func separator(w *window, i int) int {
	switch w.at(i) {
	case ' ', '-', '.':
		if w.at(i+1) == '(' {
			return 2
		}
		return 1
	case ')':
		if b := w.at(i + 1); b == ' ' || b == '-' {
			return 2
		}
		return 1
	}
	return 0
}

// uniform reports whether the groups from first on have one separator, and
// returns it.
func (n *written) uniform(first int) (byte, bool) {
	for i := first + 1; i < n.groups-1; i++ {
		if n.between[i] != n.between[first] {
			return 0, false
		}
	}
	return n.between[first], true
}

// shape reports whether the groups have the lengths given.
func (n *written) shape(lengths ...int) bool {
	if n.groups != len(lengths) {
		return false
	}
	for i, length := range lengths {
		if n.group[i] != length {
			return false
		}
	}
	return true
}

// ends reports whether nothing that belongs to a longer word or number follows.
func ends(w *window, i int) bool {
	b := w.at(i)
	if wordBytes[b] {
		return false
	}
	return b != '-' && b != '.' && b != '@' || !isAlnum(w.at(i+1))
}
