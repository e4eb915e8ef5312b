package inspect

import "strings"

// Stream inspects a text that arrives in pieces. However the text is cut, the
// findings of all Writes and of Close together are those of Scan on the whole.
// A Stream is for one goroutine at a time, and keeps no more than some
// kilobytes of text.
type Stream struct {
	m   machine
	buf strings.Builder // m.text is its String
}

// pieceMax bounds how much of a long Write is kept at a time.
const pieceMax = 4 << 10

// Stream returns a stream for one text. It needs no Close if the text is given
// up.
func (e *Engine) Stream(src Source) *Stream {
	s := new(Stream)
	s.m.reset(e, src)
	return s
}

// Write inspects the next piece of the text. Offsets in found count from the
// stream's first byte. No later finding of a category in Source.Hold begins
// before safe, which never falls; findings of other categories come when they are
// decided, and may begin earlier. The caller owns found.
func (s *Stream) Write(text string) (found []Finding, safe int) {
	m := &s.m
	for len(text) > 0 {
		n := min(len(text), pieceMax)
		s.add(text[:n])
		text = text[n:]
		m.read(len(m.text) - n)
		if len(m.held) > 0 {
			m.release(m.undecided())
		}
	}
	found, m.out = m.out, nil
	return found, m.safe()
}

// add appends piece to the text at hand, and first drops what nothing needs
// when there is no room.
func (s *Stream) add(piece string) {
	m := &s.m
	if s.buf.Len()+len(piece) > s.buf.Cap() {
		tail := m.text[m.needed():]
		m.base += len(m.text) - len(tail)
		s.buf = strings.Builder{}
		s.buf.Grow(2*(len(tail)+len(piece)) + 256)
		s.buf.WriteString(tail)
	}
	s.buf.WriteString(piece)
	m.text = s.buf.String()
}

// Close returns what could not be decided before the end of the text. Nothing
// may be written after it.
func (s *Stream) Close() []Finding {
	m := &s.m
	m.finish()
	found := m.out
	m.out, m.text = nil, ""
	s.buf = strings.Builder{}
	return found
}
