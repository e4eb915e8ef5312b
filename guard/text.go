package guard

import (
	"hash/maphash"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// running is a text that comes in pieces: what is known of it so far, and how
// much of it nothing later can change. The findings, the verdict and the masks
// are those of the whole text, however it is cut.
type running struct {
	x       *exchange
	subject policy.Subject
	source  inspect.Source
	path    string // for the record
	stream  *inspect.Stream
	nested  *nested // where the text may be JSON
	end     int     // of what has come
	safe    int     // no mask that is not known yet begins before it
	gone    int     // of what was handed out
	masks   []inspect.Finding

	hash  maphash.Hash // of what has come, to know its repeats by
	head  []byte       // for the excerpt
	found []inspect.Finding
	tail  []byte // should the text go on after its end
	from  int    // of a text that did: where this begins, behind the tail
}

// tailBytes is how much of an ended text is remembered.
const tailBytes = 256

// textSeed is common to all texts, so that their hashes can be compared. Nobody
// outside knows it.
var textSeed = maphash.MakeSeed()

func (x *exchange) running(d policy.Direction, seg *llm.Segment, path string) *running {
	s := x.subjectOf(seg, d)
	s.Stream = true
	src := x.source(seg, d)
	src.Hold = inspect.HoldFor(x.policy.Masks(s, inspect.Secret, inspect.PII, inspect.Exfiltration)...)
	t := &running{x: x, subject: s, source: src, path: path, stream: x.g.cfg.Engine.Stream(src)}
	if mayNest(seg) {
		t.nested = newNested(x.g.cfg.Engine, src)
	}
	t.hash.SetSeed(textSeed)
	return t
}

// write takes the next piece.
func (t *running) write(piece string) {
	const headMax = 2 << 10 // more than an excerpt, since masking comes before cutting
	if room := headMax - len(t.head); room > 0 {
		t.head = append(t.head, piece[:min(room, len(piece))]...)
	}
	_, _ = t.hash.WriteString(piece) // memory does not fail
	if t.tail = append(t.tail, piece...); len(t.tail) > 4*tailBytes {
		t.tail = append(t.tail[:0], t.tail[len(t.tail)-tailBytes:]...)
	}
	t.end += len(piece)
	found, safe := t.stream.Write(piece)
	t.safe = min(safe, t.end)
	if t.nested != nil {
		found = merged(found, t.nested.write(piece))
	}
	t.decide(found)
	if t.nested != nil {
		t.safe = min(t.safe, t.nested.settled())
	}
}

// goOn makes t the rest of a text that was taken to have ended with tail. What
// stands in the tail has been handed out, and what begins there can be masked
// from here on.
func (t *running) goOn(tail []byte) {
	tail = tail[max(0, len(tail)-tailBytes):]
	_, _ = t.stream.Write(string(tail)) // what is whole in it was found before
	t.from, t.end, t.gone = len(tail), len(tail), len(tail)
}

// cutOff says that the text was not whole: what may be the beginning of a secret
// at its end is not kept for the record.
func (t *running) cutOff() {
	t.head = t.head[:min(len(t.head), max(0, t.settled()-t.from))]
	if t.from+len(t.head) < t.end {
		return
	}
	for len(t.head) > 0 && t.head[len(t.head)-1] > ' ' {
		t.head = t.head[:len(t.head)-1]
	}
}

// close decides what waited for the end of the text.
func (t *running) close() {
	found := t.stream.Close()
	if t.nested != nil {
		found = merged(found, t.nested.close())
	}
	t.decide(found)
	t.safe = t.end
}

func (t *running) decide(found []inspect.Finding) {
	if len(found) == 0 {
		return
	}
	const foundMax = 64
	for _, f := range found[:min(len(found), foundMax-len(t.found))] {
		f.Start, f.End = f.Start-t.from, f.End-t.from // in the head
		t.found = append(t.found, f)
	}
	v := t.x.policy.Decide(t.subject, found)
	for _, f := range v.Masked {
		if f.End > t.gone {
			t.masks = append(t.masks, f)
		}
	}
	if v.Action == policy.Redact && len(t.masks) == 0 {
		v.Action = policy.Allow // it has passed: nothing was held back
	}
	t.x.verdict = t.x.verdict.Join(v)
	t.x.keepFindings(t.subject, t.path, found)
}

// settled is how much of the text nothing later can change. A mask that is not
// whole yet may still grow, and be named otherwise.
func (t *running) settled() int {
	at := t.safe
	for again := true; again; {
		again = false
		for _, f := range t.masks {
			if f.Start < at && f.End > at {
				at, again = f.Start, true
			}
		}
	}
	return at
}

// piece is where a segment of a document stands in its running text.
type piece struct {
	text       *running
	segment    int
	start, end int
}

// hand writes the piece into doc as it goes out.
func (p piece) hand(doc *llm.Doc) {
	t := p.text
	t.gone = max(t.gone, p.end)
	for _, f := range t.masks {
		if f.Start < p.end && f.End > p.start {
			doc.Replace(p.segment, t.x.policy.MaskPiece(doc.Segments()[p.segment].Text, p.start, t.masks))
			return
		}
	}
}

// repeats reports whether text is this one again, said at its end as a whole.
func (t *running) repeats(text string, src inspect.Source) bool {
	src.Hold = t.source.Hold // it changes no finding
	return t.from == 0 && len(text) == t.end && src == t.source && maphash.String(textSeed, text) == t.hash.Sum64()
}
