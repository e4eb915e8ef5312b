package inspect

import "strings"

// idKind is one way in which an identity number is written. How sure a number
// of the shape is depends on what stands around it: many a country's number is
// nine digits, one in ten of which has a valid check digit.
type idKind struct {
	rule string
	// shapes lists the forms, divided by "|". In a form 9 is a digit, A a letter
	// of either case, # a digit or a letter, ~ a space, a hyphen or nothing,
	// the same throughout the form; anything else is itself.
	shapes string
	// check judges the letters and digits alone, the letters in upper case. It
	// is nil where there is nothing to check.
	check func(v []byte) bool
	// topics are those that make the number this kind's if a word of one of
	// them stands near; 0 means none.
	topics topic
	// bare is the score in running text, alone that of a text which is nothing
	// but the number, near that beside a word of topics. 0 is no finding.
	bare, alone, near float64
	// upper refuses numbers with lower-case letters, which are words of source
	// code, unless they are alone.
	upper bool
}

// The bytes that numbers are written with, as columns of a shape's rows.
const (
	shapeDigit = iota
	shapeLetter
	shapeSpace
	shapeHyphen
	shapeDot
	shapeSlash
	shapeColon
	shapePlus
	shapeColumns
)

// shapeOther is the column of what no number holds.
const shapeOther = shapeColumns

var shapeColumn = func() (columns [256]uint8) {
	for b := range columns {
		switch {
		case digitBytes[b]:
			columns[b] = shapeDigit
		case alphaBytes[b]:
			columns[b] = shapeLetter
		default:
			columns[b] = shapeOther
		}
	}
	for i, b := range []byte(" -./:+") {
		columns[b] = uint8(shapeSpace + i)
	}
	return columns
}()

// shapes knows the forms of all kinds as one tree, so that a look at a number
// costs a step per byte and ends at the first byte that no form has.
type shapes struct {
	kinds []idKind
	next  [][shapeColumns]uint16 // by node; 0 is no way on
	ends  [][]uint16             // by node: the kinds that end there
}

func newShapes(tables ...[]idKind) *shapes {
	s := &shapes{next: make([][shapeColumns]uint16, 1), ends: make([][]uint16, 1)}
	for _, table := range tables {
		for _, kind := range table {
			id := uint16(len(s.kinds))
			s.kinds = append(s.kinds, kind)
			for form := range strings.SplitSeq(kind.shapes, "|") {
				s.addForm(form, id)
			}
		}
	}
	return s
}

func (s *shapes) addForm(form string, kind uint16) {
	if !strings.Contains(form, "~") {
		s.add(0, form, kind)
		return
	}
	for _, separator := range []string{"", " ", "-"} {
		s.add(0, strings.ReplaceAll(form, "~", separator), kind)
	}
}

func (s *shapes) add(node uint16, form string, kind uint16) {
	if form == "" {
		s.ends[node] = append(s.ends[node], kind)
		return
	}
	switch form[0] {
	case '#':
		s.add(s.child(node, shapeDigit), form[1:], kind)
		s.add(s.child(node, shapeLetter), form[1:], kind)
	default:
		column := shapeColumn[form[0]]
		if column == shapeOther {
			panic("inspect: no number is written with " + form[:1])
		}
		s.add(s.child(node, column), form[1:], kind)
	}
}

func (s *shapes) child(node uint16, column uint8) uint16 {
	if s.next[node][column] == 0 {
		s.next[node][column] = uint16(len(s.next))
		s.next = append(s.next, [shapeColumns]uint16{})
		s.ends = append(s.ends, nil)
	}
	return s.next[node][column]
}

// idFound is the best reading of a number so far.
type idFound struct {
	kind       *idKind
	score      float64
	start, end int
}

// look reports the best reading of what begins around the digits at offset 0,
// and returns it.
func (s *shapes) look(w *window) idFound {
	var best idFound
	start, ok := idStart(w)
	if !ok {
		return best
	}
	best = s.walk(w, start)
	switch {
	case best.kind != nil:
	case start < 0 && !upperBytes[w.at(-1)] && w.at(-1) != '-':
		best = s.walk(w, 0) // glued to a word: "number is030594W903B"
		if best.score < 0.85 {
			best.kind = nil
		}
	case start == 0 && w.at(-1) == ' ' && (upperBytes[w.at(-2)] || alphaBytes[w.at(-2)] && w.at(2) == ' '):
		lead := w.back(-1, idLeadBytes, 8)
		if lead > -8 && !wordBytes[w.at(lead-1)] {
			best = s.walk(w, lead) // "AB 12 34 56 C", "DE 129 273 398", "HH-AB 1234"
		}
	}
	if best.kind != nil {
		// What a stream may have let go, some letters and a space, stays.
		w.report(PII, best.kind.rule, best.score, max(best.start, start), best.end)
	}
	return best
}

