package main

import (
	"bytes"
	"encoding/json"
)

// tape reads a stream of server-sent events as a client without an SDK does, as
// it comes.
type tape struct {
	heard func(delta string) // nil tells nobody

	all  []byte
	rest []byte // of an event that is not whole yet

	texts         []string
	args          string
	repeats       []string
	code, message string // of an error event
	tokens        string
	tokenBytes    []byte
	ended         bool // the provider's last event has come
	unreadable    []string
}

// tapeEvent is as much of any event as the tests look at.
type tapeEvent struct {
	Type      string
	Delta     string
	Text      *string
	Arguments *string
	Choices   []struct {
		Index int
		Delta struct {
			Content   string
			ToolCalls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
		}
		Logprobs struct {
			Content []struct {
				Token string
				Bytes []int
			}
		}
	}
	Response struct {
		Output []struct {
			Arguments *string
			Content   []struct{ Text string }
		}
	}
	Error *struct{ Code, Message string }
}

// readStream reads a whole one.
func readStream(b []byte) *tape {
	t := &tape{}
	_, _ = t.Write(b)
	return t
}

// Write implements io.Writer.
func (t *tape) Write(b []byte) (int, error) {
	t.all = append(t.all, b...)
	t.rest = append(t.rest, b...)
	for {
		event, rest, ok := bytes.Cut(t.rest, []byte("\n\n"))
		if !ok {
			return len(b), nil
		}
		t.rest = rest
		_, data, ok := bytes.Cut(append([]byte("\n"), event...), []byte("\ndata: "))
		if !ok {
			continue
		}
		if string(data) == "[DONE]" {
			t.ended = true
			continue
		}
		t.take(data)
	}
}

func (t *tape) take(data []byte) {
	var e tapeEvent
	if err := json.Unmarshal(data, &e); err != nil {
		t.unreadable = append(t.unreadable, string(data))
		return
	}
	for _, choice := range e.Choices {
		t.say(choice.Index, choice.Delta.Content)
		for _, call := range choice.Delta.ToolCalls {
			t.argument(call.Function.Arguments)
		}
		for _, token := range choice.Logprobs.Content {
			t.tokens += token.Token
			for _, b := range token.Bytes {
				t.tokenBytes = append(t.tokenBytes, byte(b))
			}
		}
	}
	switch e.Type {
	case "response.output_text.delta":
		t.say(0, e.Delta)
	case "response.function_call_arguments.delta":
		t.argument(e.Delta)
	case "response.output_text.done":
		t.repeats = append(t.repeats, *e.Text)
	case "response.function_call_arguments.done":
		t.repeats = append(t.repeats, *e.Arguments)
	case "response.completed":
		t.ended = true
	}
	for _, item := range e.Response.Output {
		if item.Arguments != nil {
			t.repeats = append(t.repeats, *item.Arguments)
		}
		for _, part := range item.Content {
			t.repeats = append(t.repeats, part.Text)
		}
	}
	if e.Error != nil {
		t.code, t.message = e.Error.Code, e.Error.Message
	}
}

func (t *tape) say(choice int, delta string) {
	if delta == "" {
		return
	}
	for len(t.texts) <= choice {
		t.texts = append(t.texts, "")
	}
	t.texts[choice] += delta
	t.tell(delta)
}

func (t *tape) argument(delta string) {
	if delta != "" {
		t.args += delta
		t.tell(delta)
	}
}

func (t *tape) tell(delta string) {
	if t.heard != nil {
		t.heard(delta)
	}
}

// streamed completes what became of a call.
func (t *tape) streamed(s streamed) streamed {
	s.Texts, s.Arguments, s.Repeats, s.Code, s.Message = t.texts, t.args, t.repeats, t.code, t.message
	switch {
	case t.message != "":
		s.Error = "event"
	case len(t.unreadable) > 0 || len(t.rest) > 0 || !t.ended:
		s.Error, s.Message = "unreadable", "not whole, or not JSON"
	}
	return s
}
