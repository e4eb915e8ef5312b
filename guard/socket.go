package guard

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// closeNormal is the close code of a conversation that is over (RFC 6455
// §7.4.1).
const closeNormal = 1000

// socket is an upgraded connection, between the client and the upstream: Write
// takes what the client sends, Read gives what it gets. Each direction is cut
// into messages and inspected as it passes.
type socket struct {
	io.ReadWriteCloser // the upstream
	x                  *exchange
	messages           *llm.Messages

	// sending is held while bytes go upstream, so that each frame goes whole
	// and in its turn. It is taken before mu.
	sending sync.Mutex
	room    []byte // Read's

	mu       sync.Mutex // guards what follows, and x
	up, down half
	toClient []byte // to be read
	told     []byte // frames of our own that follow it
	blocked  bool   // by us: what still comes is dropped
	broken   bool   // because a peer broke the protocol
	err      error  // the upstream's end
	once     sync.Once
}

// socket wraps the upstream's end of an upgraded connection. It reports refused
// where policy does not let one through that cannot be read.
func (x *exchange) socket(resp *http.Response) (body io.ReadCloser, refused bool) {
	rwc := resp.Body.(io.ReadWriteCloser) // http.Transport's promise for a 101
	s := &socket{ReadWriteCloser: rwc, x: x, messages: x.ep.Messages()}
	s.up = x.half(policy.Request, s.messages.Client)
	s.down = x.half(policy.Response, s.messages.Server)
	x.rec.Stream = true
	x.asks(x.out.URL.Query().Get("model")) // Realtime's
	fromClient, fromServer, err := llm.Extensions(resp.Header)
	switch {
	case x.policy.Mode() == policy.ModeOff:
		s.up.flow.cover("skipped", "mode off")
		s.down.flow.cover("skipped", "mode off")
	case err != nil:
		s.up.flow.cover("opaque", err.Error())
		s.down.flow.noted[coveredKey] = true
		return s, x.unscannable(policy.Response, s.down.flow.surface, "opaque", err.Error(), policy.Undecodable)
	default:
		limit := int(x.g.cfg.BodyMax)
		s.up.frames = llm.NewFrames(llm.FramesConfig{FromClient: true, Deflate: fromClient, MessageBytesMax: limit})
		s.down.frames = llm.NewFrames(llm.FramesConfig{Deflate: fromServer, MessageBytesMax: limit})
	}
	return s, false
}

// asks notes the model that the client asks for, unless name is empty: each
// message may ask for another.
func (x *exchange) asks(name string) {
	if name != "" {
		x.rec.Model = x.plain(name)
		x.subject.Model = x.rec.Model
	}
}

// Write implements io.Writer for what the client sends. It takes all, and passes
// on what policy lets through.
func (s *socket) Write(p []byte) (int, error) {
	if err := s.send(func() []byte { return s.take(&s.up, p) }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// send passes on what next makes of what the client sends.
func (s *socket) send(next func() []byte) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	before := s.blocked
	out := next()
	stopped := s.blocked && !before
	s.mu.Unlock()
	if stopped {
		s.hangUp(out)
		return nil
	}
	if len(out) == 0 {
		return nil
	}
	_, err := s.ReadWriteCloser.Write(out)
	return err
}

// Read implements io.Reader for what the client gets.
func (s *socket) Read(p []byte) (int, error) {
	for {
		s.mu.Lock()
		if len(s.toClient) == 0 {
			s.toClient, s.told = s.told, nil
		}
		if len(s.toClient) > 0 {
			n := copy(p, s.toClient)
			s.toClient = s.toClient[n:]
			s.mu.Unlock()
			return n, nil
		}
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return 0, err
		}
		s.receive()
	}
}

// receive takes in what the upstream sends next.
func (s *socket) receive() {
	const roomBytes = 32 << 10
	if s.room == nil {
		s.room = make([]byte, roomBytes)
	}
	n, err := s.ReadWriteCloser.Read(s.room)
	s.mu.Lock()
	before := s.blocked
	s.toClient = append(s.toClient, s.take(&s.down, s.room[:n])...)
	if err != nil && !s.blocked {
		s.toClient = append(s.toClient, s.last(&s.down)...)
	}
	stopped := s.blocked && !before
	switch {
	case s.blocked:
		s.err = io.EOF
	case err != nil:
		s.err = err
	}
	s.mu.Unlock()
	if stopped && s.sending.TryLock() {
		s.hangUp(nil)
		s.sending.Unlock()
	} else if stopped {
		_ = s.ReadWriteCloser.Close() // ends the Write under way
	}
}

// take takes in the next bytes of a direction and returns what of it goes on.
func (s *socket) take(h *half, p []byte) (out []byte) {
	h.in.add(p)
	switch {
	case s.blocked:
		return nil
	case h.frames == nil:
		out = p
	default:
		out = s.attempt(h, func() { s.inspect(h, p) })
	}
	h.out.add(out)
	return out
}

// attempt runs an inspection and returns what may go on: what was ready before
// the inspection failed as well.
func (s *socket) attempt(h *half, inspection func()) (out []byte) {
	ok := s.x.contained(h.d, inspection)
	out, h.ready = h.ready, nil
	switch {
	case ok:
		return out
	case s.x.policy.OnError() == policy.Block:
		s.block(h.d)
		return out
	}
	return append(out, h.unread()...)
}

