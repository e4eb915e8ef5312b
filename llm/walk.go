package llm

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// node is what a walk knows of a container; its site is in Doc.nodes.
type node struct {
	array   bool
	skipped bool   // its token numbers are in skips
	count   int32  // elements read so far
	name    int32  // offset of the name whose value is due, or -1
	next    *shape // shape of that value
	index   int32  // what its "index" member says, or -1
	voice   int32  // in voices, or -1
	shape   *shape
	role    Role // "" while the voice is not settled
	call    bool // see Segment.Call
}

// voice is an object that says itself who speaks in it.
type voice struct {
	byRole, byType Role // what "role" and "type" say, or ""
	otherwise      Role
}

// walker reads one document into a Doc: one pass of strict tokens, remembering
// offsets. Walkers are pooled, so that a document costs no more than its Doc.
type walker struct {
	*Doc
	root      *shape
	dec       jsontext.Decoder
	buf       bytes.Buffer
	start     int   // where in body the decoder began
	open      int32 // innermost open container, or -1
	all       []node
	voices    []voice
	mute      []pending // segments whose voice is not settled
	runs      []run     // segments that may continue a running text
	finished  []int32   // choices that have ended
	spellings []spelling
	notes     eventNotes
	names     map[string]string
	arena     strings.Builder // decoded texts of this document
}

type pending struct{ segment, voice int32 }

type run struct {
	segment int
	node    int32
	leaf    *shape
}

var walkers = sync.Pool{New: func() any { return new(walker) }}

// errTooMany ends a walk at segmentsMax.
var errTooMany = errors.New("too many values")

// pooledNodesMax is how large a walker may be to be kept.
const pooledNodesMax = 1 << 12

const utf8BOM = "\xef\xbb\xbf"

// parse reads d.body by the given shapes. data is the same document in bytes;
// they are not changed. names keeps the names of running texts from one event
// to the next and may be nil.
func (d *Doc) parse(root *shape, data []byte, names map[string]string) {
	if len(data) > bodyBytesMax {
		d.problem(ProblemTooMany)
		d.addWhole(Other, "")
		return
	}
	w := walkers.Get().(*walker)
	w.Doc, w.root, w.names = d, root, names
	if w.start = 0; strings.HasPrefix(d.body, utf8BOM) {
		d.problem(ProblemBOM)
		w.start = len(utf8BOM)
	}
	if !blank(d.body[w.start:]) {
		w.document(data)
	}
	w.release()
}

// release lets go of the document and gives the walker back, unless an unusual
// document has made it large.
func (w *walker) release() {
	if cap(w.all) > pooledNodesMax || cap(w.mute) > pooledNodesMax || cap(w.runs) > pooledNodesMax {
		return
	}
	w.Doc, w.root, w.names = nil, nil, nil
	w.notes.reset()
	w.buf = bytes.Buffer{}
	w.dec.Reset(&w.buf)
	w.arena = strings.Builder{}
	walkers.Put(w)
}

// document walks the body as strictly as it can be walked. Each leniency that
// it takes to get on is a problem of its own, so a document that needs both is
// walked three times; a document that needs none, once.
func (w *walker) document(data []byte) {
	w.reserve()
	options := make([]jsontext.Options, 0, 2)
	var anyName, anyText bool
	stuck := -1 // where the grammar of text, or of JSON, was first broken
	for {
		err := w.strict(data, options)
		if stuck >= 0 && (err == nil || w.offset() > stuck) {
			w.problem(textProblem(w.body))
			stuck = -1
		}
		switch {
		case err == nil:
			w.tail(w.offset())
			return
		case errors.Is(err, errTooMany):
			w.settle()
			w.addWhole(Other, "")
			return
		case errors.Is(err, jsontext.ErrDuplicateName) && !anyName:
			anyName = true
			w.problem(ProblemDuplicate)
			options = append(options, jsontext.AllowDuplicateNames(true))
		case !anyText:
			anyText = true
			stuck = w.offset()
			options = append(options, jsontext.AllowInvalidUTF8(true))
		default:
			w.broken()
			return
		}
	}
}

