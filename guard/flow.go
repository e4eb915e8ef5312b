package guard

import (
	"strings"
	"time"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

const (
	// textsMax bounds the running texts of one direction. The provider's own
	// bound on choices and tool calls is lower.
	textsMax = 512
	// heldMax bounds, in bytes, the documents that wait for others.
	heldMax = 1 << 20
)

// flow takes the documents of one direction of an exchange as they come, the
// events of a stream or the messages of a WebSocket, and hands each out in its
// turn, masked where policy says so, once nothing later can change what becomes
// of it. What is clean goes on at once.
type flow struct {
	x       *exchange
	d       policy.Direction
	surface string // for the coverage
	holds   bool   // policy can act, so that waiting is of use

	texts map[string]*running
	open  []string          // names of the texts that may go on
	tails map[string][]byte // of those that ended
	ended []*running        // those that do not
	queue []waiting
	bytes int // of what waits
	noted map[string]bool
	// telling is the text that stood alone and says most, for the excerpt.
	telling      *llm.Segment
	tellingFound []inspect.Finding
}

// waiting is a document with those of its texts that go on from one to another.
type waiting struct {
	doc    *llm.Doc
	bytes  int
	pieces []piece
}

func (x *exchange) flow(d policy.Direction, surface string) *flow {
	s := x.subject
	s.Direction, s.Stream = d, true
	return &flow{
		x: x, d: d, surface: surface, holds: x.policy.CanAct(s),
		texts: make(map[string]*running), tails: make(map[string][]byte), noted: make(map[string]bool),
	}
}

// take inspects doc and puts it behind those that wait.
func (f *flow) take(doc *llm.Doc) {
	start := time.Now()
	defer func() { f.x.rec.InspectUS += time.Since(start).Microseconds() }()
	f.noteDoc(doc)
	size := len(doc.Bytes())
	f.bytes += size
	f.queue = append(f.queue, waiting{doc: doc, bytes: size}) // first, so that no panic loses it
	w := &f.queue[len(f.queue)-1]
	segments := doc.Segments()
	for i := range segments {
		if seg := &segments[i]; seg.Stream != "" && seg.Text != "" && !seg.Known {
			if t := f.text(seg); t != nil {
				w.pieces = append(w.pieces, piece{t, i, t.end, t.end + len(seg.Text)})
				t.write(seg.Text)
			}
		}
	}
	f.endTexts(doc)
	f.standing(doc, w)
	if f.d == policy.Request {
		f.x.memory.keep(segments)
	}
}

// noteDoc notes what was wrong with a document and what is not text in it, each
// once.
func (f *flow) noteDoc(doc *llm.Doc) {
	for _, problem := range doc.Problems() {
		if f.once("problem " + problem) {
			f.x.noteProblem(f.d, problem)
		}
	}
	for _, s := range doc.Skipped() {
		if f.once("skip " + s.Reason) {
			f.x.coverSkip(f.d, f.surface, s)
		}
	}
}

// once reports whether name is noted for the first time.
func (f *flow) once(name string) bool {
	first := !f.noted[name]
	f.noted[name] = true
	return first
}

// coveredKey marks that the coverage of the direction as a whole has been noted.
const coveredKey = "covered"

// cover notes, once, what became of the direction as a whole.
func (f *flow) cover(state, reason string) {
	if f.once(coveredKey) {
		f.x.cover(f.surface, state, reason)
	}
}

// text returns the running text that seg continues, or nil where there are too
// many.
func (f *flow) text(seg *llm.Segment) *running {
	if t, ok := f.texts[seg.Stream]; ok {
		return t
	}
	if len(f.texts) >= textsMax {
		if f.once("texts") {
			f.x.cover(f.surface+"#more", "skipped", "too many running texts; each piece was scanned by itself")
		}
		return nil
	}
	name := strings.Clone(seg.Stream)
	t := f.x.running(f.d, seg, f.x.plain(name))
	if tail, ok := f.tails[name]; ok {
		t.goOn(tail)
	}
	f.texts[name] = t
	f.open = append(f.open, name)
	return t
}

// endTexts closes the texts that doc ends.
func (f *flow) endTexts(doc *llm.Doc) {
	still := f.open[:0]
	for _, name := range f.open {
		// A text that went on after its end may do so again.
		if !doc.Ends(name) || f.texts[name].from > 0 && !doc.Final() {
			still = append(still, name)
			continue
		}
		f.end(name)
	}
	f.open = still
}

func (f *flow) end(name string) {
	t := f.texts[name]
	delete(f.texts, name)
	if len(f.tails) < textsMax {
		f.tails[name] = t.tail
	}
	if len(f.ended) < textsMax {
		f.ended = append(f.ended, t)
	}
	t.close()
}

// standing inspects the texts of doc that stand alone. Many of them repeat a
// running text as a whole: those have been inspected.
func (f *flow) standing(doc *llm.Doc, w *waiting) {
	x := f.x
	segments := doc.Segments()
next:
	for i := range segments {
		seg := segments[i]
		if seg.Text == "" || seg.Known || w.covers(i) {
			continue
		}
		src := x.source(&seg, f.d)
		for _, t := range f.ended {
			if t.repeats(seg.Text, src) {
				if len(t.masks) > 0 {
					doc.Replace(i, x.policy.Mask(seg.Text, t.masks))
				}
				continue next
			}
		}
		found := x.scan(src, &seg)
		if len(found) > 0 {
			if f.d == policy.Request {
				x.memory.value(seg.Text, found)
				x.reconsider(x.subjectOf(&seg, f.d), &seg, found)
			}
			x.judge(f.d, doc, i, found)
		}
		if !seg.Key && (f.telling == nil || moreTelling(f.d, &seg, f.telling)) {
			f.telling, f.tellingFound = &seg, found
		}
	}
}

func (w *waiting) covers(segment int) bool {
	for _, p := range w.pieces {
		if p.segment == segment {
			return true
		}
	}
	return false
}

// next returns the next document that may go out, as it goes out, or nil.
func (f *flow) next() *llm.Doc {
	if len(f.queue) == 0 {
		return nil
	}
	w := f.queue[0]
	for _, p := range w.pieces {
		if f.holds && p.text.settled() < p.end {
			f.x.rec.HeldBytesMax = max(f.x.rec.HeldBytesMax, int64(f.bytes))
			if f.bytes <= heldMax || f.overflow() {
				return nil
			}
		}
	}
	for _, p := range w.pieces {
		p.hand(w.doc)
	}
	f.bytes -= w.bytes
	if f.queue = f.queue[1:]; len(f.queue) == 0 {
		f.queue = nil
	}
	return w.doc
}

// overflow gives up holding back: the text hangs together for longer than it
// may be held. It reports whether policy refuses that.
func (f *flow) overflow() (refused bool) {
	f.holds = false
	return f.x.unscannable(f.d, f.surface+"#held", "skipped", "more text hung together than may be held back", policy.TooLarge)
}

// waits reports whether a document has not gone out yet.
func (f *flow) waits() bool { return len(f.queue) > 0 }

// rest returns what waits as it came, for where nothing can be done about it.
func (f *flow) rest() []byte {
	var b []byte
	for _, w := range f.queue {
		b = append(b, w.doc.Bytes()...)
	}
	f.queue = nil
	return b
}

// close ends every text that is still open, so that what waits can go out. None
// came to an end by the provider's protocol.
func (f *flow) close() {
	for _, name := range f.open {
		f.texts[name].cutOff()
		f.end(name)
	}
	f.open = nil
}

// finish inspects what is left, keeps the excerpt, and reports whether the
// inspection went well. What is found only now was not handed out, or has
// passed: it is recorded. A text that is still open was cut off.
func (f *flow) finish() (ok bool) {
	action := f.x.verdict.Action
	ok = f.x.contained(f.d, f.close)
	f.x.verdict.Action = action
	f.excerpt()
	return ok
}

// excerpt keeps the beginning of the longest text, or of the most telling one
// that stood alone.
func (f *flow) excerpt() {
	var longest *running
	for _, t := range f.ended {
		if longest == nil || len(t.head) > len(longest.head) {
			longest = t
		}
	}
	switch {
	case longest != nil:
		f.x.excerptOf(longest.subject, string(longest.head), longest.found)
	case f.telling != nil:
		f.x.excerpt(f.d, f.telling, f.tellingFound)
	}
}
