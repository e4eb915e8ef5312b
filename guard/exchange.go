package guard

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/keys"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

const unknownAgent = "unknown-agent"

// exchange is one request and its answer, on the way to becoming a record.
// Until the answer's body is handed out it belongs to RoundTrip's goroutine,
// after that to whoever reads the body.
type exchange struct {
	g       *Guard
	policy  *policy.Policy
	out     *http.Request // our own copy
	ep      llm.Endpoint
	subject policy.Subject
	rec     audit.Record
	verdict policy.Verdict
	sums    sums
	memory  memory
	asking  asking
	// secretNames are member names in which something private was found.
	secretNames []string
	once        sync.Once

	// What was decided of the answer alone.
	responseMasked, responseBlocked bool
}

// begin starts the record and makes the request that may be edited.
func (g *Guard) begin(r *http.Request) *exchange {
	now := time.Now()
	ep, _ := llm.Match(r)
	origin := g.cfg.Origin(r)
	x := &exchange{g: g, policy: g.cfg.Policy(), ep: ep, out: r.WithContext(r.Context())}
	agent, session := r.Header.Get("X-Agent-Id"), r.Header.Get("X-Session-Id")
	if r.Header["X-Agent-Id"] != nil || r.Header["X-Session-Id"] != nil {
		x.ownHeader()
		x.out.Header.Del("X-Agent-Id")
		x.out.Header.Del("X-Session-Id")
	}
	if agent == "" {
		agent = unknownAgent
	}
	x.rec = audit.Record{
		ID: newID(now), Time: now, Door: origin.Door, Client: origin.Client,
		Agent: x.plain(agent), Session: x.plain(session),
		Host: r.URL.Hostname(), Method: x.plain(r.Method), Path: x.plain(r.URL.Path),
		Endpoint: ep.Name(), KeyMode: g.cfg.KeyMode,
		Mode: string(x.policy.Mode()), PolicyVersion: x.policy.Version(),
	}
	x.subject = policy.Subject{Host: x.rec.Host, Endpoint: x.rec.Endpoint, Agent: x.rec.Agent}
	return x
}

// ownHeader makes the header ours to edit. Most requests need no edit here.
func (x *exchange) ownHeader() { x.out.Header = x.out.Header.Clone() }

// refuse ends the exchange with an answer of our own.
func (x *exchange) refuse(e *llm.Error) *http.Response {
	e.RequestID = x.rec.ID
	if x.out.Body != nil {
		_ = x.out.Body.Close() // RoundTripper's contract: on every path
	}
	resp := e.Response(x.out)
	if x.verdict.Action == policy.Block {
		// What left is our own answer, and of a blocked request nothing did.
		x.rec.BodySHA256.ResponseOut = digest(e.Body())
		if x.rec.BodySHA256.ResponseIn == "" {
			x.rec.BodySHA256.RequestOut = ""
		}
	}
	x.rec.Status = resp.StatusCode
	x.rec.FirstByteMS = time.Since(x.rec.Time).Milliseconds()
	x.finish()
	return resp
}

// failed turns an error of the upstream, or of what stands before it, into the
// client's answer.
func (x *exchange) failed(err error) (*http.Response, error) {
	if errors.Is(err, keys.ErrMissing) {
		x.rec.Error = "no credential"
		return x.refuse(llm.Unauthorized()), nil
	}
	if x.out.Context().Err() != nil {
		x.rec.Error = "the client left before the answer"
		x.finish()
		return nil, err
	}
	code, reason := upstreamFault(err, x.rec.Host)
	x.rec.Error = code
	x.g.cfg.Log.Warn("upstream not reached", "id", x.rec.ID, "host", x.rec.Host, "code", code, "reason", reason)
	return x.refuse(llm.Upstream(reason, code)), nil
}

