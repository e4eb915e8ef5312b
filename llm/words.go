package llm

// isWord reports whether s is a word of the wire formats themselves: the name of
// a member or a fixed value. Such a text cannot carry anything, so whoever
// inspects may pass it over. The list need not be complete.
func isWord(s string) bool {
	switch s {
	// Requests.
	case "model", "messages", "role", "content", "name", "stream", "temperature", "top_p", "n",
		"max_tokens", "max_completion_tokens", "max_output_tokens", "stop", "user", "seed", "tools",
		"tool_choice", "parallel_tool_calls", "functions", "function", "parameters", "description",
		"properties", "required", "type", "items", "enum", "strict", "response_format",
		"json_schema", "schema", "additionalProperties", "frequency_penalty", "presence_penalty",
		"logit_bias", "logprobs", "top_logprobs", "metadata", "store", "service_tier",
		"stream_options", "include_usage", "include_obfuscation", "reasoning_effort", "reasoning",
		"effort", "summary", "verbosity", "modalities", "prediction", "safety_identifier",
		"prompt_cache_key", "input", "instructions", "prompt", "suffix", "best_of", "echo",
		"previous_response_id", "include", "truncation", "background", "text", "format",
		"dimensions", "encoding_format", "image_url", "url", "detail", "file", "file_data",
		"file_id", "filename", "input_audio", "variables", "conversation", "version":
		return true
	// Answers.
	case "id", "object", "created", "created_at", "choices", "index", "message", "delta",
		"refusal", "annotations", "finish_reason", "usage", "prompt_tokens", "completion_tokens",
		"total_tokens", "input_tokens", "output_tokens", "prompt_tokens_details",
		"completion_tokens_details", "input_tokens_details", "output_tokens_details",
		"cached_tokens", "audio_tokens", "reasoning_tokens", "accepted_prediction_tokens",
		"rejected_prediction_tokens", "system_fingerprint", "tool_calls", "tool_call_id",
		"function_call", "arguments", "call_id", "data", "embedding", "owned_by", "results",
		"flagged", "categories", "category_scores", "category_applied_input_types", "token",
		"logprob", "bytes", "obfuscation", "status", "output", "error", "incomplete_details",
		"response", "item", "item_id", "output_index", "content_index", "summary_index",
		"sequence_number", "part", "code", "param", "transcript", "completed_at",
		"max_tool_calls", "reasoning_content", "encrypted_content":
		return true
	// Values.
	case "system", "developer", "assistant", "tool", "chat.completion", "chat.completion.chunk",
		"text_completion", "list", "auto", "none", "default", "length", "content_filter",
		"input_text", "output_text", "input_image", "input_file", "json_object", "string",
		"number", "integer", "boolean", "array", "null", "float", "base64", "low", "medium",
		"high", "minimal", "function_call_output", "completed", "in_progress", "incomplete",
		"failed", "disabled", "response.created", "response.in_progress", "response.completed",
		"response.output_item.added", "response.output_item.done", "response.content_part.added",
		"response.content_part.done", "response.output_text.delta", "response.output_text.done",
		"response.function_call_arguments.delta", "response.function_call_arguments.done",
		"response.refusal.delta", "response.reasoning_summary_text.delta", "response.failed",
		"response.incomplete":
		return true
	}
	return false
}
