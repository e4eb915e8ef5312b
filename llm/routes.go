package llm

// tables is all that we know of an endpoint: where text is in each of its
// surfaces, and who speaks there.
type tables struct {
	name     string
	request  *shape // a JSON body, and the fields of a form by their names
	response *shape // a JSON body
	event    *shape // one event of a stream; every dialect where nil
	// content marks a response that is a file itself, read line by line where
	// its lines are documents.
	content bool
	// pieces marks forms whose files are pieces of a file, cut anywhere.
	pieces bool
}

var generic = &tables{name: "generic", request: genericBody, response: genericBody}

// The endpoints. A surface that is not named here holds no more than
// identifiers and settings: it is read all the same, and its role is Other.
var (
	// System: system and developer messages. User, Model and Tool by the
	// messages' roles. Definition: tools and response format. Answers and
	// streams are the model's.
	chatCompletions = &tables{name: "chat.completions", request: chatRequest, response: chatResponse, event: genericEvent}
	// User: prompt and suffix. Model: choices.
	completions = &tables{name: "completions", request: completionsRequest, response: completionsResponse, event: completionsEvent}
	// System: instructions. User, Model, Tool by the items. Definition: tools
	// and text format. SSE and WebSocket alike.
	responses = &tables{name: "responses", request: responsesRequest, response: responsesResponse, event: genericEvent}
	// The same for sessions and conversation items; mostly WebSocket. System:
	// also the prompts for transcription. A form's "session" field is JSON.
	realtime = &tables{name: "realtime", request: sessionBody, response: sessionAnswer, event: serverMessage}
	// Items by who speaks in them.
	conversations = &tables{name: "conversations", request: itemsBody, response: itemsBody, event: responsesEvent}
	// User: input. Vectors are skipped.
	embeddings = &tables{name: "embeddings", request: inputRequest, response: embeddingsResponse}
	// User: input.
	moderations = &tables{name: "moderations", request: inputRequest, response: plainResponse}
	models      = &tables{name: "models", request: genericBody, response: plainResponse}
	// User: prompt, in JSON and forms. Model: the revised prompt. Images,
	// partial ones included, are skipped.
	images = &tables{name: "images", request: promptRequest, response: imagesResponse, event: imagesEvent}
	videos = &tables{name: "videos", request: promptRequest, response: videosResponse}
	// User: input of speech, prompt and keywords. System: instructions. Model:
	// transcripts, streamed ones included. Sound is skipped.
	audios = &tables{name: "audio", request: audioRequest, response: transcript, event: transcriptEvent}
	// Forms: JSONL by its lines, other text is what tools will bring in.
	files       = &tables{name: "files", request: genericBody, response: plainResponse}
	fileContent = &tables{name: "files", request: genericBody, response: plainResponse, content: true}
	uploads     = &tables{name: "uploads", request: genericBody, response: plainResponse, pieces: true}
	batches     = &tables{name: "batches", request: genericBody, response: plainResponse}
	// Messages of graders and of examples by their roles.
	fineTuning = &tables{name: "fine_tuning", request: gradersBody, response: gradersBody}
	evals      = &tables{name: "evals", request: gradersBody, response: gradersBody}
	// System: instructions. Definition: tools and response format.
	assistants = &tables{name: "assistants", request: assistantBody, response: assistantBody}
	// Threads, their messages, runs and steps. System: instructions, also
	// additional ones. Tool: outputs.
	threads = &tables{name: "threads", request: threadsRequest, response: threadsResponse, event: threadsEvent}
	// User: query. Tool: what was found, and files' content.
	vectorStores = &tables{name: "vector_stores", request: queryRequest, response: foundResponse}
	// Forms as for files.
	containers       = &tables{name: "containers", request: containerBody, response: plainResponse}
	containerContent = &tables{name: "containers", request: genericBody, response: plainResponse, content: true}
	// User: state variables, user messages. Model, Tool: items by their types.
	chatkit = &tables{name: "chatkit", request: chatkitBody, response: chatkitAnswer, event: responsesEvent}
	// Forms: a skill's files are instructions from outside.
	skills       = &tables{name: "skills", request: skillsBody, response: skillsBody}
	skillContent = &tables{name: "skills", request: genericBody, response: plainResponse, content: true}
	// Administration: no content at all.
	organization = &tables{name: "organization", request: genericBody, response: keysAnswer}
)

// anyMethod stands for the methods that the API uses.
const anyMethod = "*"

// routes is where the endpoints are: a method and the last steps of the path. A
// star stands for any one step, two stars at the end for any number. The first
// to fit wins. What stands before those steps differs between providers and
// gateways ("/v1", "/openai/deployments/x").
var routes = []struct {
	method string
	steps  []string
	tables *tables
}{
	// Administration first: its reports are named like what they report on.
	{anyMethod, []string{"organization", "**"}, organization},
	{anyMethod, []string{"projects", "*", "groups", "**"}, organization},
	{anyMethod, []string{"projects", "*", "roles", "**"}, organization},
	{anyMethod, []string{"projects", "*", "users", "**"}, organization},
	{"POST", []string{"chat", "completions"}, chatCompletions},
	{"GET", []string{"chat", "completions"}, chatCompletions},
	{anyMethod, []string{"chat", "completions", "*"}, chatCompletions},
	{"GET", []string{"chat", "completions", "*", "messages"}, chatCompletions},
	{"POST", []string{"completions"}, completions},
	{"POST", []string{"responses"}, responses},
	{"GET", []string{"responses"}, responses}, // the WebSocket
	{anyMethod, []string{"responses", "*"}, responses},
	{"GET", []string{"responses", "*", "input_items"}, responses},
	{"POST", []string{"responses", "*", "cancel"}, responses},
	{anyMethod, []string{"realtime", "**"}, realtime},
	{anyMethod, []string{"conversations", "**"}, conversations},
	{"POST", []string{"embeddings"}, embeddings},
	{"POST", []string{"moderations"}, moderations},
	{"GET", []string{"models"}, models},
	{"GET", []string{"models", "*"}, models},
	{"DELETE", []string{"models", "*"}, models},
	{"POST", []string{"images", "*"}, images},
	{anyMethod, []string{"videos", "**"}, videos},
	{anyMethod, []string{"audio", "**"}, audios},
	{anyMethod, []string{"vector_stores", "**"}, vectorStores},
	{"GET", []string{"containers", "*", "files", "*", "content"}, containerContent},
	{anyMethod, []string{"containers", "**"}, containers},
	{"GET", []string{"skills", "*", "content"}, skillContent},
	{"GET", []string{"skills", "*", "versions", "*", "content"}, skillContent},
	{anyMethod, []string{"skills", "**"}, skills},
	{"GET", []string{"files", "*", "content"}, fileContent},
	{anyMethod, []string{"files", "**"}, files},
	{anyMethod, []string{"uploads", "**"}, uploads},
	{anyMethod, []string{"batches", "**"}, batches},
	{anyMethod, []string{"fine_tuning", "**"}, fineTuning},
	{anyMethod, []string{"evals", "**"}, evals},
	{anyMethod, []string{"assistants", "**"}, assistants},
	{anyMethod, []string{"chatkit", "**"}, chatkit},
	{anyMethod, []string{"threads", "**"}, threads},
}
