// Package guard composes finding text, inspecting it, deciding and recording
// around one exchange. It is the only place that knows all four, and it does
// not know connections: it is an http.RoundTripper around another.
package guard

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

const (
	bodyMaxDefault    = 32 << 20
	excerptMaxDefault = 200
)

// Config says what a Guard works with. Next, Engine, Policy and Recorder are
// needed.
type Config struct {
	// Next sends what may go on.
	Next http.RoundTripper
	// Engine finds threats in text.
	Engine *inspect.Engine
	// Policy returns the policy of the moment. An exchange asks once.
	Policy func() *policy.Policy
	// Recorder takes one record per exchange.
	Recorder audit.Recorder
	// Origin says how a request came in. Nil means that nothing is known.
	Origin func(*http.Request) Origin
	// Masked returns bytes without the server's own key, and whether it was in
	// them. No policy lets it out to a client. Nil means that there is none.
	Masked func([]byte) ([]byte, bool)
	// KeyMode is the word for the record.
	KeyMode string
	// BodyMax is how many bytes of one body are read for inspection, encoded
	// and decoded alike. Zero means 32 MiB.
	BodyMax int64
	// ExcerptMax is how many bytes of a prompt and of an answer are kept.
	// Zero means 200; negative means none.
	ExcerptMax int
	// Opinion is asked where the engine is not sure. Its zero value asks nobody.
	Opinion SecondOpinion
	// OnPanic is called after an inspection has panicked; policy says what
	// becomes of the exchange. It may be nil.
	OnPanic func()
	// Log takes what needs a person. Nil discards it.
	Log *slog.Logger
}

// Origin is how a request came in.
type Origin struct {
	Door   string // connect, absolute, local or transparent
	Client string // an address without a port
}

// Guard is the RoundTripper. It is safe for concurrent use.
type Guard struct {
	cfg   Config
	asked chan struct{} // one for each question under way
}

// New returns a Guard. It panics if a needed part of cfg is missing.
func New(cfg Config) *Guard {
	if cfg.Next == nil || cfg.Engine == nil || cfg.Policy == nil || cfg.Recorder == nil {
		panic("guard: Config needs Next, Engine, Policy and Recorder")
	}
	if cfg.Origin == nil {
		cfg.Origin = func(*http.Request) Origin { return Origin{} }
	}
	if cfg.Masked == nil {
		cfg.Masked = func(b []byte) ([]byte, bool) { return b, false }
	}
	if cfg.BodyMax == 0 {
		cfg.BodyMax = bodyMaxDefault
	}
	if cfg.ExcerptMax == 0 {
		cfg.ExcerptMax = excerptMaxDefault
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Opinion.init()
	return &Guard{cfg: cfg, asked: make(chan struct{}, cfg.Opinion.AtOnce)}
}

// RoundTrip implements http.RoundTripper. It answers with a response of its own
// where policy blocks, where no key can be used and where the upstream cannot
// be reached; it returns an error only when the client has left. Every exchange
// is recorded once: a whole answer when it is handed out, a streamed one when
// its body ends or is closed.
func (g *Guard) RoundTrip(r *http.Request) (*http.Response, error) {
	x := g.begin(r)
	defer x.ownPanic()
	if refused := x.request(); refused != nil {
		return x.refuse(refused), nil
	}
	resp, err := g.cfg.Next.RoundTrip(x.out)
	x.rec.FirstByteMS = time.Since(x.rec.Time).Milliseconds()
	if err != nil {
		return x.failed(err)
	}
	return x.response(resp), nil
}

// newID returns a UUIDv7 (RFC 9562 §5.7), so that ids sort by time.
func newID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails (crypto/rand)
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