// idLeadBytes may stand before a number's first digit and belong to it.
var idLeadBytes = setOf("A-Za-z-")

const idLeadMax = 8

// idStart returns where the number begins whose first digit is at offset 0, and
// false if that is no place for one: the middle of a word, a path, a price.
func idStart(w *window) (int, bool) {
	start := 0
	if idLeadBytes[w.at(-1)] {
		start = w.back(0, idLeadBytes, idLeadMax)
		for start < 0 && w.at(start) == '-' {
			start++
		}
		if start == 0 {
			return 0, false
		}
	}
	switch before := w.at(start - 1); {
	case wordBytes[before], before == '$', before == '%', before == '+', before == '-', before == '\\':
		return 0, false
	case before == '.', before == '/', before == ',', before == '@':
		return start, !isAlnum(w.at(start - 2))
	}
	return start, true
}

// walk follows the forms from offset start on.
func (s *shapes) walk(w *window, start int) idFound {
	var best idFound
	node := uint16(0)
	for i := start; ; i++ {
		column := shapeColumn[w.at(i)]
		if column == shapeOther {
			return best
		}
		if node = s.next[node][column]; node == 0 {
			return best
		}
		if len(s.ends[node]) > 0 && ends(w, i+1) {
			s.judge(w, start, i+1, s.ends[node], &best)
		}
	}
}

// judge puts the best of the kinds given in best, if it is better.
func (s *shapes) judge(w *window, start, end int, kinds []uint16, best *idFound) {
	value, lowered := idValue(w, start, end)
	inColumns := len(value) < end-start && amongNumbers(w, start, end)
	var near surroundings
	for _, id := range kinds {
		kind := &s.kinds[id]
		if kind.check != nil && !kind.check(value) {
			continue
		}
		score := kind.bare
		if inColumns && (kind.rule != "credit_card" || oneGroup(value)) {
			score = 0 // cards come in rows of their own, but not so
		}
		if lowered && kind.upper {
			score = 0
		} else if kind.near > score && near.about(w, start, end, kind.topics) {
			score = kind.near
		}
		if kind.alone > score && isAlone(w, start, end) {
			score = kind.alone
		}
		if score > best.score || score == best.score && best.kind != nil && best.end < end {
			*best = idFound{kind, score, start, end}
		}
	}
}

// oneGroup reports whether value is one group of four again and again.
func oneGroup(value []byte) bool {
	return len(value) > 4 && string(value[:len(value)-4]) == string(value[4:])
}

// amongNumbers reports whether the groups of offsets start to end stand in a row
// of numbers, as in a table or a dump. A date may follow: that of a card.
func amongNumbers(w *window, start, end int) bool {
	return w.at(start-1) == ' ' && isDigit(w.at(start-2)) || w.at(end) == ' ' && isDigit(w.at(end+1)) && w.at(end+2) != '/' && w.at(end+3) != '/'
}

// idValue returns the letters and digits from offset start to end, in upper
// case, and whether one was in lower case. It is valid until the next call.
func idValue(w *window, start, end int) (value []byte, lowered bool) {
	value = w.scratch.bytes[:0]
	for i := start; i < end; i++ {
		b := w.at(i)
		if !isAlnum(b) {
			continue
		}
		if b >= 'a' {
			b -= 'a' - 'A'
			lowered = true
		}
		value = append(value, b)
	}
	w.scratch.bytes = value
	return value, lowered
}

// isAlone reports whether the text is nothing but offsets start to end, as the
// field of a form is that was sent by itself.
func isAlone(w *window, start, end int) bool {
	for start > -behindMax && blankBytes[w.at(start-1)] {
		start--
	}
	if w.at(start-1) != 0 {
		return false
	}
	for end < 64 && blankBytes[w.at(end)] {
		end++
	}
	return w.at(end) == 0
}
