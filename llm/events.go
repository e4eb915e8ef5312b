package llm

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

const (
	// eventBytesMax bounds one event. Images in base64 are the largest seen, at
	// 4 MB. What is longer comes in pieces of this size.
	eventBytesMax = 8 << 20
	// blockBytes is how much is read ahead. Docs keep the block that they lie in.
	blockBytes = 4 << 10
	// readBytesMin is the room below which a new block is begun.
	readBytesMin = 512
	// emptyReadsMax is how often a reader may return nothing and no error.
	emptyReadsMax = 100
)

// Events cuts a stream of server-sent events into Docs, by the rules of the
// WHATWG: lines end in LF, CRLF or CR, a byte order mark may come first, an
// event ends at a blank line. It reads no further than it must to know that an
// event is whole. It is not safe for concurrent use.
type Events struct {
	r     io.Reader
	shape *shape
	names map[string]string // of running texts

	buf  []byte // read and not yet returned
	line int    // where in buf the current line begins
	scan int    // how far buf was searched for the end of it
	err  error  // from r, sticky

	afterCR  bool   // the last line ended in CR: an LF here belongs to it
	fields   bool   // a line of the event is more than a comment
	begun    bool   // the first bytes have been returned
	ending   ending // of the stream's first line
	midline  bool   // buf begins inside a line
	oversize bool   // buf begins inside an event that was cut at the limit
}

// ending is how the lines of a stream end. It matters for a CR at the end of
// what has arrived: where lines end in CRLF we must wait for its LF, where they
// end in CR the event is whole and may not wait for the next.
type ending uint8

const (
	endingUnknown ending = iota
	endingLF             // or CRLF
	endingCR
)

// Next returns the next event with the blank line that ends it, a blank line of
// its own included. A comment line before an event is returned by itself: it
// keeps a connection alive, and the event may be long in coming. The last bytes
// of a stream are returned even if no blank line ends them, though a browser
// drops such an event: others do not. Then Next returns the reader's error,
// io.EOF at a clean end. An event longer than the limit comes in pieces, each marked ProblemOversize.
func (e *Events) Next() (*Doc, error) {
	for empty := 0; ; {
		n, whole := e.cut()
		if n > 0 {
			return e.take(n, whole), nil
		}
		if e.err != nil {
			if len(e.buf) > 0 {
				return e.take(len(e.buf), true), nil
			}
			return nil, e.err
		}
		if e.fill() > 0 {
			empty = 0
		} else if empty++; empty > emptyReadsMax && e.err == nil {
			e.err = io.ErrNoProgress
		}
	}
}

// Rest returns what was read and not yet returned. It is for a caller that goes
// on without Events, which must not be used afterwards.
func (e *Events) Rest() []byte { return e.buf }

// fill reads once.
func (e *Events) fill() int {
	if cap(e.buf)-len(e.buf) < readBytesMin {
		// Docs lie in the old block, so the rest moves to a new one.
		grown := make([]byte, len(e.buf), max(blockBytes, 2*len(e.buf)))
		copy(grown, e.buf)
		e.buf = grown
	}
	n, err := e.r.Read(e.buf[len(e.buf):cap(e.buf)])
	e.buf = e.buf[:len(e.buf)+n]
	e.err = err
	return n
}

// cut returns the length of the event that buf begins with, 0 if it has not all
// arrived. Where the event is longer than the limit it returns the limit, and
// false.
func (e *Events) cut() (n int, whole bool) {
	for {
		if e.afterCR && e.line < len(e.buf) {
			e.afterCR = false
			if e.buf[e.line] == '\n' {
				e.line++
				e.scan = max(e.scan, e.line)
			}
		}
		end, next := e.lineEnd()
		if next > eventBytesMax || next == 0 && len(e.buf) > eventBytesMax {
			return eventBytesMax, false
		}
		if next == 0 {
			return 0, false
		}
		alone := !e.midline && (end == e.line || !e.fields && e.comment(end))
		e.line, e.scan, e.midline = next, next, false
		if alone {
			return next, true
		}
		e.fields = true
	}
}

// comment reports whether the current line, which ends there, is a comment.
func (e *Events) comment(end int) bool {
	line := e.buf[e.line:end]
	if !e.begun && e.line == 0 {
		line = bytes.TrimPrefix(line, []byte(utf8BOM))
	}
	return len(line) > 0 && line[0] == ':'
}