func textProblem(body string) string {
	if !utf8.ValidString(body) {
		return ProblemUTF8
	}
	return ProblemSurrogate
}

// reserve sizes the lists: two quotes make a string, and most are names.
func (w *walker) reserve() {
	n := min(strings.Count(w.body, `"`)/2, 512)
	w.segs = make([]Segment, 0, n)
	w.marks = make([]mark, 0, n)
	w.nodes = make([]site, 0, min(8, n+1))
}

// strict walks one value.
func (w *walker) strict(data []byte, options []jsontext.Options) error {
	w.segs, w.marks, w.nodes, w.skips = w.segs[:0], w.marks[:0], w.nodes[:0], nil
	w.model, w.stream = "", false
	w.all, w.voices, w.mute, w.runs = w.all[:0], w.voices[:0], w.mute[:0], w.runs[:0]
	w.finished, w.spellings = w.finished[:0], w.spellings[:0]
	w.notes.reset()
	w.open = -1
	w.buf = *bytes.NewBuffer(data[w.start:])
	w.dec.Reset(&w.buf, options...)
	for {
		if err := w.token(); err != nil {
			return err
		}
		if w.open < 0 {
			w.settle()
			return nil
		}
	}
}

// offset returns where in body the walk has got to.
func (w *walker) offset() int { return w.start + int(w.dec.InputOffset()) }

func (w *walker) token() error {
	switch kind := w.dec.PeekKind(); kind {
	case '{', '[':
		if _, err := w.dec.ReadToken(); err != nil {
			return err
		}
		return w.enter(kind == '[')
	case '}', ']':
		if _, err := w.dec.ReadToken(); err != nil {
			return err
		}
		w.leave()
		return nil
	default:
		v, err := w.dec.ReadValue()
		if err != nil {
			return err
		}
		if kind == '"' {
			return w.str(len(v))
		}
		w.scalar(v)
		return nil
	}
}

// place returns where the next value stands and what the tables say of it.
func (w *walker) place() (at site, s *shape) {
	if w.open < 0 {
		return nowhere, w.root
	}
	n := &w.all[w.open]
	if n.array {
		return site{w.open, ^n.count}, n.shape.element()
	}
	return site{w.open, n.name}, n.next
}

// passed says that the value that was due has been read.
func (w *walker) passed() {
	if w.open >= 0 {
		n := &w.all[w.open]
		n.count++
		n.name, n.next = -1, nil
	}
}

func (w *walker) enter(array bool) error {
	if len(w.all) >= segmentsMax {
		w.problem(ProblemTooMany)
		return errTooMany
	}
	at, s := w.place()
	n := node{array: array, name: -1, index: -1, voice: -1, shape: s, role: Other}
	if w.open >= 0 {
		in := &w.all[w.open]
		n.role, n.voice, n.call = in.role, in.voice, in.call
	}
	if s != nil {
		n.call = n.call || s.call
		if s.note == noteSpelling {
			w.spellings = append(w.spellings, spelling{owner: w.open, start: int32(w.offset() - 1)})
		}
	}
	switch {
	case s == nil:
	case s.voice && !array:
		n.role, n.voice = "", int32(len(w.voices))
		w.voices = append(w.voices, voice{otherwise: s.role})
	case s.role != "":
		n.role = s.role
	}
	w.open = int32(len(w.all))
	w.all = append(w.all, n)
	w.nodes = append(w.nodes, at)
	return nil
}

func (w *walker) leave() {
	if n := &w.all[w.open]; n.shape != nil && n.shape.note == noteSpelling {
		last := len(w.spellings) - 1
		if w.spellings[last].end = int32(w.offset()); n.count == 0 {
			w.spellings = w.spellings[:last]
		}
	}
	w.open = w.nodes[w.open].node
	w.passed()
}

