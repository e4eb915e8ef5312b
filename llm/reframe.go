package llm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

// Deflate is what the two sides agreed on for one direction (RFC 7692).
type Deflate struct {
	Agreed bool // messages may be compressed
	Fresh  bool // each by itself: no context takeover
}

// errExtension is an extension that we do not know: what it does to frames, we
// could not undo.
var errExtension = errors.New("websocket: unknown extension")

// Extensions reads the Sec-WebSocket-Extensions of a server's answer. On an
// error the frames cannot be read.
func Extensions(h http.Header) (fromClient, fromServer Deflate, err error) {
	list := strings.Join(h.Values("Sec-Websocket-Extensions"), ",")
	options, ok := httphead.ParseOptions([]byte(list), nil)
	if !ok && strings.Trim(list, " \t,") != "" {
		return Deflate{}, Deflate{}, errExtension
	}
	for _, option := range options {
		var p wsflate.Parameters
		if !strings.EqualFold(string(option.Name), wsflate.ExtensionName) || fromClient.Agreed {
			return Deflate{}, Deflate{}, errExtension
		}
		if err := p.Parse(option); err != nil {
			return Deflate{}, Deflate{}, err
		}
		fromClient = Deflate{Agreed: true, Fresh: p.ClientNoContextTakeover}
		fromServer = Deflate{Agreed: true, Fresh: p.ServerNoContextTakeover}
	}
	return fromClient, fromServer, nil
}

// Forward returns the bytes that pass m on: its own, unless an earlier
// compressed message was replaced or dropped, to which m may refer. It is a
// *FrameError where m refers to one and cannot be read itself. Each message must
// be forwarded, replaced or dropped before the next is.
func (f *Frames) Forward(m *Message) ([]byte, error) {
	if !f.rewrote || !m.compressed {
		return m.Raw, nil
	}
	if m.Opaque != "" {
		return nil, &FrameError{CloseTooBig, "a compressed message over the limit follows a changed one"}
	}
	return f.Encode(m.Kind, m.Payload), nil
}

// Replace returns the bytes of a message with another payload in place of m,
// which must not be a piece of one.
func (f *Frames) Replace(m *Message, payload []byte) []byte {
	f.Drop(m)
	return f.Encode(m.Kind, payload)
}

// Drop says that m is not passed on.
func (f *Frames) Drop(m *Message) {
	f.rewrote = f.rewrote || m.compressed && !f.config.Deflate.Fresh
}

// Encode returns a message of our own for this direction: one frame, not
// compressed. It may be sent between any two messages.
func (f *Frames) Encode(kind MessageKind, payload []byte) []byte {
	h := ws.Header{Fin: true, OpCode: opcodes[kind], Masked: f.config.FromClient, Length: int64(len(payload))}
	if h.Masked {
		_, _ = rand.Read(h.Mask[:]) // it never fails
	}
	var b bytes.Buffer
	b.Grow(ws.HeaderSize(h) + len(payload))
	_ = ws.WriteHeader(&b, h) // memory does not fail
	at := b.Len()
	b.Write(payload)
	if h.Masked {
		ws.Cipher(b.Bytes()[at:], h.Mask, 0)
	}
	return b.Bytes()
}

var opcodes = [...]ws.OpCode{
	TextMessage: ws.OpText, BinaryMessage: ws.OpBinary,
	CloseMessage: ws.OpClose, PingMessage: ws.OpPing, PongMessage: ws.OpPong,
}

// Close returns a close frame for this direction. A reason that is too long for
// one is cut.
func (f *Frames) Close(code int, reason string) []byte {
	const reasonMax = ws.MaxControlFramePayloadSize - 2
	if len(reason) > reasonMax {
		n := reasonMax
		for n > 0 && !utf8.RuneStart(reason[n]) {
			n--
		}
		reason = reason[:n]
	}
	return f.Encode(CloseMessage, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}