// lineEnd returns where the current line ends and where the next begins; 0, 0
// when that has not arrived.
func (e *Events) lineEnd() (end, next int) {
	// One search for LF, then one for CR before it: each byte is looked at twice
	// at most, however many reads a line takes.
	rest := e.buf[e.scan:]
	lf := bytes.IndexByte(rest, '\n')
	if lf >= 0 {
		rest = rest[:lf]
	}
	cr := bytes.IndexByte(rest, '\r')
	switch {
	case cr >= 0:
		end = e.scan + cr
	case lf >= 0:
		e.settle(endingLF)
		end = e.scan + lf
		return end, end + 1
	default:
		e.scan = len(e.buf)
		return 0, 0
	}
	if end+1 < len(e.buf) {
		if e.ending != endingCR && e.buf[end+1] == '\n' {
			e.settle(endingLF)
			return end, end + 2
		}
		e.settle(endingCR)
		e.afterCR = true
		return end, end + 1
	}
	if e.ending == endingCR || e.err != nil {
		e.afterCR = true
		return end, end + 1
	}
	e.scan = end // wait for the byte after the CR
	return 0, 0
}

func (e *Events) settle(how ending) {
	if e.ending == endingUnknown {
		e.ending = how
	}
}

// take makes a Doc of the first n bytes.
func (e *Events) take(n int, whole bool) *Doc {
	raw := e.buf[:n:n]
	e.buf = e.buf[n:]
	e.midline = !whole && e.line < n
	piece := e.oversize || !whole
	e.oversize = !whole
	e.line, e.scan, e.fields = 0, max(e.scan-n, 0), !whole
	first := !e.begun
	e.begun = true
	if piece {
		d := &Doc{raw: raw, body: string(raw), problems: []string{ProblemOversize}}
		d.addWhole(Other, "oversize")
		return d
	}
	return e.event(raw, first)
}

// event reads the fields of one event.
func (e *Events) event(raw []byte, first bool) *Doc {
	d := &Doc{raw: raw}
	at := 0
	if first && bytes.HasPrefix(raw, []byte(utf8BOM)) {
		at = len(utf8BOM)
	}
	var data dataLine     // the first, and nearly always the only one
	var others []dataLine // of which value to end is text
	for n := 0; at < len(raw); {
		l := readLine(raw, at)
		at = l.next
		switch name := raw[l.start:max(l.start, l.colon)]; {
		case string(name) == "data":
			if n++; n == 1 {
				data = l
			} else {
				d.lines = append(d.lines, l)
			}
		case l.start == l.end, l.value == l.end && l.colon == l.start:
			// The blank line, or a comment to keep the stream alive.
		case string(name) == "event" && isEventName(raw[l.value:l.end]):
		default:
			others = append(others, l)
		}
	}
	e.data(d, data)
	for _, l := range others {
		d.add(Segment{Role: Other, Text: string(raw[l.value:l.end])},
			mark{start: int32(l.value), end: int32(l.end), site: nowhere, form: formField})
	}
	return d
}

// data reads the data of an event: that of its first data line, joined with
// those in d.lines.
func (e *Events) data(d *Doc, first dataLine) {
	data := d.raw[first.value:first.end]
	d.base = first.value
	if len(d.lines) > 0 {
		d.lines = append([]dataLine{first}, d.lines...)
		data = bytes.Clone(data)
		for i := range d.lines[1:] {
			l := &d.lines[i+1]
			data = append(data, '\n')
			l.at = len(data)
			data = append(data, d.raw[l.value:l.end]...)
		}
	}
	d.body = string(data)
	if strings.TrimSpace(d.body) == "[DONE]" {
		return
	}
	d.parse(e.shape, data, e.names)
	if slices.Contains(d.problems, ProblemNotJSON) {
		d.segs[len(d.segs)-1].Stream = "data" // plain text, event by event
	}
}

// readLine reads the line at an offset of raw. Where the line is of a field that
// we do not know, all of it is value.
func readLine(raw []byte, at int) dataLine {
	l := dataLine{start: at, value: at, end: len(raw), next: len(raw)}
	if n := bytes.IndexByte(raw[at:], '\n'); n >= 0 {
		l.end, l.next = at+n, at+n+1
	}
	if n := bytes.IndexByte(raw[at:l.end], '\r'); n >= 0 {
		if at+n+1 < l.end || l.next == l.end {
			l.next = at + n + 1
		}
		l.end = at + n
	}
	l.colon = l.end
	if n := bytes.IndexByte(raw[at:l.end], ':'); n >= 0 {
		l.colon = at + n
	}
	switch string(raw[at:l.colon]) {
	case "", "data", "event", "id", "retry":
		if l.value = min(l.colon+1, l.end); l.value < l.end && raw[l.value] == ' ' {
			l.value++
		}
	}
	return l
}

// isEventName reports whether a name is made as the APIs make theirs, so that it
// need not be inspected.
func isEventName(name []byte) bool {
	for _, c := range name {
		if (c < 'a' || 'z' < c) && c != '.' && c != '_' {
			return false
		}
	}
	return len(name) <= 64
}
