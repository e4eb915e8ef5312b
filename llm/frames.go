package llm

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// messageBytesMax is the longest WebSocket message that is held, if the caller
// does not say otherwise.
const messageBytesMax = 16 << 20

// MessageKind is the kind of a WebSocket message, a control frame included.
type MessageKind uint8

// The kinds of messages.
const (
	TextMessage MessageKind = iota + 1
	BinaryMessage
	CloseMessage
	PingMessage
	PongMessage
)

// FramesConfig says which direction of which connection is read.
type FramesConfig struct {
	// FromClient is the direction in which frames are masked.
	FromClient bool
	// Deflate is what was agreed for this direction. See Extensions.
	Deflate Deflate
	// MessageBytesMax bounds a message, as sent and as decoded; 0 means 16 MB.
	MessageBytesMax int
}

// Frames cuts one direction of a WebSocket connection (RFC 6455) into messages
// as its bytes come, and puts changed ones back in. However the bytes are cut,
// the messages are the same. It never waits for a message to forward a control
// frame that stands among its fragments: that comes first. Otherwise the Raw of
// all messages in a row is what was written. It is not safe for concurrent use.
type Frames struct {
	config FramesConfig
	in     []byte // not yet read
	err    error  // sticky

	// The message that is under way.
	kind       MessageKind // 0 between messages
	compressed bool
	raw        []byte // its frames so far
	payload    []byte // unmasked and joined, as sent
	opaque     bool   // it is too long to be held
	left       int64  // bytes of its current frame that are still to come
	last       bool   // the current frame is its last

	inflate inflater
	lost    bool // later compressed messages cannot be read
	rewrote bool // the receiver's window is not the sender's any more
	closed  bool
}

// Message is one message, or a piece of one that is not held.
type Message struct {
	Kind MessageKind
	// Raw is its frames, exactly as they came. The caller must not change it.
	Raw []byte
	// Payload is what the frames carry: unmasked, joined, inflated. Nil where
	// Opaque says why. The caller must not change it.
	Payload []byte
	// Opaque is why the message cannot be read, one of the Opaque constants, or
	// empty.
	Opaque string
	// More says that this is a piece of an opaque message, and the next piece
	// follows. Nothing but control frames may be sent before that.
	More bool

	compressed bool
}

// The reasons why a message is opaque. The set is closed.
const (
	// OpaqueLarge is a message over the limit, as sent or as decoded.
	OpaqueLarge = "too_large"
	// OpaqueContext is a compressed message that refers to one that was opaque.
	OpaqueContext = "lost_context"
)

// FrameError is a breach of the protocol, after which nothing can be read. Code
// is the close code that tells it.
type FrameError struct {
	Code   int
	Reason string
}

// The close codes of our own (RFC 6455, section 7.4.1).
const (
	CloseProtocol = 1002
	CloseInvalid  = 1007
	ClosePolicy   = 1008
	CloseTooBig   = 1009
)

func (e *FrameError) Error() string { return fmt.Sprintf("websocket: %s (%d)", e.Reason, e.Code) }

func protocolError(reason string) error { return &FrameError{CloseProtocol, reason} }

// NewFrames returns a reader of one direction, from the first byte after the
// handshake on.
func NewFrames(config FramesConfig) *Frames {
	if config.MessageBytesMax <= 0 {
		config.MessageBytesMax = messageBytesMax
	}
	return &Frames{config: config}
}

// Write takes the next bytes. Next must be called until it has nothing before
// there is more to write.
func (f *Frames) Write(p []byte) { f.in = append(f.in, p...) }

// Next returns the next message, or nil when it has not all come. What follows
// a close frame is dropped, as RFC 6455 has it. An error is a *FrameError, and
// final: what has not been returned can only be sent on unread, see Rest.
func (f *Frames) Next() (*Message, error) {
	for f.err == nil {
		if f.closed {
			f.in = nil
		}
		if f.left > 0 {
			return f.piece(), nil
		}
		h, size := f.header()
		if size == 0 {
			break
		}
		var m *Message
		switch {
		case h.OpCode.IsControl():
			if int64(len(f.in)-size) < h.Length {
				return nil, nil
			}
			m = f.control(h, size)
		case f.opaque || h.Length > int64(f.config.MessageBytesMax-len(f.raw)-size):
			m = f.tooLong(h, size)
		case int64(len(f.in)-size) < h.Length:
			return nil, nil
		default:
			m = f.data(h, size)
		}
		if m != nil && f.err == nil {
			return m, nil
		}
		if m != nil {
			f.raw = append(f.raw, m.Raw...) // for Rest
		}
	}
	return nil, f.err
}

