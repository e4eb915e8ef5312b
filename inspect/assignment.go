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
	typesBytes    = setOf("A-Za-z0-9_.&<>?*'| -") // several words of a type
	tagBytes      = setOf("A-Za-z0-9_.:-")
	insideTag     = setOf(" -;=?-~")
	bareBytes     = setOf("!#-%*+./0-9:=?@A-Z^_a-z~-")
	quotedBytes   = map[byte]*set{'"': quotedBy('"'), '\'': quotedBy('\''), '`': quotedBy('`'), '}': quotedBy('}')}
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

// readAssigned reads an assignment up to its value: the one whose name holds the
// trigger and ends at offset tail. It refuses as early as it can: most names are
// not assigned to.
func readAssigned(w *window, tail int) (a assignment, quote byte, ok bool) {
	// The hyphen and the dot may also be what ends the name: "token->", "token."
	for tail > w.n && (w.at(tail-1) == '-' || w.at(tail-1) == '.') {
		tail--
	}
	a.start, quote, ok = operator(w, tail, &a)
	if !ok {
		return a, 0, false
	}
	a.quoted = quote != 0
	head := w.back(0, assignedBytes, nameMax)
	a.name, a.head = w.slice(head, tail), w.slice(head, 0)
	return a, quote, a.quoted || w.at(head-1) != '/' || w.at(head-3) != ':' // not the user of an address
}

// value reads the value, which the quote has opened, if any.
func (a *assignment) value(w *window, quote byte) bool {
	i := a.start
	if quote == '}' {
		a.loose = true
	}
	switch {
	case a.quoted:
		a.end = w.run(i, quotedBytes[quote], valueMax+1)
		if b := w.at(a.end); b != quote && b != '\\' {
			return false
		}
	default:
		a.end = w.run(i, bareBytes, valueMax+1)
		if b := w.at(a.end); b == '(' || b == '[' || b == '{' || b >= 0x80 {
			return false // a call, an index, a piece of an expression
		}
		for a.end > i && bareEnd(w.at(a.end-1)) {
			a.end--
		}
	}
	return a.end > i && a.end-i <= valueMax
}

// bareEnd reports whether b, at the end of an unquoted value, belongs to the
// sentence around it.
func bareEnd(b byte) bool { return b == '.' || b == ':' || b == ',' || b == '?' }

// wrappers are what stands around a string where a name gets another type.
var wrappers = []string{
	"[]byte(", "String::from(", "String(", "new String(", "Secret(", "SecretStr(", "SecretString(", "bytes(", "Buffer.from(", "Some(", "std::string(",
}

// opening walks over what opens a string: a prefix letter or two, backslashes, a
// quote or three.
func opening(w *window, i int, mustQuote bool) (int, byte, bool) {
	w.notBefore(i)
	from := i
	for k := 0; k < 3 && w.at(i) == '\\'; k++ {
		i++
	}
	switch b := w.at(i); {
	case i > from:
	case b == '@' || b == 'b' || b == 'r' || b == 'u' || b == 'L' || b == 'N' || b == '[' || b == '(':
		if q := w.at(i + 1); q == '"' || q == '\'' || q == '`' {
			i++
		}
	case b == '{' && w.at(i-1) == '=' && !mustQuote: // ODBC
		return i + 1, '}', true
	}
	if b := w.at(i); alphaBytes[b] || b == '[' {
		for _, wrapper := range wrappers {
			if w.has(i, wrapper) {
				i, mustQuote = i+len(wrapper), true
				break
			}
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
	w.notBefore(i)
	return i, b, true
}
