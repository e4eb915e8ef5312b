package guard

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

var (
	errLeft       = errors.New("the client stopped reading")
	errBlocked    = errors.New("stopped by policy")
	errUnreadable = errors.New("the answer could not be decoded, and policy does not let it through unread")
	errUnmaskable = errors.New("the answer is compressed in a way that cannot be masked in the middle")
)

// stream reads an answer event by event. An event goes on when it is complete
// and nothing later can change what becomes of its text: byte for byte, or
// masked. It reports refused where policy does not let an answer through that
// cannot be read.
func (x *exchange) stream(resp *http.Response) (body io.ReadCloser, refused bool) {
	e := &eventReader{x: x, upstream: &source{ReadCloser: resp.Body}, flow: x.flow(policy.Response, "response.stream")}
	src, err := e.decoder(strings.Join(resp.Header.Values("Content-Encoding"), ","))
	if err != nil {
		refused = x.unscannable(policy.Response, "response.stream", "opaque", err.Error(), policy.Undecodable)
		return x.pass(resp.Body), refused
	}
	e.events = x.ep.Events(src)
	if e.flow.holds && resp.ContentLength >= 0 {
		// What is masked has another length.
		resp.ContentLength = -1
		resp.Header.Del("Content-Length")
	}
	e.body = x.ending(e, e.end)
	e.body.received = e.upstream.hash
	e.body.whole = func() bool { return e.final && len(e.pending) == 0 }
	return e.body, false
}

// decoder returns a reader of the events. It reads for us alone: the client gets
// what the upstream sent, and of a compressed stream that is changed the rest
// encoded anew, where the encoding can do that.
func (e *eventReader) decoder(encoding string) (io.Reader, error) {
	if encoding = withoutIdentity(encoding); encoding == "" {
		return e.upstream, nil
	}
	e.upstream.hash = sha256.New()
	splice, err := llm.NewSplice(encoding, e.upstream)
	if err == nil {
		e.splice = splice
		return splice, nil
	}
	e.raw = &tap{src: e.upstream}
	e.raw.decoder, err = llm.StreamDecoder(encoding, feeder{e.raw})
	return e.raw, err
}

// withoutIdentity leaves out of a list of encodings the name of none.
func withoutIdentity(encoding string) string {
	names := strings.Split(encoding, ",")
	names = slices.DeleteFunc(names, func(name string) bool {
		name = strings.TrimSpace(name)
		return name == "" || strings.EqualFold(name, "identity")
	})
	return strings.Join(names, ",")
}

// source remembers its own end, to tell the upstream's faults from a decoder's.
type source struct {
	io.ReadCloser
	hash hash.Hash // takes the sum, unless nil
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if s.hash != nil {
		s.hash.Write(p[:n])
	}
	if err != nil {
		s.err = err
	}
	return n, err
}

// eventReader is the body of a streamed answer.
type eventReader struct {
	x        *exchange
	body     *ending // what the client reads, around this
	upstream *source
	events   *llm.Events
	splice   *llm.Splice // where it is compressed and can be changed
	raw      *tap        // where it is compressed and cannot
	handed   int64       // bytes of the documents that were sent
	flow     *flow
	pending  []byte // to be read
	last     error  // from events; what waits goes out first
	err      error  // for the client, after pending
	unread   bool   // the rest could not be inspected, and goes on unread
	final    bool   // the last event by the provider's protocol has passed
}

// Read implements io.Reader.
func (e *eventReader) Read(p []byte) (int, error) {
	for len(e.pending) == 0 && e.err == nil {
		if e.unread {
			return e.upstream.Read(p)
		}
		e.advance()
	}
	if len(e.pending) > 0 {
		n := copy(p, e.pending)
		e.pending = e.pending[n:]
		return n, nil
	}
	return 0, e.err
}

// advance hands out a document that need not wait, or else takes in the next
// event.
func (e *eventReader) advance() {
	var doc *llm.Doc
	ok := e.x.contained(policy.Response, func() {
		if doc = e.flow.next(); doc == nil && e.last == nil {
			e.takeEvent()
		}
	})
	switch {
	case !ok:
		e.failed()
	case e.x.verdict.Action == policy.Block:
		e.stop()
	case doc != nil:
		e.send(doc)
	case e.last == nil || e.flow.waits():
	case e.last != io.EOF && e.upstream.err == nil: //nolint:errorlint // Next's contract
		e.undecodable()
	default:
		e.err = e.last
		if e.splice != nil && (e.last == io.EOF || !e.splice.Changed()) { //nolint:errorlint // Next's contract
			e.pending = e.splice.End()
		}
	}
	e.releaseRaw()
}

