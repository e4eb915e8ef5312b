package llm

import (
	"errors"
	"io"
	"strings"
)

// ErrSplice is a content encoding that cannot be changed in the middle.
var ErrSplice = errors.New("this content encoding cannot be changed in the middle of a stream")

const (
	// spliceReadBytes is how much is read at a time. DEFLATE makes up to a
	// thousand times as much of it.
	spliceReadBytes = 4 << 10
	// spliceFeedBytes is how much is decoded at a time.
	spliceFeedBytes = 1 << 10
	// spliceFeedMax is more than that can become.
	spliceFeedMax = 2 << 20
)

// Splice reads a compressed stream and lets it be changed in the middle. While
// all that was decoded is passed on as it was, the original bytes are; from the
// first change on the rest is encoded anew, in the same stream. DEFLATE allows
// that where a block ends: what follows need not refer to what came before.
//
// What was read must be given back, in order and without gaps, by Pass and
// Replace. Servers of event streams end a block with each event, or nobody
// could read it; where one does not, its bytes wait until the block ends, and
// from eventBytesMax on they are encoded anew. A Splice is not safe for
// concurrent use.
type Splice struct {
	r       io.Reader
	stream  unpacker
	buf     [spliceReadBytes]byte
	feed    []byte // of buf, not yet decoded
	decoded []byte // not yet read
	given   int64  // bytes that were
	err     error  // from r or decoding, sticky

	raw    []byte       // what came behind the first mark
	rawAt  int64        // where it begins
	marks  []spliceMark // where encoding may change; the first is passed
	passed int64        // decoded bytes passed on
	held   []byte       // those since the first mark
	own    *deflater    // nil while nothing was changed
}

// spliceMark is a point where another encoder may go on.
type spliceMark struct {
	in    int64 // bytes of the stream before it
	bits  uint  // bits of the byte behind them
	out   int64 // decoded bytes before it
	sum   checksum
	begin bool // nothing has been written of this member
}

// NewSplice returns a Splice of r. contentEncoding is the header's value. For
// an encoding that is known but cannot be spliced the error is ErrSplice.
func NewSplice(contentEncoding string, r io.Reader) (*Splice, error) {
	s := &Splice{r: r}
	switch name := strings.ToLower(strings.TrimSpace(contentEncoding)); name {
	case "gzip", "x-gzip":
		s.stream.format = formatGzip
	case "deflate":
		s.stream.format = formatUnknown
	case "br", "zstd":
		return nil, ErrSplice
	default:
		return nil, &EncodingError{name}
	}
	s.marks, s.stream.marked = []spliceMark{{begin: true}}, true
	return s, nil
}

// Read returns decoded bytes, up to the end of a block: what ends there can be
// passed on at once, and nothing else could. After io.EOF the stream was whole.
func (s *Splice) Read(p []byte) (int, error) {
	for empty := 0; ; {
		if n := copy(p, s.ready()); n > 0 || len(p) == 0 {
			s.decoded = s.decoded[n:]
			s.given += int64(n)
			return n, nil
		}
		if len(s.feed) > 0 {
			s.decode()
			continue
		}
		if s.err != nil {
			return 0, s.err
		}
		if s.fill(); len(s.feed) > 0 {
			empty = 0
		} else if empty++; empty > emptyReadsMax && s.err == nil {
			s.err = io.ErrNoProgress
		}
	}
}

// ready returns the decoded bytes that may be read. Between two blocks the next
// header is waited for: most likely it is the flush's, without which some
// decoders keep the last byte to themselves.
func (s *Splice) ready() []byte {
	if s.own != nil || s.err != nil && len(s.feed) == 0 || s.stream.stage != stageData || len(s.decoded) > eventBytesMax {
		return s.decoded
	}
	if s.stream.inflate.between() {
		return nil
	}
	return s.decoded[:max(0, s.marks[len(s.marks)-1].out-s.given)]
}

// fill reads once.
func (s *Splice) fill() {
	n, err := s.r.Read(s.buf[:])
	s.feed = s.buf[:n]
	if s.own == nil {
		s.raw = append(s.raw, s.feed...)
	}
	if errors.Is(err, io.EOF) {
		err = nil // it says so again
		if n == 0 {
			err = s.stream.end()
		}
	}
	s.err = err
}

// decode takes the next bytes of what was read.
func (s *Splice) decode() {
	n := min(len(s.feed), spliceFeedBytes)
	out, marks, err := s.stream.read(s.feed[:n], s.marks)
	s.decoded = append(s.decoded, out...)
	if s.own == nil {
		s.marks = marks
	}
	if s.feed = s.feed[n:]; err != nil {
		s.err, s.feed = err, nil
	}
}

// Pass says that the next decoded bytes, which are p, go on as they are. It
// returns what may be sent now; the caller owns it.
func (s *Splice) Pass(p []byte) []byte {
	s.passed += int64(len(p))
	if s.own != nil {
		return s.own.encode(p)
	}
	s.held = append(s.held, p...)
	out := s.advance()
	if len(s.held) > eventBytesMax {
		out = append(out, s.change()...)
	}
	return out
}

// Replace says that p goes on in place of the next n decoded bytes. It returns
// what may be sent now; the caller owns it.
func (s *Splice) Replace(n int, p []byte) []byte {
	var out []byte
	if s.own == nil {
		out = append(s.advance(), s.change()...)
	}
	s.passed += int64(n)
	return append(out, s.own.encode(p)...)
}

// Changed reports whether the rest is encoded anew.
func (s *Splice) Changed() bool { return s.own != nil }

// End returns what is left to send once all was passed or replaced. Where
// nothing was changed that is all that came; else the stream is ended as if the
// original had, so a stream that was cut must not be.
func (s *Splice) End() []byte {
	if s.own == nil {
		out := s.raw
		s.raw = nil
		return out
	}
	return s.own.end()
}

// advance returns the bytes up to the last mark that is passed.
func (s *Splice) advance() []byte {
	n := 0
	for n+1 < len(s.marks) && s.marks[n+1].out <= s.passed {
		n++
	}
	if n == 0 {
		return nil
	}
	s.held = append([]byte(nil), s.held[s.marks[n].out-s.marks[0].out:]...)
	s.marks = append(s.marks[:0], s.marks[n:]...)
	size := int(s.marks[0].in - s.rawAt)
	out := append([]byte(nil), s.raw[:size]...)
	s.raw = append(s.raw[:0], s.raw[size:]...)
	s.rawAt += int64(size)
	return out
}

// change begins to encode, at the last mark that was passed.
func (s *Splice) change() []byte {
	m := s.marks[0]
	var out []byte
	if m.bits > 0 {
		// An empty stored block leads to the next whole byte: three zero bits,
		// as many more as it takes, and its length.
		out = append(out, s.raw[0]&(1<<m.bits-1))
		if m.bits > 5 {
			out = append(out, 0)
		}
		out = append(out, 0, 0, 0xff, 0xff)
	}
	s.own = newDeflater(&s.stream, m)
	if m.begin {
		out = append(out, s.own.begin()...)
	}
	out = append(out, s.own.encode(s.held)...)
	s.held, s.marks, s.raw = nil, nil, nil
	return out
}
