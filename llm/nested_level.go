package llm

import (
	"strings"
	"unicode/utf16"
)

// level reads one document: the running text, or a string in it.
type level struct {
	state levelState
	at    int      // bytes read of its text, without those that wait
	wait  string   // the beginning of an escape
	up    *Literal // the string that is its text, nil at the top
	depth int      // how many levels are above

	containers []byte // '{' or '[', outermost first
	deeper     int    // containers below nestedDepthMax
	name       bool   // a string here is the name of a member

	open  *Literal
	first bool   // nothing of open has been handed out
	fresh bool   // open may turn out to be a document
	inner *level // reads open, if that is JSON
}

type levelState uint8

const (
	levelBegin levelState = iota
	levelJSON
	levelOther
)

// read takes the next piece of the level's text. At the end nothing waits.
func (v *level) read(n *Nested, text string, end bool) {
	if v.wait != "" {
		text, v.wait = v.wait+text, ""
	}
	if v.state == levelBegin {
		v.state = begins(text)
	}
	if v.state != levelJSON {
		v.at += len(text)
		return
	}
	for len(text) > 0 {
		used := 0
		if v.open == nil {
			used = v.between(text)
		} else if used = v.inside(n, text, end); used < len(text) && v.open != nil {
			v.wait = strings.Clone(text[used:])
			text = text[:used]
		}
		v.at += used
		text = text[used:]
	}
}

// begins says what a text is by its first byte that is not white space. A byte
// order mark is none: some tools strip it.
func begins(text string) levelState {
	for _, c := range []byte(text) {
		switch c {
		case ' ', '\t', '\r', '\n', utf8BOM[0], utf8BOM[1], utf8BOM[2]:
		case '{', '[', '"':
			return levelJSON
		default:
			return levelOther
		}
	}
	return levelBegin
}

// between reads up to the next string, its quote included.
func (v *level) between(text string) int {
	for i, c := range []byte(text) {
		switch c {
		case '"':
			v.open = &Literal{Key: v.name, Level: v.depth, up: v.up, known: escape{outerAt: v.at + i + 1}}
			v.open.Escaped = v.up != nil // its own quotes are escaped there
			v.first = true
			return i + 1
		case '{', '[':
			if len(v.containers) == nestedDepthMax {
				v.deeper++
			} else {
				v.containers = append(v.containers, c)
			}
			v.name = v.object()
		case '}', ']':
			if v.deeper > 0 {
				v.deeper--
			} else if len(v.containers) > 0 {
				v.containers = v.containers[:len(v.containers)-1]
			}
			v.name = false
		case ',':
			v.name = v.object()
		case ':':
			v.name = false
		}
	}
	return len(text)
}

// object reports whether the innermost container is one of members.
func (v *level) object() bool {
	return v.deeper == 0 && len(v.containers) > 0 && v.containers[len(v.containers)-1] == '{'
}

// inside reads on in the open string and hands out what it says. It returns how
// much it used, which is not all where an escape is not yet whole.
func (v *level) inside(n *Nested, text string, end bool) int {
	l := v.open
	var b strings.Builder // what has been decoded, if anything had to be
	from := 0             // where in text the rest of it begins
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			v.hand(n, joined(&b, text[from:i]), true)
			return i + 1
		case '\\':
			if !end && undecided(text[i:]) {
				v.hand(n, joined(&b, text[from:i]), false)
				return i
			}
			b.WriteString(text[from:i])
			i += l.escape(&b, text[i:], v.at+i)
			from = i
		default:
			i++
		}
	}
	v.hand(n, joined(&b, text[from:]), false)
	return len(text)
}

func joined(b *strings.Builder, rest string) string {
	if b.Len() == 0 {
		return rest
	}
	b.WriteString(rest)
	return b.String()
}

// escape decodes the escape that text begins with and returns its length.
func (l *Literal) escape(b *strings.Builder, text string, outerAt int) int {
	if len(text) == 1 {
		b.WriteByte('\\') // the end cut it off
		return 1
	}
	before := b.Len()
	used := unescape(b, text)
	if used > 1 {
		l.Escaped = true
		l.escapes = append(l.escapes, escape{l.decoded + before, b.Len() - before, outerAt, used})
	}
	return used
}

// undecided reports whether more bytes may change how the escape that s begins
// with is decoded.
func undecided(s string) bool {
	if len(s) < 6 {
		return hexSoFar(s)
	}
	r, ok := hex4(s)
	return ok && utf16.IsSurrogate(r) && r < 0xdc00 && len(s) < 12 && (len(s) == 6 || hexSoFar(s[6:]))
}

// hexSoFar reports whether s, shorter than that, may become a \uXXXX.
func hexSoFar(s string) bool {
	const filler = "\\u0000"
	_, ok := hex4(s + filler[len(s):])
	return ok
}

// hand gives out the next part of the open string, and what is in it.
func (v *level) hand(n *Nested, text string, last bool) {
	l := v.open
	if text != "" || v.first || last {
		n.pieces = append(n.pieces, Piece{l, text, v.first, last})
	}
	v.descend(n, text)
	v.first = false
	l.decoded += len(text)
	if !last {
		return
	}
	v.ascend(n)
	v.open, v.name = nil, false
}

// descend reads the open string as a document, if it is one.
func (v *level) descend(n *Nested, text string) {
	if v.first {
		v.fresh = v.depth+1 < nestedLevelsMax
	}
	if v.fresh && v.inner == nil {
		switch begins(text) {
		case levelBegin:
			return
		case levelOther:
			v.fresh = false
			return
		case levelJSON:
			v.inner = &level{at: v.open.decoded, up: v.open, depth: v.depth + 1}
		}
	}
	if v.inner != nil {
		v.inner.read(n, text, false)
	}
}

// ascend ends what is inside the open string.
func (v *level) ascend(n *Nested) {
	if v.inner != nil {
		v.inner.close(n)
		v.inner = nil
	}
}

func (v *level) close(n *Nested) {
	if v.wait != "" {
		v.read(n, "", true)
	}
	if v.open != nil {
		v.hand(n, "", true)
	}
}

// settled returns how many bytes of the level's text are.
func (v *level) settled(safe func(*Literal) int) int {
	if v.open == nil {
		return v.at
	}
	if v.first {
		return v.open.first(0) // nobody knows of it yet
	}
	at := safe(v.open)
	if v.inner != nil {
		at = min(at, v.inner.settled(safe))
	}
	v.open.forget(at)
	return v.open.first(at)
}
