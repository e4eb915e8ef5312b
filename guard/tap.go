package guard

import "io"

// tap feeds a decoder that cannot be spliced and keeps what it was fed, until
// the client may have it: as far as it decodes to what has been handed out, and
// no further. A decoder that was fed more has the next event in it already,
// which may have to be masked or stopped.
type tap struct {
	src     io.Reader // what the upstream sends, encoded
	decoder io.Reader // reads from the tap
	room    []byte
	rest    []byte // read from src and not yet fed
	kept    []byte // fed and not yet released
	err     error  // from src
	fed     int64  // released or not
	decoded int64
	marks   []tapMark
}

// tapMark says that fed bytes decode to decoded bytes.
type tapMark struct{ fed, decoded int64 }

// feeder is the side of a tap that the decoder reads.
type feeder struct{ *tap }

// Read feeds byte by byte, so that each mark is as close as it can be.
func (f feeder) Read(p []byte) (int, error) {
	t := f.tap
	for len(t.rest) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		if t.room == nil {
			t.room = make([]byte, 4<<10)
		}
		var n int
		n, t.err = t.src.Read(t.room)
		t.rest = t.room[:n]
	}
	if len(p) == 0 {
		return 0, nil
	}
	p[0] = t.rest[0]
	t.kept, t.rest = append(t.kept, p[0]), t.rest[1:]
	t.fed++
	return 1, nil
}

// Read implements io.Reader for what is decoded.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.decoder.Read(p)
	t.decoded += int64(n)
	if n == len(p) || n == 0 {
		return n, err // it may hold more, or has got no further
	}
	t.marks = append(t.marks, tapMark{t.fed, t.decoded})
	return n, err
}

// release returns what decodes to the first so many bytes and was not released.
func (t *tap) release(decoded int64) []byte {
	last := -1
	for i, m := range t.marks {
		if m.decoded > decoded {
			break
		}
		last = i
	}
	if last < 0 {
		return nil
	}
	n := len(t.kept) - int(t.fed-t.marks[last].fed)
	out := append([]byte(nil), t.kept[:n]...)
	t.kept, t.marks = append(t.kept[:0], t.kept[n:]...), append(t.marks[:0], t.marks[last+1:]...)
	return out
}

// all returns everything that came and was not released.
func (t *tap) all() []byte {
	out := append(append([]byte(nil), t.kept...), t.rest...)
	t.kept, t.rest, t.marks = nil, nil, nil
	return out
}
