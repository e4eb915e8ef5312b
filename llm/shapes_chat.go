package llm

// Chat completions and completions.

var chatRequest = &shape{role: Other, members: []member{
	{"messages", &shape{each: chatMessage}},
	{"model", aModel},
	{"stream", aStreamFlag},
	{"tools", definition},
	{"functions", definition},
	{"response_format", definition},
	{"prediction", &shape{role: User, members: []member{{"content", parts}}}},
}}

var chatMessage = &shape{role: User, voice: true, members: append([]member{
	{"role", aRole},
	{"content", parts},
}, chatCalls...)}

// chatCalls are what a message asks of tools.
var chatCalls = []member{
	{"tool_calls", &shape{each: &shape{members: []member{
		{"function", &shape{members: []member{{"arguments", called}}}},
		{"custom", &shape{members: []member{{"input", called}}}},
	}}}},
	{"function_call", &shape{members: []member{{"arguments", called}}}},
}

var chatResponse = &shape{role: Other, members: []member{
	{"choices", chatChoices},
	{"model", aModel},
	{"data", &shape{each: &shape{role: Model, voice: true, members: append([]member{ // lists of chats, or of messages
		{"choices", chatChoices},
		{"content_parts", parts},
	}, chatMessage.members...)}}},
}}

// chatChoices are the choices of a body, which have a message. Those of events
// have a delta; some providers put their deltas where bodies have the message, or
// a completion's text.
var (
	chatChoices = choices(member{"message", &shape{
		members: append([]member{{"audio", &shape{members: []member{{"data", audio}}}}}, chatCalls...),
	}})
	eventChoices = choices(member{"message", chatDelta}, member{"text", running("text")})
)

func choices(more ...member) *shape {
	return &shape{role: Model, run: "choices", counted: true, each: &shape{members: append([]member{
		{"index", anIndex},
		{"delta", chatDelta},
		{"logprobs", chatLogprobs},
		{"finish_reason", &shape{note: noteFinish}},
	}, more...)}}
}

var chatDelta = &shape{loose: true, members: []member{
	{"content", talking("content")},
	{"refusal", talking("refusal")},
	{"reasoning_content", talking("reasoning_content")},
	{"reasoning", talking("reasoning")},
	{"tool_calls", &shape{run: "tool_calls", counted: true, each: &shape{members: []member{
		{"index", anIndex},
		{"function", &shape{members: []member{{"arguments", calling("arguments")}, {"name", running("name")}}}},
		{"custom", &shape{members: []member{{"input", calling("input")}, {"name", running("name")}}}},
	}}}},
	{"function_call", &shape{members: []member{
		{"arguments", calling("function_call/arguments")}, {"name", running("function_call/name")},
	}}},
	{"audio", &shape{members: []member{
		{"data", audio}, {"transcript", running("audio/transcript")},
	}}},
}}

// chatLogprobs spell the text out again, token by token: a running text too.
var chatLogprobs = &shape{note: noteSpelling, members: []member{
	{"content", &shape{each: &shape{members: []member{{"token", running("logprobs/content")}, {"bytes", tokenBytes}}}}},
	{"refusal", &shape{each: &shape{members: []member{{"token", running("logprobs/refusal")}, {"bytes", tokenBytes}}}}},
	{"tokens", &shape{each: running("logprobs/tokens")}},
}}

var tokenBytes = &shape{opaque: opaqueTokens}

func running(name string) *shape { return &shape{run: name} }

// talking is running, or holds such texts in a form of its own: a list of parts.
func talking(name string) *shape { return &shape{run: name, loose: true} }

func calling(name string) *shape { return &shape{run: name, call: true} }

var completionsRequest = &shape{role: Other, members: []member{
	{"prompt", asked},
	{"suffix", asked},
	{"model", aModel},
	{"stream", aStreamFlag},
}}

var (
	completionsResponse = completionsAnswer(&shape{})
	completionsEvent    = completionsAnswer(running("text"))
)

func completionsAnswer(text *shape) *shape {
	return &shape{role: Other, members: []member{
		{"choices", &shape{role: Model, run: "choices", counted: true, each: &shape{members: []member{
			{"index", anIndex},
			{"text", text},
			{"logprobs", chatLogprobs},
			{"finish_reason", &shape{note: noteFinish}},
		}}}},
		{"model", aModel},
	}}
}

// Embeddings and moderations.

var inputRequest = &shape{role: Other, members: []member{
	{"input", &shape{role: User, opaque: opaqueTokens, each: &shape{
		role: User, opaque: opaqueTokens, members: part.members,
	}}},
	{"model", aModel},
}}

var embeddingsResponse = &shape{role: Other, members: []member{
	{"data", &shape{each: &shape{members: []member{{"embedding", &shape{opaque: opaqueEmbedding}}}}}},
	{"model", aModel},
}}

var plainResponse = &shape{role: Other, members: []member{{"model", aModel}}}
