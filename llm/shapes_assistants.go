package llm

import "slices"

// Assistants, threads, vector stores, conversations, sessions and ChatKit.

var assistantMembers = []member{
	{"instructions", operator},
	{"description", operator},
	{"additional_instructions", operator},
	{"tools", definition},
	{"response_format", definition},
	{"model", aModel},
	{"stream", aStreamFlag},
}

var assistantBody = &shape{role: Other, members: with(assistantMembers,
	member{"data", &shape{each: &shape{members: assistantMembers}}})}

// threadMembers are those of a message, a run or a step.
var threadMembers = with(assistantMembers,
	member{"role", aRole},
	member{"content", parts},
	member{"required_action", &shape{role: Model, members: []member{
		{"submit_tool_outputs", &shape{members: chatCalls}},
	}}},
	member{"step_details", &shape{role: Model, members: []member{
		{"tool_calls", &shape{each: &shape{members: []member{
			{"function", &shape{members: []member{{"arguments", called}, {"output", toolOutput}}}},
			{"code_interpreter", &shape{members: []member{{"input", called}, {"outputs", toolOutput}}}},
			{"file_search", toolOutput},
		}}}},
	}}},
)

// A message may stand at the root, so the root may say who speaks. Where it does
// not, nobody is given more than the user's part.
var (
	threadsRequest = &shape{role: User, voice: true, members: with(threadMembers,
		member{"messages", &shape{each: chatMessage}},
		member{"additional_messages", &shape{each: chatMessage}},
		member{"thread", &shape{members: []member{{"messages", &shape{each: chatMessage}}}}},
		member{"tool_outputs", &shape{each: &shape{members: []member{{"output", toolOutput}}}}},
	)}
	threadsResponse = &shape{role: User, voice: true, members: with(threadMembers,
		member{"data", &shape{each: &shape{role: User, voice: true, members: threadMembers}}})}
	threadsEvent = &shape{role: Other, voice: true, members: with(eventMembers, threadMembers...)}
)

var queryRequest = &shape{role: Other, members: []member{
	{"query", &shape{role: User}},
	{"description", &shape{role: User}},
}}

var foundResponse = &shape{role: Other, members: []member{
	{"search_query", &shape{role: User}},
	{"data", &shape{each: &shape{members: []member{
		{"content", &shape{role: Tool}},
		{"text", &shape{role: Tool}},
		{"attributes", &shape{role: Tool}},
	}}}},
}}

// itemsBody holds items, a list of them, or is one.
var itemsBody = &shape{role: User, voice: true, members: with(itemMembers,
	member{"items", &shape{each: inputItem}},
	member{"data", &shape{each: inputItem}},
)}

// sessionBody is a Realtime session, or holds one.
var sessionBody = &shape{role: Other, members: with(aSession.members, member{"session", aSession})}

// issued are the places in an answer where the provider hands out a key.
var (
	aCredential = &shape{opaque: opaqueCredential}
	issued      = []member{
		{"value", aCredential},
		{"client_secret", &shape{opaque: opaqueCredential, members: []member{{"value", aCredential}}}},
		{"api_key", &shape{members: []member{{"value", aCredential}}}},
	}
	sessionAnswer = &shape{role: Other, members: with(sessionBody.members, issued...)}
	keysAnswer    = &shape{role: Other, members: issued}
	chatkitAnswer = &shape{role: Other, members: with(chatkitBody.members, issued...)}
)

var chatkitBody = &shape{role: Other, members: []member{
	{"workflow", &shape{members: []member{{"state_variables", &shape{role: User}}}}},
	{"data", &shape{each: inputItem}},
}}

// with returns members and then more.
func with(members []member, more ...member) []member {
	return append(slices.Clone(members), more...)
}
