package llm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/llm"
)

// TestMessages: a message of a server reads as the event of the same data does,
// and one of a client as the request of the same body.
func TestMessages(t *testing.T) {
	ep := endpoint("/v1/responses")
	m := ep.Messages()
	for _, data := range []string{
		`{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hel"}`,
		`{"type":"response.output_text.done","item_id":"m","output_index":0,"content_index":0,"text":"Hello"}`,
		`{"type":"response.completed","response":{"id":"r","output":[]}}`,
		`plain`,
		`[DONE]`,
		``,
	} {
		event, message := oneEvent(ep, "data: "+data+"\n\n"), m.Server([]byte(data))
		if diff := cmp.Diff(event.Segments(), message.Segments()); diff != "" || event.Final() != message.Final() {
			t.Errorf("%s: final %v and %v, -event +message\n%s", data, event.Final(), message.Final(), diff)
		}
		if string(message.Bytes()) != data {
			t.Errorf("got bytes %q; want %q", message.Bytes(), data)
		}
	}
	body := `"instructions":"I","input":[{"role":"developer","content":"D"},{"role":"user","content":"U"}],"tools":[{"name":"t"}]}`
	request, message := ep.Request([]byte("{"+body)), m.Client([]byte(`{"type":"response.create",`+body))
	if diff := cmp.Diff(request.Segments(), message.Segments()[2:]); diff != "" {
		t.Errorf("-request +message\n%s", diff)
	}
}

func TestMessagesRealtime(t *testing.T) {
	m := llm.Endpoint{}.Messages()
	for _, tt := range []struct {
		read        func([]byte) *llm.Doc
		body, wants string
	}{
		{m.Client, `{"type":"session.update","session":{"type":"realtime","instructions":"A","tools":[{"name":"B"}]}}`, `system /session/instructions "A"; definition /session/tools/0/name "B"`},
		{m.Client, `{"type":"conversation.item.create","item":{"type":"message","role":"system","content":[{"type":"input_text","text":"A"}]}}`, `system /item/content/0/text "A"`},
		{m.Client, `{"type":"conversation.item.create","item":{"type":"function_call_output","output":"A"}}`, `tool /item/output "A"`},
		{m.Client, `{"type":"response.create","response":{"instructions":"A","input":[{"role":"user","content":"B"}]}}`, `system /response/instructions "A"; user /response/input/0/content "B"`},
		{m.Client, `{"type":"input_audio_buffer.append","audio":"` + strings.Repeat("ZGVm", 30) + `"}`, `skip /audio audio`},
		{m.Server, `{"type":"conversation.item.created","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"A"}]}}`, `user /item/content/0/text "A"`},
		{m.Server, `{"type":"response.output_audio_transcript.delta","response_id":"R","item_id":"I","output_index":0,"content_index":1,"delta":"A"}`, `model /delta <output_audio_transcript/R/I/0/1> "A"`},
		{m.Server, `{"type":"response.output_audio.delta","response_id":"R","item_id":"I","output_index":0,"content_index":1,"delta":"` + strings.Repeat("ZGVm", 30) + `"}`, `skip /delta audio`},
	} {
		var b strings.Builder
		describe(&b, tt.read([]byte(tt.body)))
		for _, want := range strings.Split(tt.wants, "; ") {
			if !strings.Contains(b.String(), want+"\n") {
				t.Errorf("%s\ngot\n%swant %s", tt.body, b.String(), want)
			}
		}
	}
}
