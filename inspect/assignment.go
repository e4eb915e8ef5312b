package inspect

// assignment is a name with a value, as programs, configuration, markup, command
// lines and prose write it. Offsets are the window's.
type assignment struct {
	name   string // whole, as written
	head   string // of the name, before the keyword
	start  int    // of the value
	end    int
	quoted bool
	loose  bool // without an operator of its own: the value must speak for itself
}

var (
	assignedBytes = setOf("A-Za-z0-9_.$-")
	spaceBytes    = setOf(" \t")
	typeBytes     = setOf("A-Za-z0-9_.&<>?*'-")
	bareBytes     = setOf("!#-%*+./0-9:=?@A-Z^_a-z~-")
	quotedBytes   = map[byte]*set{'"': quotedBy('"'), '\'': quotedBy('\''), '`': quotedBy('`')}
)

const (
	nameMax  = 48
	tailMax  = 32
	valueMax = 400
)

// quotedBy is what may stand between two of the quotes: no line end, and no
// backslash, because it would escape the quote that ends a string in a string.
func quotedBy(quote byte) *set {
	s := new(set)
	for b := range s {
		s[b] = b >= ' ' && b != 0x7f && byte(b) != quote && b != '\\'
	}
	return s
}

// readAssignment reads the assignment whose name holds the trigger and ends at
// offset tail. It refuses as early as it can: most names are not assigned to.
func readAssignment(w *window, tail int) (a assignment, ok bool) {
	// The hyphen and the dot may also be what ends the name: "token->", "token."
	for tail > w.n && (w.at(tail-1) == '-' || w.at(tail-1) == '.') {
		tail--
	}
	i, quote, ok := operator(w, tail, &a)
	if !ok {
		return a, false
	}
	a.start = i
	a.quoted = quote != 0
	switch {
	case a.quoted:
		a.end = w.run(i, quotedBytes[quote], valueMax+1)
		if b := w.at(a.end); b != quote && b != '\\' {
			return a, false
		}
	default:
		a.end = w.run(i, bareBytes, valueMax+1)
		if b := w.at(a.end); b == '(' || b == '[' || b == '{' || b >= 0x80 {
			return a, false // a call, an index, a piece of an expression
		}
		for a.end > i && bareEnd(w.at(a.end-1)) {
			a.end--
		}
	}
	if a.end-i > valueMax {
		return a, false
	}
	head := w.back(0, assignedBytes, nameMax)
	a.name, a.head = w.slice(head, tail), w.slice(head, 0)
	return a, true
}

// bareEnd reports whether b, at the end of an unquoted value, belongs to the
// sentence around it.
func bareEnd(b byte) bool { return b == '.' || b == ':' || b == ',' || b == '?' }

// operator walks from the end of a name to the first byte of the value, and
// returns the quote that opens it, or 0.
func operator(w *window, i int, a *assignment) (start int, quote byte, ok bool) {
	closed := false
	i, closed = closing(w, i)
	b := w.at(i)
	switch {
	case b == '(':
		i, a.loose = i+1, true
		return opening(w, i, true)
	case b == '=' || b == ':' || b == '?' || b == '|' || b == '!' || b == '<' || b == '-':
		return assigner(w, i)
	case b == '.' && w.at(i+1) == '=':
		return assigner(w, i+1)
	case b == '>':
		if at := w.back(0, assignedBytes, nameMax); closed || w.at(at-1) == '<' {
			i = w.run(i+1, blankBytes, 40)
			return opening(w, i, false)
		}
		return 0, 0, false
	case b == ',':
		if !closed {
			return 0, 0, false
		}
		i = w.run(i+1, blankBytes, 24)
		if j, ok := pairName(w, i); ok {
			return assigner(w, j)
		}
		a.loose = true // an argument, or only the next string of a list
		return opening(w, i, true)
	case b != ' ' && b != '\t' && b != '\r' && b != '\n':
		return 0, 0, false
	}
	return afterSpace(w, i, closed, a)
}

// closing walks over what may close a name: a quote (escaped or not), a bracket.
func closing(w *window, i int) (int, bool) {
	from := i
	if w.at(i) == '\\' {
		i++
	}
	if b := w.at(i); b == '"' || b == '\'' || b == '`' {
		i++
	}
	if b := w.at(i); b == ']' || b == ')' || b == '}' {
		i++
	}
	return i, i > from
}