// header reads the header that in begins with. Its size is 0 where it has not
// all come, or broke the rules. A length need not be written as shortly as it
// can be: no receiver minds, and none reads it differently.
func (f *Frames) header() (h ws.Header, size int) {
	if len(f.in) < ws.MinHeaderSize {
		return h, 0
	}
	size = ws.MinHeaderSize
	switch f.in[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.in[1]&0x80 != 0 {
		size += 4
	}
	if len(f.in) < size {
		return h, 0
	}
	h, err := ws.ReadHeader(bytes.NewReader(f.in[:size]))
	if err == nil {
		err = f.check(h)
	}
	if err != nil {
		f.err = protocolError(err.Error())
		return h, 0
	}
	return h, size
}

var errReserved = errors.New("reserved bit set")

func (f *Frames) check(h ws.Header) error {
	state := ws.StateClientSide
	if f.config.FromClient {
		state = ws.StateServerSide
	}
	if f.kind != 0 {
		state = state.Set(ws.StateFragmented)
	}
	if f.config.Deflate.Agreed {
		state = state.Set(ws.StateExtended)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return err
	}
	// RFC 7692 gives the first bit a meaning, in a message's first frame.
	if h.Rsv2() || h.Rsv3() || h.Rsv1() && h.OpCode != ws.OpText && h.OpCode != ws.OpBinary {
		return errReserved
	}
	return nil
}

// take takes the first n bytes of in.
func (f *Frames) take(n int) []byte {
	p := f.in[:n:n]
	f.in = f.in[n:]
	return p
}

func (f *Frames) control(h ws.Header, size int) *Message {
	raw := f.take(size + int(h.Length))
	m := &Message{Raw: raw, Payload: unmasked(h, raw[size:], 0)}
	switch h.OpCode {
	case ws.OpPing:
		m.Kind = PingMessage
	case ws.OpPong:
		m.Kind = PongMessage
	default:
		m.Kind = CloseMessage
		f.closed = true
		f.err = checkClose(m.Payload)
	}
	return m
}

func checkClose(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return protocolError("close frame of one byte")
	}
	code, reason := ws.ParseCloseFrameData(payload)
	if !utf8.ValidString(reason) {
		return &FrameError{CloseInvalid, "the reason for closing is not UTF-8"}
	}
	switch {
	case code == ws.StatusNoMeaningYet, code == ws.StatusNoStatusRcvd, code == ws.StatusAbnormalClosure:
	case 1000 <= code && code <= 1014, 3000 <= code && code <= 4999: // IANA has given out up to 1014
		return nil
	}
	return protocolError(fmt.Sprintf("close code %d", code))
}

// unmasked returns the payload of a frame, of which it is a copy if need be.
func unmasked(h ws.Header, payload []byte, offset int) []byte {
	if !h.Masked {
		return payload
	}
	payload = bytes.Clone(payload)
	ws.Cipher(payload, h.Mask, offset)
	return payload
}

// begin notes what a data frame says of its message.
func (f *Frames) begin(h ws.Header) {
	if h.OpCode != ws.OpContinuation {
		f.kind = TextMessage
		if h.OpCode == ws.OpBinary {
			f.kind = BinaryMessage
		}
		f.compressed = h.Rsv1()
	}
	f.last = h.Fin
}

// tooLong gives up holding a message: what was held of it and the header of
// the frame that is too much come first, the rest as it comes.
func (f *Frames) tooLong(h ws.Header, size int) *Message {
	f.begin(h)
	f.opaque, f.payload, f.left = true, nil, h.Length
	if f.compressed && !f.config.Deflate.Fresh {
		f.lost = true
	}
	raw := append(f.raw, f.take(size)...)
	f.raw = nil
	return f.opaqueMessage(raw)
}

// piece returns what has come of a frame that is not held.
func (f *Frames) piece() *Message {
	n := int(min(f.left, int64(len(f.in))))
	if n == 0 {
		return nil
	}
	f.left -= int64(n)
	return f.opaqueMessage(f.take(n))
}

func (f *Frames) opaqueMessage(raw []byte) *Message {
	m := &Message{Kind: f.kind, Raw: raw, Opaque: OpaqueLarge, More: f.left > 0 || !f.last, compressed: f.compressed}
	if !m.More {
		f.kind, f.opaque = 0, false
	}
	return m
}

// data takes a whole data frame, and returns the message that it ends.
func (f *Frames) data(h ws.Header, size int) *Message {
	first := h.OpCode != ws.OpContinuation
	f.begin(h)
	raw := f.take(size + int(h.Length))
	payload := unmasked(h, raw[size:], 0)
	if first {
		f.raw, f.payload = raw, payload // nothing need be joined so far
	} else {
		f.raw, f.payload = append(f.raw, raw...), append(f.payload, payload...)
	}
	if !f.last {
		return nil
	}
	m := &Message{Kind: f.kind, Raw: f.raw, Payload: f.payload, compressed: f.compressed}
	f.raw, f.payload, f.kind = nil, nil, 0
	if m.compressed {
		f.decompress(m)
	}
	if f.err == nil && m.Kind == TextMessage && m.Opaque == "" && !utf8.Valid(m.Payload) {
		f.err = &FrameError{CloseInvalid, "a text message is not UTF-8"}
	}
	return m
}

// messageTail is what RFC 7692 takes from the end of each message.
var messageTail = []byte{0x00, 0x00, 0xff, 0xff}

// decompress inflates the payload of m, or says why not.
func (f *Frames) decompress(m *Message) {
	sent := m.Payload
	m.Payload = nil
	if f.lost {
		m.Opaque = OpaqueContext
		return
	}
	z := &f.inflate
	if f.config.Deflate.Fresh || !z.endless {
		*z = inflater{endless: true, in: z.in[:0], buf: z.buf[:0], own: z.own}
	}
	limit := min(f.config.MessageBytesMax, max(ratioBytesFrom, ratioMax*len(sent)))
	err := z.write(sent, limit)
	if err == nil {
		err = z.write(messageTail, limit)
	}
	switch {
	case errors.Is(err, errInflateMax):
		m.Opaque = OpaqueLarge
		f.lost = !f.config.Deflate.Fresh
		f.inflate = inflater{}
		return
	case err != nil || z.state != inflateHeader || z.unread() > 0:
		f.err = &FrameError{CloseInvalid, "a compressed message is not valid DEFLATE data"}
		return
	}
	m.Payload = bytes.Clone(z.take())
	z.trim()
}

// Rest returns what was written and has not been returned. It is for a caller
// that goes on without Frames, which must not be used afterwards.
func (f *Frames) Rest() []byte { return append(f.raw, f.in...) }
