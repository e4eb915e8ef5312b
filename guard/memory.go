package guard

import (
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// memory is what an answer must not give away of its request. It is gathered
// while the request is inspected, and made only when the first text of an
// answer asks for it: a request that is refused, that has nothing to guard, or
// whose answer has no text, pays nothing. The zero value guards nothing.
type memory struct {
	asked  [][]llm.Segment // as they went upstream, once per document
	values []valued
	made   *inspect.Memory
	fresh  bool // something was asked since made was
}

// askedMax bounds the documents that a long conversation on a WebSocket is
// remembered by; the first of them hold the instructions.
const askedMax = 64

// valuesMax bounds the texts with values that are remembered.
const valuesMax = 256

// valued is a text that holds secrets or personal data, as it was read.
type valued struct {
	text  string
	found []inspect.Finding
}

// instructionsLeast is how many bytes an operator must have said for them to be
// worth the work. The detector asks for eleven words; "You are a helpful
// assistant." has 28 bytes.
const instructionsLeast = 32

// value remembers what found names in a text of the request.
func (m *memory) value(text string, found []inspect.Finding) {
	for _, f := range found {
		if f.Category == inspect.Secret || f.Category == inspect.PII {
			if len(m.values) < valuesMax {
				m.values = append(m.values, valued{text, found})
			}
			return
		}
	}
}

// keep remembers a document of the request after it was inspected. Where policy
// masked it the model got the mask, and only that can come back from there.
func (m *memory) keep(segments []llm.Segment) {
	instructions := 0
	for i := range segments {
		if segments[i].Role == llm.System && !segments[i].Known {
			instructions += len(segments[i].Text)
		}
	}
	if len(m.asked) < askedMax && (instructions >= instructionsLeast || len(m.values) > 0) {
		m.asked, m.fresh = append(m.asked, segments), true
	}
}

// make returns what the detectors compare an answer with, or nil.
func (m *memory) make() *inspect.Memory {
	if !m.fresh {
		return m.made
	}
	m.fresh = false
	m.made = inspect.NewMemory()
	for _, segments := range m.asked {
		for i := range segments {
			switch seg := &segments[i]; {
			case seg.Known:
			case seg.Role == llm.System && !seg.Key:
				m.made.Instructions(seg.Text)
			default:
				m.made.Said(seg.Text)
			}
		}
	}
	for _, v := range m.values {
		m.made.Values(v.text, v.found)
	}
	return m.made
}

// source says who speaks in seg and, of an answer, what must not come back in
// it. What an answer repeats of its request is no answer: the Responses API
// hands the instructions back to the program that sent them.
func (x *exchange) source(seg *llm.Segment, d policy.Direction) inspect.Source {
	src := sourceOf(seg.Role, d)
	if d == policy.Response && src.Role == inspect.Model {
		src.Memory = x.memory.make()
		src.Call = seg.Call
	}
	return src
}
