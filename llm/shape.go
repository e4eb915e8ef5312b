package llm

import (
	"cmp"
	"slices"
)

// shape says what the places of a document are. The tables of shapes are the
// one list of where text is and who speaks there; a place without a shape is
// read all the same and belongs to whoever speaks around it.
type shape struct {
	// role is who speaks here and below; empty inherits.
	role Role
	// voice marks an object whose own "role" or "type" member says who speaks
	// in it, wherever in the object that member stands. Then role is what holds
	// when it does not say.
	voice bool
	// run names the running text that a string here continues. In a counted
	// shape it names the list instead, whose elements tell texts apart.
	run     string
	counted bool
	// delta marks a string that continues the text named by the event's type
	// and identifiers (see eventNotes), with run as its last part if not empty.
	delta bool
	// loose marks a delta: what is not named below it, in whatever dialect, is a
	// running text as well, named by its path.
	loose bool
	// call marks what a tool call will do, here and below.
	call bool
	// opaque says what a value here may be instead of text.
	opaque opaque
	// note says what the walk remembers of the value.
	note    note
	members []member
	each    *shape // the elements of an array
}

type member struct {
	name  string
	shape *shape
}

// member returns the shape of the named member, or nil.
func (s *shape) member(name string) *shape {
	if s == nil {
		return nil
	}
	for i := range s.members {
		if s.members[i].name == name {
			return s.members[i].shape
		}
	}
	if s.loose && !slices.Contains(labels, name) {
		return looseText
	}
	return nil
}

// element returns the shape of an array's elements, or nil.
func (s *shape) element() *shape {
	if s == nil || s.each == nil && !s.loose {
		return nil
	}
	return cmp.Or(s.each, looseText)
}

// looseText is what a delta says at a place that no table names.
var looseText = &shape{loose: true}

// labels are the members of deltas that label them, anew in each: no text.
var labels = []string{
	"id", "type", "role", "object", "name", "format", "status", "model", "index", "finish_reason", "signature", "data", "encrypted_content",
}

// note is what the walk remembers of a value besides its text.
type note uint8

const (
	noteNone   note = iota
	noteRole        // "role" of the object around it
	noteType        // "type" of the object around it
	noteIndex       // "index" of the object around it
	noteModel       // the document's model
	noteStream      // whether the document asks for a stream
	noteEvent       // the type of the event
	noteItem        // identifiers of the running text that the event continues
	noteResponse
	noteOutput
	noteContent
	noteSummary
	noteCommand
	noteObject // what an Assistants object is, and its id and state
	noteID
	noteStatus
	noteSession  // what only the events of a Realtime session have
	noteFinish   // "finish_reason" of a choice
	noteSpelling // log probabilities: the text beside them again, token by token
)

// indexNotes are the first notes, of which some hold an index.
const indexNotes = noteCommand + 1

// Shapes that many tables share.
var (
	aRole       = &shape{note: noteRole}
	aType       = &shape{note: noteType}
	anIndex     = &shape{note: noteIndex}
	aModel      = &shape{note: noteModel}
	aStreamFlag = &shape{note: noteStream}
	media       = &shape{opaque: opaqueMedia}
	audio       = &shape{opaque: opaqueAudio}
	encrypted   = &shape{opaque: opaqueEncrypted}
	definition  = &shape{role: Definition}
	operator    = &shape{role: System}
	spelt       = &shape{role: Model, note: noteSpelling, each: &shape{members: []member{{"bytes", tokenBytes}}}}
	called      = &shape{call: true}
	// asked is a user's text: a string, a list of them, or token numbers.
	asked = &shape{role: User, opaque: opaqueTokens, each: &shape{role: User, opaque: opaqueTokens}}
)

// parts is message content: a string or a list of parts.
var parts = &shape{each: part}

var part = &shape{members: []member{
	{"image_url", &shape{opaque: opaqueMedia, members: []member{{"url", media}}}},
	{"input_audio", &shape{members: []member{{"data", media}}}},
	{"file", &shape{members: []member{{"file_data", media}}}},
	{"file_data", media},
	{"audio", audio}, // Realtime
	{"logprobs", spelt},
}}

// speaker returns who speaks in a message of the given role.
func speaker(role string) Role {
	switch role {
	case "system", "developer":
		return System
	case "assistant":
		return Model
	case "tool", "function":
		return Tool
	}
	return User // an unknown role gets no privilege
}

// itemSpeaker returns who speaks in an item of the given type, or "" when its
// role says.
func itemSpeaker(kind string) Role {
	switch kind {
	case "", "message", "additional_tools": // the latter is what Codex sends its tools in
		return ""
	case "function_call_output", "custom_tool_call_output", "computer_call_output",
		"local_shell_call_output", "shell_call_output", "apply_patch_call_output",
		"tool_search_output", "web_search_call", "file_search_call", "mcp_list_tools":
		return Tool
	case "function_call", "custom_tool_call", "computer_call", "local_shell_call",
		"shell_call", "apply_patch_call", "tool_search_call", "code_interpreter_call",
		"image_generation_call", "mcp_call", "mcp_approval_request", "reasoning", "compaction",
		"chatkit.assistant_message", "chatkit.client_tool_call", "chatkit.widget", "chatkit.task",
		"chatkit.task_group":
		return Model
	}
	return User
}
