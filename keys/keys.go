// Package keys decides whose API key goes upstream: the server's, the
// client's, or whichever there is. It does not know what a body holds.
package keys

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
)

// MissingMessage is what a client is told, with status 401, when ModifyRequest
// returns ErrMissing.
const MissingMessage = "Missing Authorization header. In passthrough mode the client must supply Authorization: Bearer <your-api-key>."

var (
	// ErrMissing is returned for a request that would go upstream without any
	// credential. The client's answer is MissingMessage.
	ErrMissing = errors.New("the client sent no credential and the key mode adds none")

	// ErrNoKey is returned by New in Server mode without a key. Its text is
	// bound: people search for it.
	//lint:ignore ST1005 the text is the user's own, full stop included
	ErrNoKey = errors.New("OPENAI_API_KEY not set. Set it in your environment or switch to KEY_MODE=passthrough.")

	errBadKey = errors.New("OPENAI_API_KEY holds spaces, control characters or non-ASCII characters; set it to the key alone")
)

// Config says what a Custodian keeps.
type Config struct {
	Mode Mode
	// Key is the server's. Space around it, which secret files often end
	// with, is dropped. In Passthrough mode it is not even kept.
	Key Secret
	// Provider says whether the server's key may be put on r: for the
	// provider's hosts over https, and nothing else; and not where a web page
	// made r that has no business with it. It is needed where a key is used,
	// and must be safe for concurrent use.
	Provider func(r *http.Request) bool
}

// Custodian puts the right credential on requests. It is safe for concurrent
// use and never changes.
type Custodian struct {
	mode     Mode
	bearer   Secret // the Authorization value; zero where no server key is used
	key      Secret // the same without the scheme
	provider func(*http.Request) bool
}

// New returns a Custodian. It returns ErrNoKey in Server mode without a key,
// and panics if a key is to be used and cfg has no Provider.
func New(cfg Config) (*Custodian, error) {
	c := &Custodian{mode: cfg.Mode, provider: cfg.Provider}
	if cfg.Mode == Passthrough {
		return c, nil
	}
	key := strings.TrimSpace(cfg.Key.value())
	if key == "" {
		if cfg.Mode == Server {
			return nil, ErrNoKey
		}
		return c, nil
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errBadKey // net/http would refuse every request instead
	}
	if cfg.Provider == nil {
		panic("keys: Config needs Provider where a server key is used")
	}
	c.key, c.bearer = NewSecret(key), NewSecret("Bearer "+key)
	return c, nil
}

// Mode returns the mode that c was made with; its String is what records say.
func (c *Custodian) Mode() Mode { return c.mode }

// ModifyRequest puts the credential on r that goes upstream, or returns
// ErrMissing. It edits r.Header in place and nothing else, so r must be the
// caller's own; it belongs last before the wire, after hop-by-hop headers are
// gone. A key in the query string is no credential: it is left alone.
//
// Server mode removes the entry that holds the client's key from the WebSocket
// subprotocols. The provider then chooses among the others, so its 101 stays
// valid for the client, which offered them too. A client that offered its key
// alone gets a 101 without a subprotocol: none is invented for it.
func (c *Custodian) ModifyRequest(r *http.Request) error {
	mayUse := !c.bearer.IsZero() && c.provider(r)
	if c.mode == Server || mayUse {
		strip(r.Header)
		strip(r.Trailer)
		if mayUse {
			c.setKey(r)
		}
		return nil
	}
	if !present(r.Header) && !isPreflight(r) {
		return ErrMissing
	}
	return nil
}

// isPreflight recognises what a browser asks before a request across origins.
// It never carries a credential (Fetch standard, §3.2.5), and must not be
// refused for that.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// Masked returns b with the server's key replaced, and whether it was in there:
// a provider may send back what it was given. b is left as it is.
func (c *Custodian) Masked(b []byte) (masked []byte, found bool) {
	if c.key.IsZero() || !bytes.Contains(b, []byte(c.key.value())) {
		return b, false
	}
	return bytes.ReplaceAll(b, []byte(c.key.value()), []byte(redacted)), true
}

func (c *Custodian) setKey(r *http.Request) {
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header[authorization] = []string{c.bearer.value()}
}
