package llm

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Doc is one JSON body, one event of a stream or one message: its bytes, and
// the text in them. It keeps the bytes that it was made from, which must not
// change afterwards. A Doc is not safe for concurrent use.
type Doc struct {
	raw  []byte // exactly what was read
	body string // the document: all of raw, or the data of an event
	base int    // where body begins in raw, when it lies there in one piece
	// lines is where body lies in raw when an event spreads it over several
	// data lines, else nil.
	lines []dataLine

	segs      []Segment
	marks     []mark // one per segment
	nodes     []site // of the containers, outermost first
	skips     []Skip
	problems  []string
	model     string
	stream    bool
	spellings []spelling
	ends      *ends     // what a document of a stream completes, or nil
	parts     *portions // of a form or a file, else nil

	edited []int // the segments replaced, each once
	out    []byte
}

// site is where a value stands: in which container, or -1, and where in that:
// the offset of its member name's literal in body, or ^i for element i of an
// array. Offsets are kept in 32 bits to keep Docs small; see bodyBytesMax.
type site struct {
	node, place int32
}

// mark is where a segment's literal stands.
type mark struct {
	start, end int32 // in body; in raw for formField
	site       site
	form       form
	edited     bool
}

// nowhere is the site of what stands in no container.
var nowhere = site{-1, -1}

// form is how a literal is written.
type form uint8

const (
	formString form = iota // between quotes
	formOpen               // a quote that nothing closes
	formWhole              // the whole body
	formField              // the value of an event's line other than data
)

// dataLine is a line of an event, in raw.
type dataLine struct {
	start, end int // without its terminator
	colon      int // where the field's name ends
	value      int // where its value begins
	next       int // where the next line begins
	at         int // where the value begins in body, if it is data
}

// Raw returns a Doc of one segment, the whole body. It is for bodies that are
// known not to be JSON; an empty body has no segment.
func Raw(role Role, body []byte) *Doc {
	d := &Doc{raw: body, body: string(body)}
	d.addWhole(role, "")
	return d
}

// Segments returns the text in the order in which it stands in the document. A
// segment of the whole of a malformed body comes last. The slice belongs to
// the Doc; Replace changes it.
func (d *Doc) Segments() []Segment { return d.segs }

// Problems returns what was wrong with the document, each name once, in the
// order of discovery. See the Problem constants.
func (d *Doc) Problems() []string { return d.problems }

// Skipped returns the values that are not text.
func (d *Doc) Skipped() []Skip { return d.skips }

// Model returns the document's own "model" member, if it has one.
func (d *Doc) Model() string { return d.model }

// Streaming reports whether the document asks for a stream ("stream": true).
func (d *Doc) Streaming() bool { return d.stream }

// Path returns the RFC 6901 JSON Pointer of segment i; for a member's name, that
// of the member. It is empty for raw text. It is built at each call, because
// few segments are ever asked for theirs. In a form the first step is the field,
// in a file of lines the line, from 0.
func (d *Doc) Path(i int) string {
	if d.parts != nil {
		p := d.portionOf(i)
		return p.path + p.doc.Path(i-p.first)
	}
	return d.pointer(d.marks[i].site)
}

