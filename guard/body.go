package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"sync"

	"github.com/infershield/infershield/policy"
)

// sums collects what is learnt of a request body that is read by the
// Transport's own goroutine, which may outlive the answer.
type sums struct {
	mu  sync.Mutex
	sum string
	n   int64
	set bool
}

func (s *sums) request(sum string, n int64) {
	s.mu.Lock()
	s.sum, s.n, s.set = sum, n, true
	s.mu.Unlock()
}

// settle moves them into the record. Where the body was not read to its end
// the record's sums stay empty.
func (s *sums) settle(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set {
		x.rec.RequestBytes = s.n
		x.rec.BodySHA256.RequestIn, x.rec.BodySHA256.RequestOut = s.sum, s.sum
	}
}

// summed takes the SHA-256 of a body as it is read, and tells it at its end.
type summed struct {
	io.ReadCloser
	hash hash.Hash
	n    int64
	done func(sum string, n int64) // sum is empty where the end was not reached
}

func (b *summed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.take(p[:n])
	if err == io.EOF && b.done != nil { //nolint:errorlint // Read's contract
		b.done(hex.EncodeToString(b.hash.Sum(nil)), b.n)
		b.done = nil
	}
	return n, err
}

func (b *summed) take(p []byte) {
	if b.hash == nil {
		b.hash = sha256.New()
	}
	b.hash.Write(p)
	b.n += int64(len(p))
}

// ending is an answer's body as the client gets it. The exchange ends with it:
// at its end, at its failure, or when the client stops reading.
type ending struct {
	summed
	x    *exchange
	once sync.Once
	end  func(err error) // what is left to do, before the record is finished
	// whole says, where the end was not reached, whether all that matters has
	// passed; nil means no. Clients that know the protocol stop there.
	whole func() bool
	// changed says that what the client gets is not what the upstream sent, of
	// which received, unless nil, has taken the sum so far.
	changed  bool
	received hash.Hash
}

// note takes the sum of what the upstream sent, where that differs from what
// the client gets: out, which it has not begun to read.
func (b *ending) note(sent, out []byte) {
	if b.received == nil && !b.changed && !bytes.Equal(sent, out) {
		// Up to here both have been the same.
		if c, err := b.hash.(hash.Cloner).Clone(); err == nil { // SHA-256's never fails
			b.received, b.changed = c, true
		}
	}
	if b.received != nil {
		b.received.Write(sent)
	}
}

// cut says that the rest of what the upstream sends is not wanted.
func (b *ending) cut() { b.received, b.changed = nil, true }

// pass hands a body on unread.
func (x *exchange) pass(body io.ReadCloser) io.ReadCloser { return x.ending(body, nil) }

func (x *exchange) ending(body io.ReadCloser, end func(error)) *ending {
	e := &ending{summed: summed{ReadCloser: body}, x: x, end: end}
	e.hash = sha256.New()
	return e
}

func (b *ending) Read(p []byte) (int, error) {
	n, err := b.summed.Read(p)
	if err != nil {
		b.finish(err)
	}
	return n, err
}

func (b *ending) Close() error {
	b.finish(errLeft)
	return b.summed.Close()
}

func (b *ending) finish(err error) {
	b.once.Do(func() {
		x := b.x
		x.sums.settle(x)
		x.rec.ResponseBytes = b.n
		switch {
		case err == io.EOF, b.whole != nil && b.whole(): //nolint:errorlint // Read's contract
			x.rec.BodySHA256.ResponseOut = hex.EncodeToString(b.hash.Sum(nil))
			switch {
			case !b.changed:
				x.rec.BodySHA256.ResponseIn = x.rec.BodySHA256.ResponseOut
			case b.received != nil:
				x.rec.BodySHA256.ResponseIn = hex.EncodeToString(b.received.Sum(nil))
			}
		case x.out.Context().Err() != nil || err == errLeft: //nolint:errorlint // our own value
			x.rec.Error = "the client left during the answer"
		case errors.Is(err, errUnreadable), errors.Is(err, errUnmaskable), errors.Is(err, errBlocked):
			x.rec.Error = err.Error() // we cut it, not the upstream
		default:
			x.rec.Error = "the upstream cut the answer"
		}
		if b.end != nil {
			b.end(err)
		}
		x.finish()
	})
}

// trail inspects a body after it has passed. Nothing is held back, because
// policy would not act on what is found.
func (x *exchange) trail(resp *http.Response) io.ReadCloser {
	t := &trailing{limit: int(x.g.cfg.BodyMax)}
	e := x.ending(resp.Body, func(error) {
		if t.over {
			x.unscannable(policy.Response, "response.body", "skipped", "over the size limit", policy.TooLarge)
			return
		}
		x.inspectResponse(t.buf.Bytes(), resp.Header)
	})
	e.ReadCloser = &teeBody{ReadCloser: resp.Body, w: t}
	return e
}

// trailing keeps what passes, up to a limit.
type trailing struct {
	buf   bytes.Buffer
	limit int
	over  bool
}

func (t *trailing) Write(p []byte) (int, error) {
	if t.over = t.over || t.buf.Len()+len(p) > t.limit; t.over {
		t.buf = bytes.Buffer{}
		return len(p), nil
	}
	return t.buf.Write(p)
}

type teeBody struct {
	io.ReadCloser
	w io.Writer
}

func (b *teeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.w.Write(p[:n]) // memory does not fail
	return n, err
}

// inMemory is a body that tells its end with its last bytes, so that the relay
// need not flush before it knows that nothing follows.
type inMemory struct{ rest []byte }

func newBody(b []byte) io.ReadCloser { return io.NopCloser(&inMemory{b}) }

func (b *inMemory) Read(p []byte) (int, error) {
	n := copy(p, b.rest)
	if b.rest = b.rest[n:]; len(b.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// prefixed is rest with what was already read of it before it.
func prefixed(read []byte, rest io.ReadCloser) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), rest), rest}
}

// failing is a body that was cut.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
