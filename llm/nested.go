package llm

const (
	// nestedLevelsMax is how many times JSON may be a string of JSON: the
	// arguments of a tool call, a string of them, and a string of that.
	nestedLevelsMax = 3
	// nestedDepthMax is how deep containers are told apart. Below that every
	// string is taken for a value.
	nestedDepthMax = 512
)

// Nested reads the strings of a JSON document that arrives in pieces as a text:
// the arguments of a tool call. However the text is cut, the pieces joined are
// the same. A string that is JSON again is read too, down to nestedLevelsMax.
//
// It never fails. Whatever stands between quotes in a text that begins as JSON
// does is a string, for the sake of tools that repair what a model wrote. From
// a text that begins otherwise it hands out nothing. The zero value is ready; a
// Nested is for one goroutine at a time.
type Nested struct {
	top    level
	pieces []Piece
}

// Piece is a part of one string: decoded, and as long as one Write allows.
type Piece struct {
	Literal *Literal // the string; the same for all of its pieces
	Text    string
	First   bool // nothing of the string comes before; Text may be empty
	Last    bool // the string ends here; Text may be empty
}

// Literal is one string of a nested document. It knows where its decoded text
// stands in the running text.
type Literal struct {
	// Key marks the name of an object member.
	Key bool
	// Level is 0 for a string of the document itself, 1 for one inside such a
	// string.
	Level int
	// Escaped says that the text so far is not what stands in the running text:
	// there was an escape in it, or in a string around it.
	Escaped bool

	up      *Literal // the string that this one stands in
	decoded int      // length of the text so far
	escapes []escape
	known   escape // the place before the escapes still kept, empty
}

// escape is one escape sequence: where it is in the decoded text and in the text
// around it. What lies between two of them is as long in both.
type escape struct {
	at, length           int
	outerAt, outerLength int
}

// Write takes the next piece of the running text and returns what it adds to
// the strings. A string comes before those inside it. The slice is valid until
// the next call.
func (n *Nested) Write(text string) []Piece {
	n.pieces = n.pieces[:0]
	n.top.read(n, text, false)
	return n.pieces
}

// Close ends the text, and with it any open string.
func (n *Nested) Close() []Piece {
	n.pieces = n.pieces[:0]
	n.top.close(n)
	return n.pieces
}

// Settled returns how many leading bytes of the running text are settled by
// the strings, where safe says it of each open string: how many leading bytes of
// its decoded text no later finding will touch. Outside strings all bytes are
// settled. What is settled is forgotten: map findings with [Literal.Outer] first.
func (n *Nested) Settled(safe func(*Literal) int) int {
	return n.top.settled(safe)
}

// Outer returns where the decoded bytes from start to end stand in the running
// text, as whole escapes. Plain ASCII without quotes and backslashes may be
// written in their place, and the document is the same but for this string.
func (l *Literal) Outer(start, end int) (from, to int) {
	from, to = l.first(start), l.first(start)
	if start < end {
		to = l.after(end - 1)
	}
	if l.up != nil {
		return l.up.Outer(from, to)
	}
	return from, to
}

// find returns the last kept escape that begins at or before a decoded byte.
func (l *Literal) find(at int) escape {
	low, high := 0, len(l.escapes)
	for low < high {
		if mid := (low + high) / 2; l.escapes[mid].at <= at {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		return l.known
	}
	return l.escapes[low-1]
}

// first returns where the first byte of what decodes to byte at is. What was
// forgotten is taken for where the map begins.
func (l *Literal) first(at int) int {
	e := l.find(at)
	if at < e.at+e.length {
		return e.outerAt
	}
	return e.outerAt + e.outerLength + at - e.at - e.length
}

// after returns where the text goes on behind what decodes to byte at.
func (l *Literal) after(at int) int {
	e := l.find(at)
	if at < e.at+e.length {
		return e.outerAt + e.outerLength
	}
	return e.outerAt + e.outerLength + at + 1 - e.at - e.length
}

// forget drops the map of what lies before a decoded byte.
func (l *Literal) forget(at int) {
	n := 0
	for n < len(l.escapes) && l.escapes[n].at+l.escapes[n].length <= at {
		n++
	}
	if n == 0 {
		return
	}
	e := l.escapes[n-1]
	l.known = escape{at: e.at + e.length, outerAt: e.outerAt + e.outerLength}
	l.escapes = append(l.escapes[:0], l.escapes[n:]...)
}
