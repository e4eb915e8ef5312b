package inspect

// namedSecrets finds secrets without a mark of their own by the name that they
// are assigned to.
func namedSecrets() Detector {
	d := Detector{name: "named_secrets", masks: masksSecret, ahead: 640, could: couldSecret}
	for _, k := range keywords {
		d.triggers = append(d.triggers, trigger{literal: k.literal, fold: true, match: k.match})
	}
	d.triggers = append(d.triggers, headers()...)
	d.triggers = append(d.triggers, commands()...)
	d.triggers = append(d.triggers, secretArguments()...)
	d.triggers = append(d.triggers, passwordHashes()...)
	return d
}

// named is the format of a provider's secret that only its name tells apart.
type named struct {
	rule string
	// names are words of the assignment's name, two joined as one, lower-case.
	names string
	bytes *set
	min   int
	max   int
	sure  float64 // 0 means 0.9
}

func (n named) score() float64 {
	if n.sure == 0 {
		return 0.9
	}
	return n.sure
}

// namedIndex finds the rows of namedTable by a word, namedLengths says of each
// first letter how long the words are, a bit for each length: most words of
// names are no provider's.
var namedIndex, namedLengths = indexNamed()

func indexNamed() (index map[string][]named, lengths [256]uint32) {
	index = map[string][]named{}
	for _, n := range namedTable {
		names := n.names
		for names != "" {
			var word string
			word, names = firstWord(names)
			index[word] = append(index[word], n)
			lengths[word[0]] |= 1 << len(word)
		}
	}
	return index, lengths
}

// rowsOf returns the rows of a provider.
func rowsOf(word []byte) []named {
	if namedLengths[word[0]]>>len(word)&1 == 0 {
		return nil
	}
	return namedIndex[string(word)]
}

// namedByProvider returns the row whose provider the name tells and whose
// format the value has. Of a name whose provider is known but whose value has
// the length of none of the formats, near says whether it nearly has.
func namedByProvider(name, value string) (n named, ok, near bool) {
	eachProvider(name, func(rows []named) bool {
		n, ok = fits(rows, value)
		near = !ok && (near || short(rows, value))
		return ok
	})
	return n, ok, near
}

// namesProvider reports whether name tells a provider.
func namesProvider(name string) bool {
	any := false
	eachProvider(name, func([]named) bool {
		any = true
		return true
	})
	return any
}

// eachProvider calls stop with the rows of each provider that a word of name, or
// two together, tell, until it returns true.
func eachProvider(name string, stop func(rows []named) bool) {
	var buf [2 * nameMax]byte
	last := 0 // where the word before begins in buf
	used := 0
	for name != "" {
		var word string
		word, name = firstWord(name)
		if len(word) == 0 || used+len(word) > len(buf) {
			break
		}
		from := used
		for i := range len(word) {
			buf[used] = lower(word[i])
			used++
		}
		if rows := rowsOf(buf[from:used]); rows != nil && stop(rows) {
			return
		}
		if from > last || last == 0 && from > 0 {
			if rows := rowsOf(buf[last:used]); rows != nil && stop(rows) {
				return
			}
		}
		last = from
	}
}

// short reports whether value is hexadecimal as one of the rows is, whose length
// is fixed, but a few digits short of it: cut off, or made up.
func short(rows []named, value string) bool {
	for _, n := range rows {
		if n.bytes == hexBytes && n.min == n.max && len(value) < n.min && len(value) >= n.min-8 && consists(value, hexBytes) {
			return true
		}
	}
	return false
}

// consists reports whether value has no byte outside s.
func consists(value string, s *set) bool {
	for i := range len(value) {
		if !s[value[i]] {
			return false
		}
	}
	return true
}

// fits returns the first of the rows whose format value has.
func fits(rows []named, value string) (named, bool) {
	for _, n := range rows {
		if len(value) < n.min || len(value) > n.max || distinct(value) < 6 || !consists(value, n.bytes) {
			continue
		}
		if h := shapeOf(value); h.digits == 0 && (h.wordlike() || h.turns == 0 || h.marks > 2) {
			continue
		}
		return n, true
	}
	return named{}, false
}
