package llm_test

import (
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestSpelling: the log probabilities beside a text that was replaced go, those
// of other choices stay, and so does every other byte.
func TestSpelling(t *testing.T) {
	const tokens = `{"content":[{"token":"sec","bytes":[115,101,99],"top_logprobs":[{"token":"sec"}]},{"token":"ret"}],"refusal":null}`
	event := func(d string) string { return "event: x\ndata: " + d + "\n\n" }
	for _, tt := range []struct {
		name, path, body, want string
		read                   func(llm.Endpoint, string) *llm.Doc
	}{
		{"chat", "/v1/chat/completions",
			`{"choices":[{"index":0,"logprobs":` + tokens + `,"message":{"content":"a secret"}}, {"index":1,"message":{"content":"b"},"logprobs":` + tokens + `}]}`,
			`{"choices":[{"index":0,"logprobs":null,"message":{"content":"MASK"}}, {"index":1,"message":{"content":"b"},"logprobs":` + tokens + `}]}`,
			wholeBody},
		{"chat event", "/v1/chat/completions",
			event(`{"choices":[{"delta":{"content":"a secret"},"logprobs":` + tokens + `,"index":0}]}`),
			event(`{"choices":[{"delta":{"content":"MASK"},"logprobs":null,"index":0}]}`), oneEvent},
		{"a token itself", "/v1/chat/completions",
			`{"choices":[{"message":{"content":"b"},"logprobs":{"content":[{"token":"a secret","bytes":[97,32]}]}}]}`,
			`{"choices":[{"message":{"content":"b"},"logprobs":null}]}`, wholeBody},
		{"completions", "/v1/completions",
			`{"choices":[{"text":"a secret","logprobs":{"tokens":["a sec","ret"],"top_logprobs":[{"a sec":-1}]}}]}`,
			`{"choices":[{"text":"MASK","logprobs":null}]}`, wholeBody},
		{"responses delta", "/v1/responses",
			event(`{"type":"response.output_text.delta","item_id":"m","logprobs":[{"token":"a secret","logprob":-1}],"delta":"a secret"}`),
			event(`{"type":"response.output_text.delta","item_id":"m","logprobs":[],"delta":"MASK"}`), oneEvent},
		{"responses part", "/v1/responses",
			`{"output":[{"type":"message","content":[{"type":"output_text","text":"a secret","logprobs":[{"token":"a secret"}]},{"text":"c","logprobs":[{"token":"c"}]}]}]}`,
			`{"output":[{"type":"message","content":[{"type":"output_text","text":"MASK","logprobs":[]},{"text":"c","logprobs":[{"token":"c"}]}]}]}`, wholeBody},
		{"nothing to empty", "/v1/chat/completions",
			`{"choices":[{"message":{"content":"a secret"},"logprobs":null}],"x":[]}`,
			`{"choices":[{"message":{"content":"MASK"},"logprobs":null}],"x":[]}`, wholeBody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.read(endpoint(tt.path), tt.body)
			for i, s := range d.Segments() {
				if s.Text == "a secret" {
					d.Replace(i, "MASK")
				}
			}
			if got := string(d.Bytes()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func wholeBody(ep llm.Endpoint, body string) *llm.Doc { return ep.Response([]byte(body)) }

func oneEvent(ep llm.Endpoint, body string) *llm.Doc {
	d, err := ep.Events(strings.NewReader(body)).Next()
	if err != nil {
		panic(err)
	}
	return d
}
