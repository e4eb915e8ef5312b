package llm_test

import (
	"slices"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestCall: what a tool call will do is marked wherever it stands, and nothing
// else is. Texts that are marked begin with "do".
func TestCall(t *testing.T) {
	chat, responses := endpoint("/v1/chat/completions"), endpoint("/v1/responses")
	event := func(ep llm.Endpoint) func([]byte) *llm.Doc {
		return func(b []byte) *llm.Doc { return oneEvent(ep, "data: "+string(b)+"\n\n") }
	}
	for _, tt := range []struct {
		read func([]byte) *llm.Doc
		body string
		want []string
	}{
		{chat.Request, `{"messages":[{"role":"assistant","content":"x","tool_calls":[{"id":"c","function":{"name":"f","arguments":"do1"}},{"custom":{"name":"g","input":"do2"}}],"function_call":{"name":"f","arguments":"do3"}},{"role":"tool","content":"y"}]}`, []string{"do1", "do2", "do3"}},
		{chat.Response, `{"choices":[{"message":{"content":"x","tool_calls":[{"function":{"name":"f","arguments":"do1"}}]}}]}`, []string{"do1"}},
		{event(chat), `{"choices":[{"delta":{"content":"x","tool_calls":[{"index":0,"function":{"name":"f","arguments":"do1"}},{"custom":{"input":"do2"}}],"function_call":{"arguments":"do3"}}}]}`, []string{"do1", "do2", "do3"}},
		{responses.Request, `{"instructions":"x","input":[{"type":"function_call","name":"f","arguments":"do1"},{"type":"custom_tool_call","input":"do2"},{"type":"code_interpreter_call","code":"do3","outputs":[{"logs":"x"}]},{"type":"local_shell_call","action":{"type":"exec","command":["do4"],"env":{"do5":"do6"}}},{"type":"shell_call","action":{"commands":["do7"]}},{"type":"apply_patch_call","operation":{"type":"update_file","path":"do8","diff":"do9"}},{"type":"mcp_call","arguments":"do10","output":"x"},{"type":"function_call_output","output":"x"},{"type":"message","role":"user","content":"x"}]}`,
			[]string{"do1", "do2", "do3", "exec", "command", "do4", "env", "do5", "do6", "commands", "do7", "update_file", "path", "do8", "diff", "do9", "do10"}},
		{event(responses), `{"type":"response.function_call_arguments.delta","item_id":"i","delta":"do"}`, []string{"do"}},
		{event(responses), `{"delta":"do","item_id":"i","type":"response.shell_call_command.delta"}`, []string{"do"}},
		{event(responses), `{"type":"response.custom_tool_call_input.done","item_id":"i","input":"do"}`, []string{"do"}},
		{event(responses), `{"type":"response.code_interpreter_call_code.done","item_id":"i","code":"do"}`, []string{"do"}},
		{event(responses), `{"type":"response.shell_call_command.done","command":"do"}`, []string{"do"}},
		{event(responses), `{"type":"response.output_text.delta","item_id":"i","delta":"x"}`, nil},
		{event(responses), `{"type":"error","code":"x","message":"y"}`, nil},
		{event(responses), `{"type":"response.output_item.done","item":{"id":"i","type":"mcp_call","arguments":"do","output":"x"}}`, []string{"do"}},
		{event(llm.Endpoint{}), `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"do"}}`, []string{"do"}},
		{responses.Messages().Client, `{"type":"response.create","input":[{"type":"function_call","arguments":"do1"},{"type":"message","content":"x"}]}`, []string{"do1"}},
		{responses.Messages().Client, `{"type":"conversation.item.create","item":{"type":"function_call","arguments":"do1"}}`, []string{"do1"}},
		{responses.Messages().Server, `{"type":"response.mcp_call_arguments.delta","response_id":"r","item_id":"i","output_index":0,"delta":"do"}`, []string{"do"}},
	} {
		var got []string
		for _, s := range tt.read([]byte(tt.body)).Segments() {
			if s.Call && s.Text != "type" {
				got = append(got, s.Text)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s\ngot  %q\nwant %q", tt.body, got, tt.want)
		}
	}
}
