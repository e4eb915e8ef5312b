package llm_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// deltas is every type of event that continues a text, by the endpoint that
// sends it, with the type that completes it. Sound and images are no texts.
var deltas = []struct{ endpoint, delta, end string }{
	{"responses", "response.output_text.delta", "response.output_text.done"},
	{"responses", "response.refusal.delta", "response.refusal.done"},
	{"responses", "response.reasoning_text.delta", "response.reasoning_text.done"},
	{"responses", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done"},
	{"responses", "response.function_call_arguments.delta", "response.function_call_arguments.done"},
	{"responses", "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done"},
	{"responses", "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"},
	{"responses", "response.code_interpreter_call_code.delta", "response.code_interpreter_call_code.done"},
	{"responses", "response.shell_call_command.delta", "response.shell_call_command.done"},
	{"responses", "response.shell_call_output_content.delta", "response.shell_call_output_content.done"},
	{"responses", "response.apply_patch_call_operation_diff.delta", "response.apply_patch_call_operation_diff.done"},
	{"responses", "response.audio.transcript.delta", "response.audio.transcript.done"},
	{"realtime", "response.output_text.delta", "response.output_text.done"},
	{"realtime", "response.output_audio_transcript.delta", "response.output_audio_transcript.done"},
	{"realtime", "response.function_call_arguments.delta", "response.function_call_arguments.done"},
	{"realtime", "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done"},
	{"realtime", "conversation.item.input_audio_transcription.delta", "conversation.item.input_audio_transcription.completed"},
	{"realtime", "session.input_transcript.delta", "session.closed"},
	{"realtime", "session.output_transcript.delta", "session.closed"},
	{"realtime", "response.text.delta", "response.text.done"},                         // before 2025-08
	{"realtime", "response.audio_transcript.delta", "response.audio_transcript.done"}, // before 2025-08
	{"audio", "transcript.text.delta", "transcript.text.done"},
}

// readEvent reads an event in the way of its endpoint.
func readEvent(endpointName, data string) *llm.Doc {
	switch endpointName {
	case "realtime-client":
		return endpoint("/v1/realtime/calls").Messages().Client([]byte(data))
	case "realtime", "realtime-server":
		return endpoint("/v1/realtime/calls").Messages().Server([]byte(data))
	case "audio":
		return oneEvent(endpoint("/v1/audio/transcriptions"), "data: "+data+"\n\n")
	}
	return oneEvent(endpoint("/v1/responses"), "data: "+data+"\n\n")
}

// eventOf returns an event with all the identifiers that there are; those of one
// text differ from those of the next in the last digit.
func eventOf(kind, delta, n string) string {
	ids := `"item_id":"item_` + n + `","output_index":` + n + `,"content_index":` + n
	if strings.Contains(kind, "summary") {
		ids += `,"summary_index":` + n
	}
	if strings.Contains(kind, "shell") {
		ids += `,"command_index":` + n
	}
	return `{"type":"` + kind + `",` + ids + `,"delta":` + delta + `}`
}

// TestDeltas: every text has a name of its own, is told from another of its kind,
// and is complete with its own end alone.
func TestDeltas(t *testing.T) {
	all := map[string]string{}
	for _, tt := range deltas {
		delta := `"some words"`
		if strings.Contains(tt.delta, "output_content") {
			delta = `{"stdout":"some words"}`
		}
		d := readEvent(tt.endpoint, eventOf(tt.delta, delta, "1"))
		name, other := streamOf(d), streamOf(readEvent(tt.endpoint, eventOf(tt.delta, delta, "2")))
		if name == "" || name == other || all[tt.endpoint+name] != "" {
			t.Errorf("%s %s: streams %q and %q; another's: %q", tt.endpoint, tt.delta, name, other, all[tt.endpoint+name])
		}
		all[tt.endpoint+name] = tt.delta
		if d.Ends(name) {
			t.Errorf("%s %s ends itself", tt.endpoint, tt.delta)
		}
		end := readEvent(tt.endpoint, eventOf(tt.end, `""`, "1"))
		if !end.Ends(name) || end.Ends(other) != end.Final() {
			t.Errorf("%s %s: ends %q %v, %q %v", tt.endpoint, tt.end, name, end.Ends(name), other, end.Ends(other))
		}
	}
}

func streamOf(d *llm.Doc) string {
	for _, s := range d.Segments() {
		if s.Text == "some words" {
			return s.Stream
		}
	}
	return ""
}

// TestPublishedEvents: no type of event with a text delta is missing above.
func TestPublishedEvents(t *testing.T) {
	known := map[string]bool{}
	for _, tt := range deltas {
		known[tt.delta] = true
	}
	n := 0
	published(t, "events.jsonl", func(line []byte) {
		var event struct {
			Type, Family string
			Strings      []string
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		n++
		isDelta := strings.HasSuffix(event.Type, "delta")
		for _, field := range event.Strings {
			isDelta = isDelta || field == "delta" || strings.HasPrefix(field, "delta.")
		}
		if isDelta && !known[event.Type] && !strings.HasSuffix(event.Type, "audio.delta") {
			t.Errorf("%s is unknown", event.Type)
		}
		family := event.Family
		if strings.HasPrefix(event.Type, "transcript.") {
			family = "audio"
		}
		for _, field := range event.Strings {
			doc := string(documentOf(field))
			if !strings.HasPrefix(doc, `{"type"`) {
				doc = `{"type":"` + event.Type + `",` + doc[1:]
			}
			role := roleOf(readEvent(family, doc))
			name := strings.TrimSuffix(field[strings.LastIndexByte(field, '.')+1:], "[]")
			if role == "" || role == llm.Other && slices.Contains(contentFields, name) && !isSetting("", field) {
				t.Errorf("%s %s: role %q", event.Type, field, role)
			}
		}
	})
	t.Logf("%d events", n)
}