// upstreamFault names what went wrong and says what to do about it.
func upstreamFault(err error, host string) (code, reason string) {
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var ne net.Error
	switch {
	case errors.As(err, &cert):
		return "upstream_certificate", "InferShield does not trust the certificate of " + host + ": " + cert.Err.Error() +
			". If a private authority signed it, name its PEM file with --upstream-ca."
	case errors.As(err, &dns):
		return "upstream_name", "InferShield found no address for " + host + ". Check the name and this machine's DNS."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return "upstream_timeout", host + " did not answer in time."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "upstream_closed", host + " closed the connection before it answered."
	}
	if cause := systemCause(err); cause != "" {
		return "upstream_unreachable", "InferShield cannot reach " + host + ": " + cause + "."
	}
	// The text of other errors can quote what the upstream sent, and an upstream
	// may send back the key that it was given.
	return "upstream_malformed", host + " sent an answer that is not HTTP."
}

// systemCause is the operating system's word for what went wrong, if it was the
// one to say so.
func systemCause(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return op.Err.Error()
	}
	return ""
}

// blocked is the answer for what policy refuses.
func (x *exchange) blocked(d policy.Direction) *llm.Error {
	return llm.Blocked(d.String(), x.verdict.Risk, x.verdict.Labels, x.rec.ID)
}

// finish completes the record and hands it over, once.
func (x *exchange) finish() {
	x.once.Do(func() {
		rec := &x.rec
		x.coverRest()
		rec.Action = x.verdict.Action.String()
		rec.Risk = x.verdict.Risk
		rec.Labels = x.verdict.Labels
		rec.Severity = policy.Severity(rec.Risk)
		rec.DurationMS = time.Since(rec.Time).Milliseconds()
		x.g.cfg.Recorder.Record(*rec)
	})
}

// ownPanic lets a panic pass, but not the record.
func (x *exchange) ownPanic() {
	if v := recover(); v != nil {
		x.rec.Error = "internal error"
		x.finish()
		panic(v)
	}
}

// plain makes a short value of the client's fit for a record: without secrets
// and bounded.
func (x *exchange) plain(s string) (fit string) {
	const plainMax = 256
	if s == "" {
		return ""
	}
	defer func() {
		if recover() != nil { // what cannot be inspected is not kept
			fit = "[not inspected]"
		}
	}()
	s = x.withoutOwnKey(s)
	found := x.g.cfg.Engine.Scan(inspect.Source{}, s)
	if len(found) == 0 && len(s) <= plainMax {
		return s
	}
	return x.policy.Excerpt(s, policy.Subject{}, found, plainMax)
}

// withoutOwnKey is s without the server's key.
func (x *exchange) withoutOwnKey(s string) string {
	if masked, found := x.g.cfg.Masked([]byte(s)); found {
		return string(masked)
	}
	return s
}

// cover notes whether a surface was inspected. Parts of surfaces, which have a #
// in their names, may be too many to list; the surfaces themselves are few.
func (x *exchange) cover(surface, state, reason string) {
	const partsMax = 56
	c := audit.Coverage{Surface: surface, State: state, Reason: reason}
	if len(x.rec.Coverage) >= partsMax && strings.Contains(surface, "#") {
		c = audit.Coverage{Surface: "more#parts", State: "skipped", Reason: "the list is full"}
		if slices.Contains(x.rec.Coverage, c) {
			return
		}
	}
	x.rec.Coverage = append(x.rec.Coverage, c)
}

// surfaces are what every exchange has. A streamed answer, or a WebSocket, is an
// answer's body.
var surfaces = [...]struct{ name, also, orElse string }{
	{name: "request.headers"}, {name: "request.url"},
	{name: "request.body", also: "websocket.request"},
	{name: "response.headers"},
	{name: "response.body", also: "response.stream", orElse: "websocket.response"},
}

// notReached is why a surface was not inspected that nothing came of.
const notReached = "the exchange ended before it"

// coverRest notes the surfaces that the exchange did not come to.
func (x *exchange) coverRest() {
	for _, s := range surfaces {
		if !slices.ContainsFunc(x.rec.Coverage, func(c audit.Coverage) bool {
			return c.Surface == s.name || s.also != "" && c.Surface == s.also || s.orElse != "" && c.Surface == s.orElse
		}) {
			x.cover(s.name, "skipped", notReached)
		}
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
