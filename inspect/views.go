package inspect

import "slices"

// viewsMax is how many disguises one inside another are looked through.
const viewsMax = 2

const (
	// viewAhead is how far a view that is not a run of its own reads on.
	viewAhead = 768
	// viewStep is how far the next look begins after this one; what lies
	// between is looked at twice, so that nothing falls in a gap.
	viewStep = 512
)

// The names of views, as findings list them.
const (
	viewInvisible = "invisible"
	viewLetters   = "letters"
	viewLeet      = "leet"
	viewSpaced    = "spaced"
	viewTags      = "tags"
	viewSelectors = "selectors"
	viewPercent   = "percent"
	viewEscapes   = "escapes"
	viewEntities  = "entities"
	viewRot13     = "rot13"
	viewAtbash    = "atbash"
	viewReversed  = "reversed"
	viewBackwords = "reversed_words"
	viewBase64    = "base64"
	viewBase32    = "base32"
	viewHex       = "hex"
	viewUTF16     = "utf16"
)

// solidBytes are what a secret, an address and an escaped word are made of: a
// view that lays one bare may report it from the start of their run.
var solidBytes = setOf("A-Za-z0-9_.:/@=+%&?#~$!*-")

// solidShown is how much of such a run a secret shows, and what tells that most
// runs are none.
const solidShown = 24

// couldSecret reports whether a run that begins so looks like a secret: no word,
// no path, no address, no digest in hexadecimal.
func couldSecret(run string) bool {
	digits, capitals, small, marks := 0, 0, 0, 0
	for i := range min(len(run), solidShown) {
		switch {
		case isDigit(run[i]):
			digits++
		case upperBytes[run[i]]:
			capitals++
		case alphaBytes[run[i]]:
			small++
		default:
			marks++
		}
	}
	return digits > 1 && capitals > 1 && small > 1 && marks < 4
}

// scratch holds a decoded text and, for each of its bytes, the offsets in the
// window of what it stands for.
type scratch struct {
	bytes []byte
	from  []int32
	to    []int32
	room  []byte // for what a view puts together on its way
	tries int    // words looked up
}

// view resets the scratch, and reports false when enough views have been looked
// through already.
func (w *window) view() (*scratch, bool) {
	if w.m.depth >= viewsMax {
		return nil, false
	}
	w.scratch.reset()
	return w.scratch, true
}

func (s *scratch) reset() { s.bytes, s.from, s.to = s.bytes[:0], s.from[:0], s.to[:0] }

// whole forgets what each byte stands for: findings are of the run as a whole.
func (s *scratch) whole() { s.from, s.to = s.from[:0], s.to[:0] }

// add appends b, which stands for the text from offset i to j.
func (s *scratch) add(b byte, i, j int) {
	s.bytes = append(s.bytes, b)
	s.from = append(s.from, int32(i))
	s.to = append(s.to, int32(j))
}

// keep appends text as it stands at offset i.
func (s *scratch) keep(text string, i int) {
	for k := range len(text) {
		s.add(text[k], i+k, i+k+1)
	}
}

// around returns the text that a view reads, and the offset of its first byte.
func (w *window) around() (text string, from int) {
	from = max(-behindMax, w.low-w.origin)
	return w.slice(from, viewAhead), from
}

// nested inspects the decoded text in the scratch as one that the same speaker
// said, and reports what is in it under the names of the views, outermost
// first. Spans are mapped by the scratch, or are offsets i to j where it maps
// nothing. What stands in the text just so is left to the detectors that read
// it there.
func (w *window) nested(i, j int, views ...string) { w.nestedIf(nil, i, j, views) }

// nestedMaskable is nested for what may be masked alone.
func (w *window) nestedMaskable(views ...string) { w.nestedIf(maskable, 0, w.n, views) }

func (w *window) nestedIf(wanted func(Category) bool, i, j int, views []string) {
	s := w.scratch
	for _, f := range w.descend(string(s.bytes)) {
		if f.Category == Coverage || wanted != nil && !wanted(f.Category) {
			continue
		}
		start, end := i, j
		if len(s.from) > 0 {
			start, end = s.span(f.Start, f.End)
			if w.slice(start, end) == string(s.bytes[f.Start:f.End]) {
				continue
			}
		}
		f.Start, f.End = w.origin+start, w.origin+end
		f.Views = append(slices.Clone(views), f.Views...)
		w.found = append(w.found, f)
	}
}

// span maps bytes i to j of the scratch. A text that was turned round has its
// end before its start.
func (s *scratch) span(i, j int) (start, end int) {
	start, end = int(s.from[i]), int(s.to[i])
	for k := i + 1; k < j; k++ {
		start, end = min(start, int(s.from[k])), max(end, int(s.to[k]))
	}
	return start, end
}

// descend reads a view's text, and pays for what was done to it.
func (w *window) descend(text string) []Finding {
	m := w.m
	if m.child == nil {
		m.child = new(machine)
	}
	m.child.depth = m.depth + 1
	found := m.child.scan(m.e, Source{Role: m.role, Call: m.call, Memory: m.memory}, text)
	w.steps += 2 * len(text)
	for i := range m.child.lanes {
		w.steps += m.child.lanes[i].spent
	}
	return found
}
