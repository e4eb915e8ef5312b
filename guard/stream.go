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
	errLeft   = errors.New("the client stopped reading")
	errNoHalf = errors.New("the connection has no half to close")
)

// streamsMax bounds the running texts of one answer. The provider's own bound
// on choices and tool calls is lower.
const streamsMax = 512

// stream reads an answer event by event. An event goes on, byte for byte, when
// it is complete and its text was inspected.
func (x *exchange) stream(resp *http.Response) io.ReadCloser {
	e := &eventReader{x: x, upstream: resp.Body, texts: make(map[string]*text)}
	encoding := strings.Join(resp.Header.Values("Content-Encoding"), ",")
	var src io.Reader = resp.Body
	if encoding != "" {
		// The decoder reads for us alone; the client gets what the upstream
		// sent, as far as it has been read.
		e.raw = new(bytes.Buffer)
		dec, err := llm.Decoder(encoding, io.TeeReader(resp.Body, e.raw), x.g.cfg.BodyMax)
		if err != nil {
			x.unscannable(policy.Response, "response.stream", "opaque", err.Error(), policy.Undecodable)
			return x.pass(resp.Body)
		}
		src = dec
	}
	e.events = x.ep.Events(src)
	body := x.ending(e, func(error) { e.end() })
	body.whole = func() bool { return e.final && len(e.pending) == 0 }
	return body
}

// eventReader is the body of a streamed answer.
type eventReader struct {
	x        *exchange
	upstream io.ReadCloser
	events   *llm.Events
	raw      *bytes.Buffer // what the upstream sent, where it is compressed
	pending  []byte
	err      error
	texts    map[string]*text
	order    []string
	failed   bool
	final    bool // the stream's last event by the provider's protocol has passed
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
	doc, err := e.events.Next()
	if doc != nil {
		if !e.failed {
			e.failed = !e.x.contained(policy.Response, func() { e.take(doc) })
		}
		e.pending = doc.Bytes()
		e.final = e.final || doc.Final()
	}
	e.err = err
	if e.raw != nil {
		e.pending = bytes.Clone(e.raw.Bytes())
		e.raw.Reset()
	}
}

// take inspects one event's texts.
func (e *eventReader) take(doc *llm.Doc) {
	start := time.Now()
	defer func() { e.x.rec.InspectUS += time.Since(start).Microseconds() }()
	segments := doc.Segments()
	for i := range segments {
		seg := &segments[i]
		if seg.Text == "" || seg.Known {
			continue
		}
		t := e.running(seg)
		if t == nil {
			found := e.x.g.cfg.Engine.Scan(sourceOf(seg.Role, policy.Response), seg.Text)
			if len(found) > 0 {
				e.judge(seg.Role, e.x.plainPath(doc, i, found), found)
			}
			continue
		}
		t.keep(seg.Text)
		found, _ := t.stream.Write(seg.Text)
		t.found = append(t.found, found...)
		e.judge(seg.Role, t.name, found)
	}
}

// running returns the text that seg continues, or nil where it stands alone.
func (e *eventReader) running(seg *llm.Segment) *text {
	if seg.Stream == "" {
		return nil
	}
	t, ok := e.texts[seg.Stream]
	if ok || len(e.texts) >= streamsMax {
		return t
	}
	name := strings.Clone(seg.Stream)
	t = &text{name: e.x.plain(name), role: seg.Role, stream: e.x.g.cfg.Engine.Stream(sourceOf(seg.Role, policy.Response))}
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

// judge decides about findings in a stream, which is past changing.
func (e *eventReader) judge(role llm.Role, path string, found []inspect.Finding) {
	if len(found) == 0 {
		return
	}
	x := e.x
	s := x.subject
	s.Direction, s.Role, s.Stream = policy.Response, sourceOf(role, policy.Response).Role, true
	v := x.policy.Decide(s, found)
	v.Action = policy.Allow // recorded; acting on a stream under way is not done here
	action := x.verdict.Action
	x.verdict = x.verdict.Join(v)
	x.verdict.Action = action
	x.keepFindings(s, path, found)
}

// end closes the running texts and notes what was seen.
func (e *eventReader) end() {
	x := e.x
	if !e.failed {
		e.failed = !x.contained(policy.Response, e.closeTexts)
	}
	if e.failed {
		x.cover("response.stream", "opaque", labelFailed)
		return
	}
	x.cover("response.stream", "scanned", "")
}

func (e *eventReader) closeTexts() {
	longest := -1
	for i, name := range e.order {
		t := e.texts[name]
		found := t.stream.Close()
		t.found = append(t.found, found...)
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
