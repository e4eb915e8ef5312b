package guard

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

var (
	errLeft       = errors.New("the client stopped reading")
	errBlocked    = errors.New("stopped by policy")
	errUnreadable = errors.New("the answer could not be decoded, and policy does not let it through unread")
	errNoHalf     = errors.New("the connection has no half to close")
)

// streamsMax bounds the running texts of one answer. The provider's own bound
// on choices and tool calls is lower.
const streamsMax = 512

// stream reads an answer event by event. An event goes on, byte for byte, when
// it is complete and its text was inspected. It reports refused where policy
// does not let an answer through that cannot be read.
func (x *exchange) stream(resp *http.Response) (body io.ReadCloser, refused bool) {
	e := &eventReader{x: x, upstream: &source{ReadCloser: resp.Body}, texts: make(map[string]*text), noted: make(map[string]bool)}
	encoding := strings.Join(resp.Header.Values("Content-Encoding"), ",")
	var src io.Reader = e.upstream
	if encoding != "" {
		// The decoder reads for us alone; the client gets what the upstream
		// sent, as far as it has been read.
		e.raw = new(bytes.Buffer)
		dec, err := llm.StreamDecoder(encoding, io.TeeReader(e.upstream, e.raw))
		if err != nil {
			refused = x.unscannable(policy.Response, "response.stream", "opaque", err.Error(), policy.Undecodable)
			return x.pass(resp.Body), refused
		}
		src = dec
	}
	e.events = x.ep.Events(src)
	e.body = x.ending(e, func(err error) { e.end(err) })
	e.body.whole = func() bool { return e.final && len(e.pending) == 0 }
	return e.body, false
}

// source remembers its own end, to tell the upstream's faults from a decoder's.
type source struct {
	io.ReadCloser
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
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
	raw      *bytes.Buffer // what the upstream sent, where it is compressed
	pending  []byte
	err      error
	texts    map[string]*text
	order    []string
	noted    map[string]bool // what is noted once a stream
	unread   bool            // the rest could not be inspected, and goes on unread
	ended    bool            // nothing more can be done about it
	final    bool            // the last event by the provider's protocol has passed
}

// text is one running text of a stream.
type text struct {
	name   string // for the record
	role   llm.Role
	stream *inspect.Stream
	head   []byte // for the excerpt
	found  []inspect.Finding
}

// Read implements io.Reader.
func (e *eventReader) Read(p []byte) (int, error) {
	for len(e.pending) == 0 && e.err == nil {
		if e.unread {
			return e.upstream.Read(p)
		}
		e.next()
	}
	if len(e.pending) > 0 {
		n := copy(p, e.pending)
		e.pending = e.pending[n:]
		return n, nil
	}
	return 0, e.err
}

// next reads one event.
func (e *eventReader) next() {
	var doc *llm.Doc
	var err error
	ok := e.x.contained(policy.Response, func() {
		if doc, err = e.events.Next(); doc != nil {
			e.take(doc)
		}
	})
	switch {
	case e.err != nil: // stopped by a verdict
		return
	case !ok && e.x.policy.OnError() == policy.Block:
		e.cover("opaque", labelFailed)
		e.stop()
		return
	case !ok:
		e.cover("opaque", labelFailed)
		e.unread = true
	case err != nil && err != io.EOF && e.upstream.err == nil: //nolint:errorlint // Next's contract
		e.undecodable()
		if e.err != nil {
			return
		}
	default:
		e.err = err
	}
	if doc != nil {
		var leaked bool
		if e.pending, leaked = e.x.g.cfg.Masked(doc.Bytes()); leaked {
			e.body.changed = true
			if e.once(labelOwnKey) {
				e.x.note(policy.Response, labelOwnKey)
				e.x.verdict.Action = max(e.x.verdict.Action, policy.Redact)
			}
		}
		e.final = e.final || doc.Final()
		e.x.rec.HeldBytesMax = max(e.x.rec.HeldBytesMax, int64(len(e.pending)))
	}
	if e.raw != nil {
		e.pending = bytes.Clone(e.raw.Bytes())
		e.raw.Reset()
	}
}

// undecodable handles a fault of the decoder's while the upstream is well: the
// answer is not what it says it is. Its bytes can go on.
func (e *eventReader) undecodable() {
	e.noted[coveredKey] = true
	if e.x.unscannable(policy.Response, "response.stream", "opaque", "cannot be decoded", policy.Undecodable) {
		e.err = errUnreadable
		return
	}
	e.unread = true
}

// stop ends the stream with the provider's kind of error event. Where the answer
// is compressed nothing can be put into it, so it is cut, which clients notice.
func (e *eventReader) stop() {
	_ = e.upstream.Close() // the rest is not wanted
	e.body.changed = true
	e.pending, e.err = e.x.blocked(policy.Response).Event(), io.EOF
	if e.raw != nil {
		e.pending, e.err = nil, errBlocked
	}
}

