package llm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// The ways in which decoding ends early. A body that met one of them has not
// been inspected.
var (
	// ErrTooLarge is a body that is longer than the caller's limit once decoded.
	ErrTooLarge = errors.New("decoded body is over the limit")
	// ErrBomb is a body that grows out of all proportion.
	ErrBomb = errors.New("decoded body is out of proportion to its encoding")
	// ErrTrailing is data after the end of the encoded body, which receivers
	// ignore or refuse as they like.
	ErrTrailing = errors.New("data after the encoded body")
)

// EncodingError is a content encoding that we cannot read.
type EncodingError struct {
	Encoding string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("content encoding %q is not known", e.Encoding)
}

const (
	// ratioMax is by how much a body may grow. Text repeated a thousandfold stays
	// under it; DEFLATE's own limit is 1,032.
	ratioMax = 250
	// ratioBytesFrom is the length up to which no ratio is too high.
	ratioBytesFrom = 1 << 20
	// encodingsMax bounds the list: nobody encodes twice on purpose.
	encodingsMax = 4
	// zstdWindowMax is the window that RFC 9659 allows in HTTP.
	zstdWindowMax = 8 << 20
)

// Decoder returns a reader of what r is the encoding of. contentEncoding is the
// header's value: a list in the order of encoding, or empty. The reader returns
// ErrTooLarge after limit bytes and ErrBomb when they are far too many for what
// was read. It starts no goroutine, reads nothing before its first Read, and
// needs no Close.
func Decoder(contentEncoding string, r io.Reader, limit int64) (io.Reader, error) {
	source := &counter{r: r}
	decoded, err := layers(contentEncoding, source)
	if err != nil {
		return nil, err
	}
	return &limiter{r: decoded, source: source, left: max(limit, 0)}, nil
}

// StreamDecoder is Decoder without a limit, for what is read piece by piece and
// not kept: a stream may be long, and repeat itself.
func StreamDecoder(contentEncoding string, r io.Reader) (io.Reader, error) {
	return layers(contentEncoding, r)
}

// layers puts the decoders that contentEncoding lists around source.
func layers(contentEncoding string, source io.Reader) (io.Reader, error) {
	decoded := source
	names := strings.Split(contentEncoding, ",")
	if len(names) > encodingsMax {
		return nil, &EncodingError{contentEncoding}
	}
	for i := len(names) - 1; i >= 0; i-- {
		name := strings.ToLower(strings.TrimSpace(names[i]))
		if name == "" || name == "identity" {
			continue
		}
		open := opener(name)
		if open == nil {
			return nil, &EncodingError{name}
		}
		decoded = &layer{src: bufio.NewReader(decoded), open: open}
	}
	return decoded, nil
}

// opener returns what begins to decode, or nil for a name we do not know.
func opener(name string) func(*bufio.Reader) (io.Reader, error) {
	switch name {
	case "gzip", "x-gzip":
		return func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		return openDeflate
	case "br":
		return func(r *bufio.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }
	case "zstd":
		return func(r *bufio.Reader) (io.Reader, error) {
			// One decoder at a time means no goroutine to stop.
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(zstdWindowMax))
		}
	}
	return nil
}

// openDeflate reads both things that are called deflate: the zlib format, which
// RFC 9110 means, and the bare stream that many send.
func openDeflate(r *bufio.Reader) (io.Reader, error) {
	head, err := r.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}

// layer decodes one encoding, from its first Read on.
type layer struct {
	src  *bufio.Reader
	open func(*bufio.Reader) (io.Reader, error)
	r    io.Reader
	err  error
}

func (l *layer) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	if l.r == nil {
		if _, err := l.src.Peek(1); err != nil {
			l.err = err // an empty body is empty, however it is encoded
			return 0, err
		}
		if l.r, l.err = l.open(l.src); l.err != nil {
			l.err = unexpected(l.err)
			return 0, l.err
		}
	}
	n, err := l.r.Read(p)
	if errors.Is(err, io.EOF) {
		if _, more := l.src.Peek(1); more == nil {
			err = ErrTrailing
		}
	}
	l.err = err
	return n, err
}

// unexpected turns the end of a body inside its header into what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// limiter holds a decoded body to its limits.
type limiter struct {
	r      io.Reader
	source *counter
	out    int64
	left   int64
	err    error
}

func (l *limiter) Read(p []byte) (int, error) {
	if l.err != nil || len(p) == 0 {
		return 0, l.err
	}
	// One byte more than is left tells a body at the limit from one over it.
	if int64(len(p)) > l.left {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), ErrTooLarge
	}
	l.left -= int64(n)
	l.out += int64(n)
	if l.out > ratioBytesFrom && l.out/ratioMax > l.source.n {
		err = ErrBomb
	}
	l.err = err
	return n, err
}
