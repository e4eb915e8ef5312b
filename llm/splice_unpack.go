package llm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
)

// format is what stands around DEFLATE data.
type format uint8

const (
	formatUnknown format = iota // one of the next two
	formatZlib                  // RFC 1950
	formatBare                  // nothing
	formatGzip                  // RFC 1952, of as many members as there are
)

// errMember is a header or a trailer that is not what it should be.
var errMember = errors.New("not a valid compressed stream")

// gzipHeaderMax bounds a header: it may hold a file's name and a comment.
const gzipHeaderMax = 64 << 10

// checksum is what a trailer says of the decoded bytes.
type checksum struct {
	format format
	sum    uint32
	size   uint32 // modulo 2³²
}

func (c *checksum) write(p []byte) {
	c.size += uint32(len(p))
	switch c.format {
	case formatGzip:
		c.sum = crc32.Update(c.sum, crc32.IEEETable, p)
	case formatZlib:
		c.sum = adler(c.sum, p)
	}
}

// adler continues an Adler-32, which hash/adler32 cannot.
func adler(sum uint32, p []byte) uint32 {
	const mod, sumsMax = 65521, 5552 // as many bytes as do not overflow
	a, b := sum&0xffff, sum>>16
	for q := range slices.Chunk(p, sumsMax) {
		for _, c := range q {
			a += uint32(c)
			b += a
		}
		a, b = a%mod, b%mod
	}
	return b<<16 | a
}

func (c *checksum) trailer() []byte {
	switch c.format {
	case formatGzip:
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, c.sum), c.size)
	case formatZlib:
		return binary.BigEndian.AppendUint32(nil, c.sum)
	}
	return nil
}

// unpacker decodes the members of a stream, of which only gzip has more than
// one.
type unpacker struct {
	format format
	stage  stage
	in     []byte // not decoded yet: of a header or a trailer
	at     int64  // bytes of the stream before in
	window int    // how far back a distance may reach
	sum    checksum
	marked bool // the beginning of the member is among the marks

	inflate inflater
	base    int64 // where the member's data begins in the stream
	out     int64 // decoded bytes before the member
}

type stage uint8

const (
	stageHeader stage = iota
	stageData
	stageTrailer
	stageEnd
)

// read decodes p and appends the marks that it passed. What it decoded is valid
// until the next call.
func (m *unpacker) read(p []byte, marks []spliceMark) ([]byte, []spliceMark, error) {
	m.in = append(m.in, p...)
	var out []byte
	for {
		was := m.stage
		var err error
		switch m.stage {
		case stageHeader:
			marks, err = m.header(marks)
		case stageData:
			var fresh []byte
			fresh, marks, err = m.data(marks)
			out = append(out, fresh...)
		case stageTrailer:
			marks, err = m.trailer(marks)
		case stageEnd:
			if len(m.in) > 0 {
				err = ErrTrailing
			}
		}
		if err != nil || m.stage == was {
			return out, marks, err
		}
	}
}