// take inspects one event's texts.
func (e *eventReader) take(doc *llm.Doc) {
	start := time.Now()
	defer func() { e.x.rec.InspectUS += time.Since(start).Microseconds() }()
	for _, problem := range doc.Problems() {
		if e.once("problem " + problem) {
			e.x.noteProblem(policy.Response, problem)
		}
	}
	for _, s := range doc.Skipped() {
		if e.once("skip " + s.Reason) {
			e.x.cover("response.stream#"+e.x.withoutSecretNames(s.Path), "skipped", s.Reason)
		}
	}
	segments := doc.Segments()
	for i := range segments {
		seg := &segments[i]
		if seg.Text == "" || seg.Known {
			continue
		}
		t := e.running(seg)
		if t == nil {
			found := e.x.g.cfg.Engine.Scan(e.x.source(seg, policy.Response), seg.Text)
			if len(found) > 0 {
				e.judge(seg.Role, e.x.plainPath(doc, i, found), found)
			}
			continue
		}
		t.keep(seg.Text)
		found, _ := t.stream.Write(seg.Text)
		t.remember(found)
		e.judge(seg.Role, t.name, found)
	}
}

// once reports whether name is noted for the first time.
func (e *eventReader) once(name string) bool {
	first := !e.noted[name]
	e.noted[name] = true
	return first
}

// coveredKey marks that the stream's own coverage has been noted.
const coveredKey = "covered"

func (e *eventReader) cover(state, reason string) {
	if e.once(coveredKey) {
		e.x.cover("response.stream", state, reason)
	}
}

// running returns the text that seg continues, or nil where it stands alone.
func (e *eventReader) running(seg *llm.Segment) *text {
	if seg.Stream == "" {
		return nil
	}
	t, ok := e.texts[seg.Stream]
	if ok {
		return t
	}
	if len(e.texts) >= streamsMax {
		if e.once("streams") {
			e.x.cover("response.stream#more", "skipped", "too many running texts; each piece was scanned by itself")
		}
		return nil
	}
	name := strings.Clone(seg.Stream)
	t = &text{name: e.x.plain(name), role: seg.Role, stream: e.x.g.cfg.Engine.Stream(e.x.source(seg, policy.Response))}
	e.texts[name] = t
	e.order = append(e.order, name)
	return t
}

// keep remembers the beginning of a text for the excerpt. It keeps more than
// the excerpt holds, since masking comes before cutting.
func (t *text) keep(s string) {
	const headMax = 2 << 10
	if room := headMax - len(t.head); room > 0 {
		t.head = append(t.head, s[:min(room, len(s))]...)
	}
}

// remember keeps the findings that an excerpt must mask.
func (t *text) remember(found []inspect.Finding) {
	const foundMax = 64
	if room := foundMax - len(t.found); room > 0 {
		t.found = append(t.found, found[:min(room, len(found))]...)
	}
}

// judge decides about findings in a stream. A block stops it. What would be
// masked has passed, or is about to: it is recorded.
func (e *eventReader) judge(role llm.Role, path string, found []inspect.Finding) {
	if len(found) == 0 {
		return
	}
	x := e.x
	s := x.subject
	s.Direction, s.Role, s.Stream = policy.Response, sourceOf(role, policy.Response).Role, true
	v := x.policy.Decide(s, found)
	v.Action = actable(v.Action)
	x.verdict = x.verdict.Join(v)
	x.keepFindings(s, path, found)
	if v.Action == policy.Block && e.err == nil && !e.ended {
		e.stop()
	}
}

// actable is a for text that can be refused, but not changed.
func actable(a policy.Action) policy.Action {
	if a == policy.Redact {
		return policy.Allow
	}
	return a
}

// end closes the running texts and notes what was seen.
func (e *eventReader) end(err error) {
	action := e.x.verdict.Action
	e.ended = true
	ok := e.x.contained(policy.Response, e.closeTexts)
	e.x.verdict.Action = action // all has passed; what was found now is recorded
	switch {
	case !ok:
		e.cover("opaque", labelFailed)
	case err == io.EOF || e.final: //nolint:errorlint // Read's contract
		e.cover("scanned", "")
	default:
		e.cover("skipped", "scanned as far as it came")
	}
}

func (e *eventReader) closeTexts() {
	longest := -1
	for i, name := range e.order {
		t := e.texts[name]
		found := t.stream.Close()
		t.remember(found)
		e.judge(t.role, t.name, found)
		if longest < 0 || len(t.head) > len(e.texts[e.order[longest]].head) {
			longest = i
		}
	}
	if longest >= 0 {
		t := e.texts[e.order[longest]]
		e.x.excerpt(policy.Response, &llm.Segment{Role: t.role, Text: string(t.head)}, t.found)
	}
}

// Close implements io.Closer.
func (e *eventReader) Close() error { return e.upstream.Close() }