// str takes a string literal of n bytes that ends here: a name or a value.
func (w *walker) str(n int) error {
	end := w.offset()
	text := w.decode(w.body[end-n+1 : end-1])
	m := mark{start: int32(end - n), end: int32(end), form: formString}
	if w.open >= 0 {
		if in := &w.all[w.open]; !in.array && in.name < 0 {
			in.name, in.next = m.start, in.shape.member(text)
			m.site = site{w.open, m.start}
			return w.segment(Segment{Role: in.role, Text: text, Key: true, Call: in.call, Known: isWord(text)}, m)
		}
	}
	var s *shape
	m.site, s = w.place()
	err := w.text(text, m, s)
	w.passed()
	return err
}

// decode returns what stands between quotes. A text without escapes is a part
// of the body; the others share blocks of memory.
func (w *walker) decode(lit string) string {
	if strings.IndexByte(lit, '\\') < 0 {
		return lit
	}
	if w.arena.Cap()-w.arena.Len() < len(lit) {
		w.arena = strings.Builder{} // what was decoded keeps the old block
		w.arena.Grow(max(len(lit), min(len(w.body), 4<<10)))
	}
	from := w.arena.Len()
	unquoteTo(&w.arena, lit)
	return w.arena.String()[from:]
}

// text takes a string value.
func (w *walker) text(text string, m mark, s *shape) error {
	seg := Segment{Role: Other, Text: text}
	if w.open >= 0 {
		seg.Role, seg.Call = w.all[w.open].role, w.all[w.open].call
	}
	if s == nil {
		seg.Known = isWord(text)
		return w.segment(seg, m)
	}
	if s.role != "" {
		seg.Role = s.role
	}
	seg.Call = seg.Call || s.call
	if s.note != noteNone {
		w.remember(s.note, text)
	}
	if w.skip(s.opaque, text, m) {
		return nil
	}
	if s.delta || s.run != "" && !s.counted || s.loose && !isWord(text) {
		if err := w.segment(seg, m); err != nil {
			return err
		}
		w.runs = append(w.runs, run{len(w.segs) - 1, w.open, s})
		return nil
	}
	seg.Known = isWord(text)
	return w.segment(seg, m)
}

// skip reports whether a value is not text, and lists it if so.
func (w *walker) skip(kind opaque, text string, m mark) bool {
	if kind == opaqueAudioDelta && !strings.HasSuffix(w.notes.kind, "audio.delta") {
		return false // a text delta may look like base64 too
	}
	if kind == opaqueNone || len(w.skips) >= skipsMax {
		return false
	}
	reason := skipReason(kind, text)
	if reason == "" {
		return false
	}
	w.skips = append(w.skips, Skip{w.pointer(m.site), reason})
	return true
}

func (w *walker) segment(seg Segment, m mark) error {
	if !w.add(seg, m) {
		return errTooMany
	}
	if seg.Role == "" {
		w.mute = append(w.mute, pending{int32(len(w.segs) - 1), w.all[w.open].voice})
	}
	return nil
}

// scalar takes a number, a boolean or null.
func (w *walker) scalar(v []byte) {
	_, s := w.place()
	if s != nil && s.note != noteNone {
		w.measure(s.note, v)
	}
	if w.open >= 0 && '0' <= v[0] && v[0] <= '9' {
		// The place in a list of token numbers is that of the list.
		n := &w.all[w.open]
		if n.array && !n.skipped && n.shape != nil && n.shape.opaque == opaqueTokens && len(w.skips) < skipsMax {
			n.skipped = true
			w.skips = append(w.skips, Skip{w.pointer(w.nodes[w.open]), SkipTokens})
		}
	}
	w.passed()
}

func blank(s string) bool {
	return strings.Trim(s, " \t\r\n") == ""
}