// end returns io.EOF where the stream may end.
func (m *unpacker) end() error {
	if len(m.in) == 0 && m.stage == stageHeader || m.stage == stageEnd || m.format == formatBare && m.stage == stageTrailer {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

func (m *unpacker) skip(n int) {
	m.in = m.in[n:]
	m.at += int64(n)
}

func (m *unpacker) header(marks []spliceMark) ([]spliceMark, error) {
	if len(m.in) == 0 {
		return marks, nil
	}
	if !m.marked {
		// Only where the stream has another member may ours begin: most
		// readers stop at the end of the first.
		m.marked = true
		marks = append(marks, spliceMark{in: m.at, out: m.out, begin: true})
	}
	n, err := m.headerLength()
	if n < 0 || err != nil {
		return marks, err
	}
	m.skip(n)
	m.base, m.stage = m.at, stageData
	m.inflate = inflater{}
	m.sum = checksum{format: m.format}
	if m.format == formatZlib {
		m.sum.sum = 1
	}
	return append(marks, spliceMark{in: m.at, out: m.out, sum: m.sum}), nil
}

// headerLength returns how long the header is that in begins with, -1 where
// more of it must come. It settles what the format is.
func (m *unpacker) headerLength() (int, error) {
	m.window = historyBytes
	if m.format == formatGzip {
		return gzipHeader(m.in)
	}
	if len(m.in) < 2 {
		return -1, nil
	}
	m.format = formatBare
	if head := binary.BigEndian.Uint16(m.in); head>>8&0x0f != 8 || head%31 != 0 {
		return 0, nil
	} else if head&0x20 != 0 {
		return 0, errMember // a dictionary that we do not have
	}
	m.format = formatZlib
	m.window = min(1<<(8+m.in[0]>>4), historyBytes)
	return 2, nil
}

// gzipHeader returns the length of the header that p begins with, or -1.
func gzipHeader(p []byte) (int, error) {
	const fixed = 10
	if !bytes.HasPrefix([]byte{0x1f, 0x8b, 8}, p[:min(3, len(p))]) || len(p) > gzipHeaderMax {
		return 0, errMember
	}
	if len(p) < fixed {
		return -1, nil
	}
	n, flags := fixed, p[3]
	if flags&4 != 0 { // extra
		if len(p) < n+2 {
			return -1, nil
		}
		n += 2 + int(binary.LittleEndian.Uint16(p[n:]))
	}
	for _, flag := range []byte{8, 16} { // name, comment
		if flags&flag == 0 {
			continue
		}
		if len(p) < n {
			return -1, nil
		}
		end := bytes.IndexByte(p[n:], 0)
		if end < 0 {
			return -1, nil
		}
		n += end + 1
	}
	if flags&2 != 0 { // header's checksum
		n += 2
	}
	if len(p) < n {
		return -1, nil
	}
	return n, nil
}

// data decodes what there is.
func (m *unpacker) data(marks []spliceMark) ([]byte, []spliceMark, error) {
	p := m.in
	m.in = nil
	z := &m.inflate
	before := z.out
	err := z.write(p, spliceFeedMax)
	m.at += int64(len(p))
	z.trim()
	fresh := z.take()
	from := 0
	for _, b := range z.marks {
		to := int(b.out - before)
		m.sum.write(fresh[from:to])
		from = to
		marks = append(marks, spliceMark{in: m.base + b.in, bits: b.bits, out: m.out + b.out, sum: m.sum})
	}
	m.sum.write(fresh[from:])
	if z.state == inflateDone && err == nil {
		m.in = bytes.Clone(z.rest())
		m.at -= int64(len(m.in))
		m.out += z.out
		m.stage = stageTrailer
	}
	return fresh, marks, err
}

func (m *unpacker) trailer(marks []spliceMark) ([]spliceMark, error) {
	want := m.sum.trailer()
	if len(m.in) < len(want) {
		return marks, nil
	}
	if !bytes.Equal(m.in[:len(want)], want) {
		return marks, errMember
	}
	m.skip(len(want))
	m.stage = stageEnd
	if m.format == formatGzip {
		m.stage, m.marked = stageHeader, false
	}
	return marks, nil
}

// deflater goes on with a member that somebody else began. It keeps some
// kilobytes of what it wrote: there may be a thousand streams.
type deflater struct {
	sum    checksum
	window int
	dict   []byte // what was encoded last
	buf    bytes.Buffer
}

// dictBytes is how far back our distances reach.
const dictBytes = 4 << 10

func newDeflater(m *unpacker, mark spliceMark) *deflater {
	d := &deflater{sum: mark.sum, window: m.window}
	if mark.begin {
		d.window = historyBytes
		d.sum = checksum{format: m.format}
		if m.format == formatUnknown {
			d.sum = checksum{format: formatZlib, sum: 1}
		}
	}
	return d
}

// begin returns the header of a member.
func (d *deflater) begin() []byte {
	if d.sum.format == formatGzip {
		return []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	}
	return []byte{0x78, 0x9c}
}

// encode returns p in blocks that end between two bytes.
func (d *deflater) encode(p []byte) []byte {
	d.sum.write(p)
	d.buf.Reset()
	// A distance never reaches behind the dictionary, nor over one chunk.
	dict := d.dict
	for chunk := range slices.Chunk(p, min(d.window, historyBytes-dictBytes)) {
		_ = flate.StatelessDeflate(&d.buf, chunk, false, dict) // memory does not fail
		if d.window < historyBytes {
			continue
		}
		dict = append(dict[:len(dict):len(dict)], chunk[max(0, len(chunk)-dictBytes):]...)
		dict = dict[max(0, len(dict)-dictBytes):]
	}
	d.dict = dict
	return bytes.Clone(d.buf.Bytes())
}

// end returns the end of the member.
func (d *deflater) end() []byte {
	return append([]byte{0x01, 0x00, 0x00, 0xff, 0xff}, d.sum.trailer()...)
}
