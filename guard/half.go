package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// half is one direction.
type half struct {
	d       policy.Direction
	frames  *llm.Frames // nil where the rest goes on unread
	read    func([]byte) *llm.Doc
	flow    *flow
	queue   []queued
	ready   []byte // what may go on, until attempt hands it out
	in, out summer
}

// queued is a message in its turn: one with a document waits for what its flow
// makes of it.
type queued struct {
	message *llm.Message
	doc     *llm.Doc // nil where it is no text
}

// summer takes the sum of what passes.
type summer struct {
	hash hash.Hash
	n    int64
}

func (s *summer) add(p []byte) {
	s.hash.Write(p)
	s.n += int64(len(p))
}

func (s *summer) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

func (x *exchange) half(d policy.Direction, read func([]byte) *llm.Doc) half {
	return half{
		d: d, read: read, flow: x.flow(d, "websocket."+d.String()),
		in: summer{hash: sha256.New()}, out: summer{hash: sha256.New()},
	}
}

// drain makes the messages ready that need not wait.
func (h *half) drain(s *socket) {
	for len(h.queue) > 0 && s.x.verdict.Action != policy.Block {
		q := h.queue[0]
		if q.doc != nil && h.flow.next() == nil {
			break
		}
		if h.queue = h.queue[1:]; q.doc == nil {
			h.flow.bytes -= len(q.message.Raw)
		}
		if changed := s.changed(h, q.doc); changed != nil {
			h.ready = append(h.ready, h.frames.Replace(q.message, changed)...)
			continue
		}
		raw, err := h.frames.Forward(q.message)
		if err != nil {
			s.fail(h, err)
			return
		}
		h.ready = append(h.ready, raw...)
	}
	if s.x.verdict.Action == policy.Block {
		s.block(h.d)
	}
}

// changed returns what goes on in place of doc, or nil where that is doc as it
// came. No answer gives the server's key away.
func (s *socket) changed(h *half, doc *llm.Doc) []byte {
	if doc == nil {
		return nil
	}
	if h.d == policy.Response {
		masked, leaked := s.x.g.cfg.Masked(doc.Bytes())
		if leaked {
			s.x.verdict.Action = max(s.x.verdict.Action, policy.Redact)
			if h.flow.once(labelOwnKey) {
				s.x.note(policy.Response, labelOwnKey)
			}
			return masked
		}
	}
	if doc.Changed() {
		return doc.Bytes()
	}
	return nil
}

// unread gives up reading a direction, and returns what it holds, as it came.
func (h *half) unread() (out []byte) {
	h.flow.cover("opaque", labelFailed)
	_ = h.flow.rest() // its frames follow, as they came
	for _, q := range h.queue {
		raw, _ := h.frames.Forward(q.message) // what cannot be passed on is lost to the client's decoder anyway
		out = append(out, raw...)
	}
	out = append(out, h.frames.Rest()...)
	h.queue, h.frames = nil, nil
	return out
}

// end notes what was seen of a direction.
func (h *half) end() {
	if h.flow.finish() {
		h.flow.cover("scanned", "")
		return
	}
	h.flow.cover("opaque", labelFailed)
}

// sums are those of what came and of what went on. They stay empty where some
// of it has not gone on, since the rest did not come.
func (h *half) sums() (in, out string) {
	if len(h.queue) > 0 || h.frames != nil && len(h.frames.Rest()) > 0 {
		return "", ""
	}
	return h.in.sum(), h.out.sum()
}
