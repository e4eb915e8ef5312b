package llm_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

const prose = `The quick brown fox asks what the capital of France is, and whether its metro runs at night. `

func endpoint(path string) llm.Endpoint {
	ep, _ := match("POST", path)
	return ep
}

func match(method, path string) (llm.Endpoint, bool) {
	return llm.Match(httptest.NewRequest(method, "https://api.openai.com"+path, nil))
}

// chatRequest is a chat of about the given size.
func chatRequest(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"gpt-4o-mini","messages":[{"role":"system","content":"Answer briefly and to the point."}`)
	for b.Len() < size-200 {
		b.WriteString(`,{"role":"user","content":"`)
		b.WriteString(strings.Repeat(prose, 4)[:min(4*len(prose), size-b.Len()-150)])
		b.WriteString(`"}`)
	}
	b.WriteString(`],"temperature":0.7,"max_tokens":256,"top_p":1,"stream":false,"user":"u-123","n":1}`)
	return []byte(b.String())
}

// chatResponse is an answer of about 2 KB; its text has escapes, as real ones do.
func chatResponse() []byte {
	return []byte(`{"id":"chatcmpl-9x","object":"chat.completion","created":1726000000,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat(prose+`\n\n`, 18) +
		`","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":120,"completion_tokens":340,"total_tokens":460},"service_tier":"default","system_fingerprint":"fp_1"}`)
}

const chatEvent = `data: {"id":"chatcmpl-9x","object":"chat.completion.chunk","created":1726000000,"model":"gpt-4o-mini","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" Paris"},"logprobs":null,"finish_reason":null}]}` + "\n\n"

const responsesEvent = "event: response.output_text.delta\n" +
	`data: {"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_68af","output_index":0,"content_index":0,"delta":" Paris","logprobs":[]}` + "\n\n"

func benchmarkDoc(b *testing.B, body []byte, read func([]byte) *llm.Doc) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if d := read(body); len(d.Problems()) > 0 {
			b.Fatal(d.Problems())
		}
	}
}

func BenchmarkRequest600(b *testing.B) {
	benchmarkDoc(b, chatRequest(600), endpoint("/v1/chat/completions").Request)
}

func BenchmarkRequest16K(b *testing.B) {
	benchmarkDoc(b, chatRequest(16<<10), endpoint("/v1/chat/completions").Request)
}

func BenchmarkResponse2K(b *testing.B) {
	benchmarkDoc(b, chatResponse(), endpoint("/v1/chat/completions").Response)
}

func BenchmarkEvent(b *testing.B) {
	for _, bb := range []struct{ name, path, event string }{
		{"chat", "/v1/chat/completions", chatEvent},
		{"responses", "/v1/responses", responsesEvent},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.event)))
			b.ReportAllocs()
			events := endpoint(bb.path).Events(&repeat{text: []byte(bb.event)})
			for b.Loop() {
				if _, err := events.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// repeat reads its text again and again.
type repeat struct {
	text []byte
	at   int
}

func (r *repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n += k
		r.at = (r.at + k) % len(r.text)
	}
	return n, nil
}

// TestAllocations holds the figures of the benchmarks: whoever exceeds them says
// why, and by how much.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	chat := endpoint("/v1/chat/completions")
	request, answer := chatRequest(600), chatResponse()
	events := chat.Events(&repeat{text: []byte(chatEvent)})
	typed := endpoint("/v1/responses").Events(&repeat{text: []byte(responsesEvent)})
	delta, _ := typed.Next()
	messages := endpoint("/v1/responses").Messages()
	message := []byte(strings.TrimSpace(responsesEvent[strings.IndexByte(responsesEvent, '{'):]))
	for _, tt := range []struct {
		name string
		most float64
		run  func()
	}{
		{"request of 600 bytes", 6, func() { chat.Request(request) }},
		{"response of 2 KB", 7, func() { chat.Response(answer) }},
		{"event", 7, func() { _, _ = events.Next() }},
		{"typed event", 7, func() { _, _ = typed.Next() }},
		{"message", 6, func() { messages.Server(message) }},
		{"ends of an event", 0, func() { delta.Ends("output_text/msg_68af/0/0") }},
	} {
		if got := testing.AllocsPerRun(200, tt.run); got > tt.most {
			t.Errorf("%s: got %v allocations; want at most %v", tt.name, got, tt.most)
		}
	}
}
