package llm

// The Responses API, and what is not known.

var responsesRequest = &shape{role: Other, members: []member{
	{"input", responsesInput},
	{"instructions", operator},
	{"model", aModel},
	{"stream", aStreamFlag},
	{"tools", definition},
	{"client_metadata", definition}, // the program's, about itself
	{"text", definition},
	{"prompt", &shape{members: []member{{"variables", &shape{role: User, members: part.members}}}}},
}}

// responsesInput is a string or a list of items.
var responsesInput = &shape{role: User, each: inputItem}

// An item holds the same members whoever sends it; only who speaks when it does
// not say differs.
var (
	inputItem  = &shape{role: User, voice: true, members: itemMembers}
	outputItem = &shape{role: Model, voice: true, members: itemMembers}
)

var itemMembers = []member{
	{"type", aType},
	{"role", aRole},
	{"content", parts},
	{"output", toolOutput},
	{"outputs", toolOutput},
	{"results", toolOutput},
	{"result", media},
	{"encrypted_content", encrypted},
	{"image_url", media},
	{"file_data", media},
	{"arguments", called},
	{"input", called},
	{"code", called},
	{"action", called},
	{"actions", called},
	{"operation", called},
	{"queries", called},
}

var toolOutput = &shape{role: Tool, members: part.members, each: part}

// responsesResponse echoes what was asked beside what was answered.
var responsesResponse = &shape{role: Other, members: []member{
	{"output", &shape{role: Model, each: outputItem}},
	{"output_text", &shape{role: Model}},
	{"data", &shape{each: inputItem}}, // a list of input items
	{"instructions", operator},
	{"tools", definition},
	{"text", definition},
	{"model", aModel},
}}

// An event's own response and item identify the texts that it completes.
var responsesEvent = &shape{role: Other, members: append([]member{
	{"response", &shape{role: Other, members: append([]member{{"id", &shape{note: noteResponse}}}, responsesResponse.members...)}},
	{"item", &shape{role: Model, voice: true, members: append([]member{{"id", &shape{note: noteItem}}}, itemMembers...)}},
}, eventMembers...)}

// eventMembers are the members of typed events: what is said, and which running
// text it continues.
var eventMembers = []member{
	{"type", &shape{note: noteEvent}},
	{"delta", &shape{role: Model, delta: true, opaque: opaqueAudioDelta, members: []member{
		{"stdout", &shape{role: Tool, delta: true, run: "stdout"}},
		{"stderr", &shape{role: Tool, delta: true, run: "stderr"}},
		{"text", &shape{delta: true, run: "text"}},
		{"partial_json", &shape{delta: true, run: "partial_json", call: true}},
		{"thinking", &shape{delta: true, run: "thinking"}},
		{"content", &shape{run: "content", counted: true, each: &shape{members: []member{ // Assistants
			{"index", anIndex},
			{"text", &shape{members: []member{{"value", running("text")}}}},
			{"refusal", running("refusal")},
		}}}},
		{"step_details", &shape{members: []member{{"tool_calls", &shape{run: "tool_calls", counted: true, each: stepCall}}}}},
	}}},
	{"event_id", &shape{note: noteSession}},
	{"item_id", &shape{note: noteItem}},
	{"response_id", &shape{note: noteResponse}},
	{"output_index", &shape{note: noteOutput}},
	{"index", &shape{note: noteOutput}},
	{"content_index", &shape{note: noteContent}},
	{"summary_index", &shape{note: noteSummary}},
	{"command_index", &shape{note: noteCommand}},
	{"part", &shape{role: Model, members: part.members}},
	{"text", &shape{role: Model}},
	{"refusal", &shape{role: Model}},
	// Whether these are a call's is known by the event's type, as of deltas.
	{"arguments", aWhole},
	{"code", aWhole},
	{"input", &shape{role: Model, delta: true, each: inputItem}}, // or what is injected
	{"command", aWhole},
	{"output", toolOutput},
	{"diff", aWhole},
	{"id", &shape{note: noteID}}, // of an Assistants object
	{"object", &shape{note: noteObject}},
	{"status", &shape{note: noteStatus}},
	{"logprobs", spelt},
	{"transcript", &shape{role: Model}},
	{"annotation", &shape{role: Model}},
	{"partial_image_b64", media},
	{"audio", &shape{opaque: opaqueAudioDelta}},
}

var aWhole = &shape{role: Model, delta: true}

// stepCall is a tool call of an Assistants run, as it grows.
var stepCall = &shape{members: []member{
	{"index", anIndex},
	{"function", &shape{members: []member{
		{"arguments", calling("arguments")},
		{"name", running("name")},
		{"output", &shape{role: Tool, run: "output"}},
	}}},
	{"code_interpreter", &shape{members: []member{
		{"input", calling("code")},
		{"outputs", &shape{role: Tool, run: "outputs", counted: true, each: &shape{members: []member{
			{"index", anIndex},
			{"logs", running("logs")},
		}}}},
	}}},
}}

// The generic shapes give no role: the caller knows the direction. A stream is
// read by the rules of every stream that we know, since an unknown path often
// speaks a known dialect.
var (
	genericBody  = &shape{role: Other, members: []member{{"model", aModel}, {"stream", aStreamFlag}}}
	genericEvent = &shape{role: Other, members: append([]member{
		{"choices", eventChoices},
		{"model", aModel},
		{"candidates", &shape{role: Model, run: "candidates", counted: true, each: &shape{members: []member{ // Gemini
			{"index", anIndex},
			{"content", &shape{loose: true}},
		}}}},
	}, responsesEvent.members...)}
)