// inspect cuts p into messages and makes those ready that may go on.
func (s *socket) inspect(h *half, p []byte) {
	h.frames.Write(p)
	for !s.blocked {
		m, err := h.frames.Next()
		switch {
		case err != nil && s.x.policy.Mode() == policy.ModeWarn:
			h.flow.cover("opaque", err.Error())
			h.ready = append(h.ready, h.unread()...) // we only look on
			return
		case err != nil:
			s.fail(h, err)
			return
		case m == nil:
			return
		}
		s.message(h, m)
	}
}

// message puts m behind those that wait, and makes ready what may go on.
func (s *socket) message(h *half, m *llm.Message) {
	switch {
	case m.Kind == llm.CloseMessage:
		h.flow.close()
		if h.drain(s); !s.blocked {
			h.ready = append(h.ready, m.Raw...)
		}
		return
	case m.Kind != llm.TextMessage && m.Kind != llm.BinaryMessage:
		h.ready = append(h.ready, m.Raw...) // pings and pongs overtake messages as they please
		return
	case s.refuses(h, m):
		s.block(h.d)
		return
	}
	h.queue = append(h.queue, queued{message: m}) // first, so that no panic loses it
	if m.Kind == llm.TextMessage && m.Opaque == "" {
		q := &h.queue[len(h.queue)-1]
		q.doc = h.read(m.Payload)
		if h.d == policy.Request {
			s.x.asks(q.doc.Model())
		}
		h.flow.take(q.doc)
	} else {
		h.flow.bytes += len(m.Raw) // it waits behind documents, and counts as they do
	}
	h.drain(s)
}

// refuses notes a message that cannot be read, each reason once, and reports
// whether policy refuses it.
func (s *socket) refuses(h *half, m *llm.Message) bool {
	reason, part, why := policy.TooLarge, m.Opaque, m.Opaque
	if why == "" && m.Kind == llm.BinaryMessage {
		reason, part, why = policy.Opaque, string(policy.Opaque), "binary messages"
	}
	return why != "" && h.flow.once(why) && s.x.unscannable(h.d, h.flow.surface+"#"+part, "opaque", why, reason)
}

// fail ends a connection whose one side does not keep to the protocol: nothing
// after that can be read, nor passed on.
func (s *socket) fail(h *half, err error) {
	code := llm.CloseProtocol
	if fault := (*llm.FrameError)(nil); errors.As(err, &fault) {
		code = fault.Code
	}
	s.blocked, s.broken = true, true
	if s.x.rec.Error == "" {
		s.x.rec.Error = err.Error()
	}
	h.flow.cover("opaque", err.Error())
	s.tell(ours(false).Close(code, "protocol error"))
}

// last ends the texts of a direction that has ended, and returns what waited.
func (s *socket) last(h *half) (out []byte) {
	if h.frames == nil || s.blocked {
		return nil
	}
	out = s.attempt(h, func() {
		h.flow.close()
		h.drain(s)
	})
	h.out.add(out)
	return out
}

// block ends the connection: the client gets the provider's kind of error and
// a close frame. What waits is dropped.
func (s *socket) block(d policy.Direction) {
	if s.blocked {
		return
	}
	s.blocked = true
	told := ours(false).Encode(llm.TextMessage, s.x.blocked(d).Typed())
	s.tell(append(told, ours(false).Close(llm.ClosePolicy, "blocked by InferShield")...))
}

// ours makes frames that no peer sent.
func ours(fromClient bool) *llm.Frames {
	return llm.NewFrames(llm.FramesConfig{FromClient: fromClient})
}

// tell gives the client frames of our own.
func (s *socket) tell(frames []byte) {
	s.told = append(s.told, frames...)
	s.down.out.add(frames)
}

// farewellMax is how long the upstream has to take our farewell.
const farewellMax = time.Second

// hangUp sends what still goes on, tells the upstream that the answer is not
// wanted any more, and closes, which ends a Read under way. The caller holds
// sending.
func (s *socket) hangUp(out []byte) {
	late := time.AfterFunc(farewellMax, func() { _ = s.ReadWriteCloser.Close() }) // it ends the Write
	defer late.Stop()
	out = append(out, ours(true).Encode(llm.TextMessage, []byte(`{"type":"response.cancel"}`))...)
	_, _ = s.ReadWriteCloser.Write(append(out, ours(true).Close(closeNormal, "")...)) // it is closed next
	_ = s.ReadWriteCloser.Close()                                                     // of no use any more
}

var errNoHalf = errors.New("the connection has no half to close")

// CloseWrite sends what waited for more, and ends our sending side where the
// connection below can.
func (s *socket) CloseWrite() error {
	if err := s.send(func() []byte { return s.last(&s.up) }); err != nil {
		return err
	}
	if hc, ok := s.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return errNoHalf
}

// Close implements io.Closer. The exchange ends with it.
func (s *socket) Close() error {
	err := s.ReadWriteCloser.Close()
	s.once.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, h := range []*half{&s.up, &s.down} {
			h.end()
		}
		rec := &s.x.rec
		rec.RequestBytes, rec.ResponseBytes = s.up.in.n, s.down.out.n
		if s.broken {
			s.x.finish()
			return // neither side took what the other sent
		}
		rec.BodySHA256.RequestIn, rec.BodySHA256.RequestOut = s.up.sums()
		rec.BodySHA256.ResponseIn, rec.BodySHA256.ResponseOut = s.down.sums()
		s.x.finish()
	})
	return err
}