// releaseRaw hands out what the upstream sent as far as it decodes to what may
// go on. At the end of the stream that is all of it.
func (e *eventReader) releaseRaw() {
	switch {
	case e.raw == nil || e.unread && len(e.pending) > 0:
	case e.unread, e.err != nil && e.err == e.last: //nolint:errorlint // the very error
		e.pending = e.raw.all()
	case e.err == nil:
		e.pending = e.raw.release(e.handed)
	}
}

// takeEvent reads an event. At the end of the stream its texts end as well.
func (e *eventReader) takeEvent() {
	var doc *llm.Doc
	if doc, e.last = e.events.Next(); doc != nil {
		e.flow.take(doc)
	}
	if e.last != nil {
		e.flow.close() // what the provider's protocol has ended is closed already
	}
}

// send makes doc what the client reads next.
func (e *eventReader) send(doc *llm.Doc) {
	e.final = e.final || doc.Final()
	if e.raw != nil {
		if e.handed += int64(len(doc.Original())); doc.Changed() {
			e.body.cut()
			_ = e.upstream.Close() // the rest is not wanted
			e.err = errUnmaskable
		}
		return
	}
	var leaked bool
	if e.pending, leaked = e.x.g.cfg.Masked(doc.Bytes()); leaked && e.flow.once(labelOwnKey) {
		e.x.note(policy.Response, labelOwnKey)
		e.x.verdict.Action = max(e.x.verdict.Action, policy.Redact)
	}
	if e.splice == nil {
		e.body.note(doc.Original(), e.pending)
		return
	}
	if !doc.Changed() && !leaked {
		e.pending = e.splice.Pass(doc.Original())
		return
	}
	e.body.changed = true
	e.pending = e.splice.Replace(len(doc.Original()), e.pending)
}

// failed handles an inspection that panicked, as policy says.
func (e *eventReader) failed() {
	e.flow.cover("opaque", labelFailed)
	if e.x.policy.OnError() == policy.Block {
		e.stop()
		return
	}
	e.unread = true
	rest := e.flow.rest()
	switch {
	case e.splice != nil:
		e.goOnUnread()
	case e.raw == nil:
		e.pending = append(rest, e.events.Rest()...)
	}
}

// goOnUnread passes on what came of a compressed stream, and what comes. One
// that was changed cannot go on as it comes.
func (e *eventReader) goOnUnread() {
	if e.splice.Changed() {
		e.body.cut()
		_ = e.upstream.Close() // the rest is of no use
		e.err = errUnreadable
		return
	}
	e.pending = e.splice.End()
}

// undecodable handles a fault of the decoder's while the upstream is well: the
// answer is not what it says it is. Its bytes can go on.
func (e *eventReader) undecodable() {
	e.flow.noted[coveredKey] = true
	if e.x.unscannable(policy.Response, "response.stream", "opaque", "cannot be decoded", policy.Undecodable) {
		e.err = errUnreadable
		return
	}
	e.unread = true
	if e.splice != nil {
		e.goOnUnread()
	}
}

// stop ends the stream with the provider's kind of error event. What waits may
// hold what must not go out, and is dropped. Where the answer is compressed so
// that nothing can be put into it, it is cut, which clients notice.
func (e *eventReader) stop() {
	_ = e.upstream.Close() // the rest is not wanted
	e.body.cut()
	e.pending, e.err = e.x.blocked(policy.Response).Event(), io.EOF
	switch {
	case e.splice != nil:
		e.pending = append(e.splice.Replace(0, e.pending), e.splice.End()...)
	case e.raw != nil:
		e.pending, e.err = nil, errBlocked
	}
}

// end notes what was seen.
func (e *eventReader) end(err error) {
	switch ok := e.flow.finish(); {
	case !ok:
		e.flow.cover("opaque", labelFailed)
	case err == io.EOF || e.final: //nolint:errorlint // Read's contract
		e.flow.cover("scanned", "")
	default:
		e.flow.cover("skipped", "scanned as far as it came")
	}
}

// Close implements io.Closer.
func (e *eventReader) Close() error { return e.upstream.Close() }
