package guard

import (
	"slices"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
)

// nested inspects the strings of JSON that is itself a text: the arguments of a
// tool call, the result of one. What an escape hides from those who read the
// text as it stands, a key with a line break in it, shows in its strings.
type nested struct {
	engine  *inspect.Engine
	source  inspect.Source
	json    llm.Nested
	strings []*nestedString // those that are open, the outermost first
}

type nestedString struct {
	literal *llm.Literal
	stream  *inspect.Stream
	safe    int
}

// mayNest reports whether a text is worth reading as JSON. What people write is
// read as it stands.
func mayNest(seg *llm.Segment) bool { return !seg.Key && (seg.Call || seg.Role == llm.Tool) }

func newNested(engine *inspect.Engine, src inspect.Source) *nested {
	return &nested{engine: engine, source: src}
}

// write takes the next piece of the text and returns what is found in its
// strings, in offsets of the text.
func (n *nested) write(text string) []inspect.Finding {
	return n.read(n.json.Write(text))
}

// close ends the text.
func (n *nested) close() []inspect.Finding {
	return n.read(n.json.Close())
}

func (n *nested) read(pieces []llm.Piece) (found []inspect.Finding) {
	for _, p := range pieces {
		i := slices.IndexFunc(n.strings, func(s *nestedString) bool { return s.literal == p.Literal })
		if i < 0 {
			i = len(n.strings)
			n.strings = append(n.strings, &nestedString{literal: p.Literal, stream: n.engine.Stream(n.source)})
		}
		s := n.strings[i]
		var got []inspect.Finding
		got, s.safe = s.stream.Write(p.Text)
		if p.Last {
			got = append(got, s.stream.Close()...)
			n.strings = slices.Delete(n.strings, i, i+1)
		}
		for _, f := range got {
			f.Start, f.End = p.Literal.Outer(f.Start, f.End)
			found = append(found, f)
		}
	}
	return found
}

// settled is how much of the text nothing that its strings will show can change.
func (n *nested) settled() int {
	return n.json.Settled(func(l *llm.Literal) int {
		for _, s := range n.strings {
			if s.literal == l {
				return s.safe
			}
		}
		return 0
	})
}

// scan inspects a text that stands alone.
func (x *exchange) scan(src inspect.Source, seg *llm.Segment) []inspect.Finding {
	found := x.g.cfg.Engine.Scan(src, seg.Text)
	if !mayNest(seg) {
		return found
	}
	n := newNested(x.g.cfg.Engine, src)
	return merged(found, append(n.write(seg.Text), n.close()...))
}

// merged appends to found what was not found there already.
func merged(found, more []inspect.Finding) []inspect.Finding {
	for _, f := range more {
		if !slices.ContainsFunc(found, func(o inspect.Finding) bool {
			return o.Rule == f.Rule && o.Start == f.Start && o.End == f.End
		}) {
			found = append(found, f)
		}
	}
	return found
}
