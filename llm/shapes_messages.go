package llm

// What WebSocket messages hold. One pair of tables serves every endpoint: the
// type of a message says what it is.

// clientMessage is a Realtime client event, or a Responses request in one.
var clientMessage = &shape{role: Other, members: append([]member{
	{"session", aSession},
	{"response", aSession},
	{"item", inputItem},
	{"audio", audio},
}, responsesRequest.members...)}

// aSession is what a Realtime session or response is configured with.
var aSession = &shape{role: Other, members: []member{
	{"instructions", operator},
	{"tools", definition},
	{"input", responsesInput},
	{"model", aModel},
	{"prompt", &shape{members: []member{{"variables", &shape{role: User, members: part.members}}}}},
	{"output", &shape{role: Model, each: outputItem}},
	{"audio", &shape{members: []member{{"input", &shape{members: []member{
		{"transcription", &shape{members: []member{{"prompt", operator}}}},
	}}}}}},
	{"input_audio_transcription", &shape{members: []member{{"prompt", operator}}}},
}}

// serverMessage is a Realtime server event, or an event of a Responses stream.
var serverMessage = &shape{role: Other, members: append([]member{
	{"session", aSession},
}, genericEvent.members...)}
