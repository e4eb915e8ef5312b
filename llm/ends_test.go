package llm_test

import (
	"slices"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestEnds: each document completes the texts that are named, and no others.
func TestEnds(t *testing.T) {
	streams := []string{
		"choices/0/content", "choices/0/tool_calls/0/arguments", "choices/1/content", "choices/10/content",
		"output_text/m/0/0", "output_text/m/0/1", "refusal/m/0/0", "function_call_arguments/f/1",
		"shell_call_command/4/0", "shell_call_output_content/s/4/0/stdout", "reasoning_summary_text/r/2/1",
		"output_text/resp/m/0/0", "output_audio_transcript/resp/m/0/0", "conversation.item.input_audio_transcription/u/0",
		"audio.transcript", "transcript.text", "thread.message/m/content/0/text", "thread.run.step/s/tool_calls/0/arguments",
		"content_block/0/text",
	}
	all := streams
	for _, tt := range []struct {
		data  string
		want  []string
		final bool
	}{
		{`{"choices":[{"index":0,"delta":{},"finish_reason":null}]}`, nil, false},
		{`{"choices":[{"index":0,"delta":{},"finish_reason":""}]}`, nil, false},
		{`{"choices":[{"delta":{},"finish_reason":"stop","index":1}]}`, []string{"choices/1/content"}, false},
		{`{"choices":[{"finish_reason":"length"}]}`, []string{"choices/0/content", "choices/0/tool_calls/0/arguments"}, false},
		{`[DONE]`, all, true},
		{`{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"x"}`, nil, false},
		{`{"type":"response.output_text.done","item_id":"m","output_index":0,"content_index":0,"text":"x"}`, []string{"output_text/m/0/0"}, false},
		{`{"type":"response.content_part.done","item_id":"m","output_index":0,"content_index":0,"part":{}}`, []string{"output_text/m/0/0", "refusal/m/0/0"}, false},
		{`{"type":"response.output_item.done","output_index":0,"item":{"id":"m","type":"message"}}`, []string{"output_text/m/0/0", "output_text/m/0/1", "refusal/m/0/0"}, false},
		{`{"type":"response.output_item.done","output_index":4,"item":{"id":"s","type":"shell_call"}}`, []string{"shell_call_command/4/0", "shell_call_output_content/s/4/0/stdout"}, false},
		{`{"type":"response.function_call_arguments.done","item_id":"f","output_index":1,"arguments":"{}"}`, []string{"function_call_arguments/f/1"}, false},
		{`{"type":"response.reasoning_summary_part.done","item_id":"r","output_index":2,"summary_index":1,"part":{}}`, []string{"reasoning_summary_text/r/2/1"}, false},
		{`{"type":"response.shell_call_output_content.done","item_id":"s","output_index":4,"command_index":0,"output":[]}`, []string{"shell_call_output_content/s/4/0/stdout"}, false},
		{`{"type":"response.completed","response":{"id":"resp"}}`, all, true},
		{`{"type":"response.incomplete","response":{"id":"resp"}}`, all, true},
		{`{"type":"error","message":"x"}`, all, true},
		{`{"type":"error","event_id":"event_1","error":{"message":"x"}}`, nil, false}, // of a session
		{`{"type":"response.created","response":{"id":"resp"}}`, nil, false},
		{`{"type":"response.output_text.done","response_id":"resp","item_id":"m","output_index":0,"content_index":0,"text":""}`, []string{"output_text/m/0/0", "output_text/resp/m/0/0"}, false},
		{`{"type":"response.done","response":{"id":"resp","output":[{"id":"m"}]}}`, []string{"output_text/resp/m/0/0", "output_audio_transcript/resp/m/0/0"}, false},
		{`{"type":"conversation.item.input_audio_transcription.completed","item_id":"u","content_index":0,"transcript":"x"}`, []string{"conversation.item.input_audio_transcription/u/0"}, false},
		{`{"type":"response.audio.transcript.done"}`, []string{"audio.transcript"}, false},
		{`{"type":"transcript.text.done","text":"x"}`, []string{"transcript.text"}, false},
		{`{"id":"m","object":"thread.message","status":"in_progress"}`, nil, false},
		{`{"id":"m","object":"thread.message","status":"completed"}`, []string{"thread.message/m/content/0/text"}, false},
		{`{"id":"s","object":"thread.run.step","status":"failed"}`, []string{"thread.run.step/s/tool_calls/0/arguments"}, false},
		{`{"id":"r","object":"thread.run","status":"requires_action"}`, all, false},
		{`{"type":"content_block_stop","index":0}`, []string{"content_block/0/text"}, false},
		{`{"type":"message_stop"}`, all, true},
	} {
		for name, d := range map[string]*llm.Doc{
			"event":   oneEvent(llm.Endpoint{}, "data: "+tt.data+"\n\n"),
			"message": llm.Endpoint{}.Messages().Server([]byte(tt.data)),
		} {
			var got []string
			for _, s := range streams {
				if d.Ends(s) {
					got = append(got, s)
				}
			}
			if !slices.Equal(got, tt.want) || d.Final() != tt.final {
				t.Errorf("%s %s: ends %q, final %v; want %q, %v", name, tt.data, got, d.Final(), tt.want, tt.final)
			}
		}
	}
}
