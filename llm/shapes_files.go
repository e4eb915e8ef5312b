package llm

// Files: what is uploaded to be learned from, evaluated or run in a batch, and
// what comes back. Their lines are documents.

// example is a line to learn from, or to be graded by: a chat, two answers to
// one, or a completion.
var example = &shape{role: Other, members: []member{
	{"messages", &shape{each: chatMessage}},
	{"tools", definition},
	{"functions", definition},
	{"input", &shape{role: User, members: []member{
		{"messages", &shape{each: chatMessage}},
		{"tools", definition},
	}}},
	{"preferred_output", answers},
	{"non_preferred_output", answers},
	{"prompt", &shape{role: User}},
	{"completion", &shape{role: Model}},
	{"item", &shape{role: User}},
	{"sample", sample},
}}

var answers = &shape{each: &shape{role: Model, voice: true, members: chatMessage.members}}

// sample is what a model was asked and said.
var sample = &shape{role: Model, members: []member{
	{"input", &shape{role: User, each: chatMessage}},
	{"output", answers},
	{"model", aModel},
}}

// answered is a line of a batch's output. Its body is of any endpoint.
var answered = &shape{role: Other, members: []member{
	{"response", &shape{members: []member{{"body", &shape{role: Other, members: []member{
		{"choices", chatChoices},
		{"output", &shape{role: Model, each: outputItem}},
		{"instructions", operator},
		{"tools", definition},
		{"text", definition},
		{"data", &shape{role: Model, each: &shape{members: []member{
			{"embedding", &shape{opaque: opaqueEmbedding}},
			{"b64_json", media},
		}}}},
		{"model", aModel},
	}}}}}},
}}

// gradersBody serves fine-tuning and evals, in both directions: graders and
// data sources with their messages, samples and items.
var gradersBody = &shape{role: Other, members: with(gradersMembers,
	member{"data", &shape{each: &shape{members: gradersMembers}}})}

var gradersMembers = []member{
	{"model", aModel},
	{"testing_criteria", &shape{each: grader}},
	{"grader", grader},
	{"method", &shape{members: []member{{"reinforcement", &shape{members: []member{{"grader", grader}}}}}}},
	{"model_sample", &shape{role: Model}},
	{"item", &shape{role: User}},
	{"datasource_item", &shape{role: User}},
	{"sample", sample},
	{"data_source", &shape{members: []member{
		{"input_messages", &shape{members: []member{{"template", &shape{each: chatMessage}}}}},
		{"sampling_params", definition},
		{"source", &shape{members: []member{{"content", &shape{each: example}}}}},
		{"model", aModel},
	}}},
}

// grader is a model with its messages, or code, or a few of either.
var grader = &shape{role: Other, members: with(graderMembers,
	member{"graders", &shape{members: graderMembers, each: &shape{members: graderMembers}}})}

var graderMembers = []member{
	{"input", &shape{role: User, each: chatMessage}},
	{"source", called},
}

var skillsBody = &shape{role: Other, members: []member{
	{"description", definition},
	{"data", &shape{each: &shape{members: []member{{"description", definition}}}}},
}}

var containerBody = &shape{role: Other, members: []member{
	{"skills", &shape{role: Definition, each: &shape{members: []member{
		{"source", &shape{members: []member{{"data", media}}}},
	}}}},
}}
