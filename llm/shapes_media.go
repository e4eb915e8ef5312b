package llm

// Images, videos and sound.

var promptRequest = &shape{role: Other, members: []member{
	{"prompt", &shape{role: User}},
	{"model", aModel},
	{"stream", aStreamFlag},
	{"image", &shape{opaque: opaqueMedia}},
	{"images", &shape{each: &shape{opaque: opaqueMedia, members: part.members}}},
	{"mask", &shape{opaque: opaqueMedia, members: part.members}},
	{"input_reference", &shape{members: part.members}},
}}

var imagesResponse = &shape{role: Other, members: []member{
	{"data", &shape{role: Model, each: &shape{members: []member{{"b64_json", media}}}}},
	{"model", aModel},
}}

var imagesEvent = &shape{role: Other, members: append([]member{
	{"b64_json", media},
}, genericEvent.members...)}

var videosResponse = &shape{role: Other, members: []member{
	{"prompt", &shape{role: User}},
	{"data", &shape{each: &shape{members: []member{{"prompt", &shape{role: User}}}}}},
	{"model", aModel},
}}

var audioRequest = &shape{role: Other, members: []member{
	{"input", &shape{role: User}},
	{"prompt", &shape{role: User}},
	{"keywords", &shape{role: User, each: &shape{role: User}}},
	{"instructions", operator},
	{"known_speaker_references", &shape{opaque: opaqueAudio, each: audio}},
	{"model", aModel},
	{"stream", aStreamFlag},
}}

// transcript spells its text out twice more: in tokens' numbers, and in log
// probabilities.
var transcript = &shape{role: Other, members: []member{
	{"text", &shape{role: Model}},
	{"segments", &shape{role: Model, each: &shape{members: []member{{"tokens", numbers}}}}},
	{"words", &shape{role: Model}},
	{"logprobs", spelt},
	{"model", aModel},
}}

// numbers are the numbers of a text's tokens, beside that text.
var numbers = &shape{opaque: opaqueTokens, note: noteSpelling}

var transcriptEvent = genericEvent
