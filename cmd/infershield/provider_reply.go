package main

import (
	"context"
	"encoding/json"
	"strings"
)

// reply is what the stand-in says to a prompt.
type reply struct {
	// pieces are the deltas of a streamed answer, whole characters each.
	// Together they are the text, or what a tool is called with.
	pieces []string
	// pause is called before each delta, so that a test can let the provider go
	// on step by step. It returns an error once nobody wants the answer. Nil
	// never waits.
	pause func(ctx context.Context, piece int) error
}

// replyTo asks the configuration; without one the stand-in repeats the prompt,
// so that a client sees what reached the provider.
func (p *provider) replyTo(prompt string) reply {
	if p.config.Reply != nil {
		return p.config.Reply(prompt)
	}
	return reply{pieces: pieces(answerTo(prompt))}
}

// pieces cuts text behind every space: the deltas of a stream.
func pieces(text string) []string { return strings.SplitAfter(text, " ") }

// text is the whole of it.
func (r reply) text() string { return strings.Join(r.pieces, "") }

// each calls say with every piece in turn, and stops where nobody wants more.
func (r reply) each(ctx context.Context, say func(piece string)) error {
	for i, piece := range r.pieces {
		if r.pause != nil {
			if err := r.pause(ctx, i); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		say(piece)
	}
	return nil
}

// arguments is the reply as a tool is called with it: JSON in a string, the
// text as its only member, cut where the text is cut.
func (r reply) arguments() reply {
	call := reply{pause: r.pause}
	for i, piece := range r.pieces {
		quoted := quotedInner(piece)
		if i == 0 {
			quoted = `{"input":"` + quoted
		}
		if i == len(r.pieces)-1 {
			quoted += `"}`
		}
		call.pieces = append(call.pieces, quoted)
	}
	return call
}

// quotedInner is text as it stands between the quotes of a JSON string.
func quotedInner(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b[1 : len(b)-1])
}