// afterSpace is operator where space follows the name.
func afterSpace(w *window, i int, closed bool, a *assignment) (int, byte, bool) {
	i = w.run(i, spaceBytes, 24)
	b := w.at(i)
	switch {
	case b == '=' || b == ':' || b == '?' || b == '|' || b == '!' || b == '<' || b == '-':
		return assigner(w, i)
	case b == '.' && w.at(i+1) == '=':
		return assigner(w, i+1)
	case b == '\r' || b == '\n':
		if !closed {
			return 0, 0, false
		}
		i = w.run(i, blankBytes, 24)
	case b == '"' || b == '\'': // SQL: PASSWORD 'x'; flags: --password 'x'
		a.loose = !flag(w)
		return opening(w, i, true)
	}
	if closed {
		if j, ok := pairName(w, i); ok {
			return assigner(w, j)
		}
	}
	if flag(w) {
		return opening(w, i, false)
	}
	return typed(w, i, a)
}

// typed walks over the word between a name and its value: a type, as in
// "var token string =", or a verb, as in "the password is".
func typed(w *window, i int, a *assignment) (int, byte, bool) {
	if w.at(0) == 'p' && blankBytes[w.at(-1)] && w.context(0, 96, "machine ", "login ") {
		return i, 0, true // .netrc
	}
	end := w.run(i, typeBytes, 24)
	if end == i || end == i+24 || w.at(end) != ' ' && w.at(end) != ':' {
		return 0, 0, false
	}
	if word := w.slice(i, end); foldEqual(word, "is") || foldEqual(word, "was") {
		if w.at(end) == ':' {
			end++
		}
		a.loose = true
		return opening(w, w.run(end, spaceBytes, 3), false)
	}
	if j := w.run(end, spaceBytes, 4); w.at(j) == '=' || w.at(j) == ':' && w.at(j+1) == '=' {
		return assigner(w, j)
	}
	return 0, 0, false
}

// flag reports whether the name is a command's option: --token, -Password.
func flag(w *window) bool {
	i := w.back(0, assignedBytes, nameMax)
	return w.at(i) == '-' && !isAlnum(w.at(i-1))
}

// pairName walks over the second half of a pair that names its value: the
// "value": of {"name": "TOKEN", "value": "x"}, and the value= of an attribute.
func pairName(w *window, i int) (int, bool) {
	if b := w.at(i); b == '"' || b == '\'' {
		i++
	}
	for _, word := range []string{"value", "content"} {
		if w.fold(i, word) {
			i += len(word)
			i, _ = closing(w, i)
			i = w.run(i, spaceBytes, 4)
			return i, w.at(i) == '=' || w.at(i) == ':'
		}
	}
	return i, false
}

// assigner walks over one of = == => := ::= : ?= ||= != <- -> and what follows,
// a type between ":" and "=" included.
func assigner(w *window, i int) (int, byte, bool) {
	from := i
	for i < from+4 {
		b := w.at(i)
		if b != '=' && b != ':' && b != '>' && b != '?' && b != '|' && b != '!' && b != '<' && b != '-' {
			break
		}
		if i > from && b == '<' || b == '-' && i > from && w.at(i-1) != '<' && w.at(i-1) != ':' {
			break
		}
		i++
	}
	switch w.slice(from, i) {
	case "=", "==", "===", "=>", ":", ":=", "::", "::=", ":::=", "?=", "||=", "!=", "!==", "<-", "->", ":-":
	default:
		return 0, 0, false
	}
	value := w.run(i, blankBytes, 40)
	if w.at(i-1) != ':' || value == i {
		return opening(w, value, false)
	}
	if b := w.at(value); alphaBytes[b] || b == '&' { // password: String = "x"
		end := w.run(value, typeBytes, 24)
		if j := w.run(end, spaceBytes, 2); w.at(j) == '=' && j > end && end < value+24 {
			return opening(w, w.run(j+1, spaceBytes, 4), true)
		}
	}
	return opening(w, value, false)
}

// opening walks over what opens a string: a prefix letter or two, backslashes, a
// quote or three.
func opening(w *window, i int, mustQuote bool) (int, byte, bool) {
	from := i
	for k := 0; k < 3 && w.at(i) == '\\'; k++ {
		i++
	}
	if b := w.at(i); i == from && (b == '@' || b == 'b' || b == 'r' || b == 'u' || b == 'L' || b == '[' || b == '(') {
		if q := w.at(i + 1); q == '"' || q == '\'' || q == '`' {
			i++
		}
	}
	b := w.at(i)
	if b != '"' && b != '\'' && b != '`' {
		return from, 0, !mustQuote && bareBytes[b]
	}
	i++
	if w.at(i) == b && w.at(i+1) == b {
		i += 2
	}
	return i, b, true
}