func (d *Doc) pointer(at site) string {
	var parts []string
	for ; at.node >= 0; at = d.nodes[at.node] {
		parts = append(parts, d.step(int(at.place)))
	}
	slices.Reverse(parts)
	return strings.Join(parts, "")
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func (d *Doc) step(place int) string {
	if place < 0 {
		return "/" + strconv.Itoa(^place)
	}
	lit := d.body[place+1:]
	name := lit[:literalEnd(lit)]
	return "/" + escapePointer.Replace(unquote(name))
}

// Replace sets the text of segment i. It leaves every byte outside the
// segment's literal alone; within, what is not UTF-8 becomes U+FFFD, and in an
// event's comment or id line ends become spaces. In a form a text loses what
// would end its part or its header. Of a malformed document either the literals or the whole can be replaced: where
// both are, the whole wins, because it was written last.
func (d *Doc) Replace(i int, text string) {
	if d.segs[i].Text == text {
		return
	}
	if d.parts != nil {
		text = d.replaceIn(i, text)
	}
	d.segs[i].Text = text
	d.out = nil
	if !d.marks[i].edited {
		d.marks[i].edited = true
		d.edited = append(d.edited, i)
	}
}

// Bytes returns exactly what was read unless Replace was called. The caller
// must not change it.
func (d *Doc) Bytes() []byte {
	if len(d.edited) == 0 {
		return d.raw
	}
	if d.out == nil {
		if d.parts != nil {
			d.out = d.splicePortions()
			return d.out
		}
		d.out = d.splice()
	}
	return d.out
}

// Changed reports whether Bytes returns other bytes than were read.
func (d *Doc) Changed() bool { return len(d.edited) > 0 }

// Original returns exactly what was read, whatever was replaced. The caller must
// not change it.
func (d *Doc) Original() []byte { return d.raw }

// edit is a change of raw.
type edit struct {
	start, end int
	text       []byte
}

func (d *Doc) splice() []byte {
	edits := make([]edit, 0, len(d.edited))
	whole := slices.IndexFunc(d.edited, func(i int) bool { return d.marks[i].form == formWhole })
	if whole < 0 {
		edits = d.appendUnspelt(edits)
	}
	for k, i := range d.edited {
		switch {
		case k == whole:
			edits = d.appendWhole(edits, d.segs[i].Text)
		case d.unspelt(i):
			// What stood there is gone.
		case whole < 0 || d.marks[i].form == formField:
			edits = append(edits, d.literal(i))
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	out := make([]byte, 0, len(d.raw)+64)
	done := 0
	for _, e := range edits {
		out = append(out, d.raw[done:e.start]...)
		out = append(out, e.text...)
		done = e.end
	}
	return append(out, d.raw[done:]...)
}

// literal returns the edit that writes segment i's text.
func (d *Doc) literal(i int) edit {
	m, text := d.marks[i], d.segs[i].Text
	if m.form == formField {
		return edit{int(m.start), int(m.end), []byte(oneLine.Replace(text))}
	}
	quoted := appendQuote(nil, text)
	if m.form == formOpen {
		quoted = quoted[:len(quoted)-1] // nothing closed it before either
	}
	return edit{d.toRaw(int(m.start)), d.toRaw(int(m.end)-1) + 1, quoted}
}

// oneLine keeps a replacement from ending the event line that it stands in.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// appendWhole appends the edits that write text in place of the body. In an
// event the first data line becomes as many as the text has lines, and the
// other data lines go.
func (d *Doc) appendWhole(edits []edit, text string) []edit {
	if d.base > 0 { // in an event
		text = strings.ReplaceAll(text, "\n", "\ndata: ")
	}
	if d.lines == nil {
		return append(edits, edit{d.base, d.base + len(d.body), []byte(text)})
	}
	first := d.lines[0]
	edits = append(edits, edit{first.value, first.end, []byte(text)})
	for _, l := range d.lines[1:] {
		edits = append(edits, edit{l.start, l.next, nil})
	}
	return edits
}

// toRaw returns where a byte of body stands in raw.
func (d *Doc) toRaw(at int) int {
	if d.lines == nil {
		return d.base + at
	}
	i, exact := slices.BinarySearchFunc(d.lines, at, func(l dataLine, at int) int { return cmp.Compare(l.at, at) })
	if !exact {
		i--
	}
	return d.lines[i].value + at - d.lines[i].at
}

func (d *Doc) problem(name string) {
	if !slices.Contains(d.problems, name) {
		d.problems = append(d.problems, name)
	}
}

// add appends a segment, or reports that there are too many.
func (d *Doc) add(s Segment, m mark) bool {
	if len(d.segs) >= segmentsMax {
		d.problem(ProblemTooMany)
		return false
	}
	d.segs = append(d.segs, s)
	d.marks = append(d.marks, m)
	return true
}

func (d *Doc) addWhole(role Role, stream string) {
	if d.body == "" {
		return
	}
	d.segs = append(d.segs, Segment{Role: role, Stream: stream, Text: d.body})
	d.marks = append(d.marks, mark{site: nowhere, form: formWhole})
}

// appendQuote writes text as a JSON string that no reader can misread. Nothing
// is escaped that need not be: the receiver is a JSON parser, not a browser.
func appendQuote(dst []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = string(bytes.ToValidUTF8([]byte(text), []byte("\uFFFD")))
	}
	dst, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		panic("llm: quoting valid UTF-8: " + err.Error())
	}
	return dst
}
