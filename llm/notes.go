package llm

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// eventNotes are what a typed event says of the running text that it continues.
type eventNotes struct {
	kind, item, response string
	object, id, status   string          // of an Assistants object
	session              bool            // the event is of a Realtime session
	index                [indexNotes]int // by note; -1 where it does not say
}

func (e *eventNotes) reset() {
	*e = eventNotes{}
	for i := range e.index {
		e.index[i] = -1
	}
}

// remember takes note of a string.
func (w *walker) remember(kind note, text string) {
	if w.open < 0 {
		return
	}
	switch kind {
	case noteRole:
		v := &w.voices[w.all[w.open].voice]
		v.byRole = agree(v.byRole, speaker(text))
	case noteType:
		v := &w.voices[w.all[w.open].voice]
		if who := itemSpeaker(text); who != "" {
			v.byType = agree(v.byType, who)
		}
	case noteModel:
		w.model = text
	case noteFinish:
		if text != "" {
			w.finished = append(w.finished, w.open)
		}
	default:
		w.notes.word(kind, text)
	}
}

// agree returns who speaks when a member stands twice: two answers are none,
// because the provider may read either.
func agree(old, who Role) Role {
	if old != "" && old != who {
		return User
	}
	return who
}

// measure takes note of a number or a boolean.
func (w *walker) measure(kind note, v []byte) {
	if kind == noteStream {
		w.stream = v[0] == 't'
		return
	}
	if kind >= indexNotes {
		return
	}
	i, err := strconv.Atoi(string(v))
	if err != nil || i < 0 || w.open < 0 {
		return
	}
	if kind == noteIndex {
		w.all[w.open].index = int32(min(i, math.MaxInt32))
		return
	}
	w.notes.index[kind] = i
}

// settle fills in what could not be known before the end, since members may
// come in any order: who speaks, and which running text goes on.
func (w *walker) settle() {
	for _, p := range w.mute {
		w.segs[p.segment].Role = w.voices[p.voice].speaks()
	}
	for _, r := range w.runs {
		s := &w.segs[r.segment]
		s.Stream = w.streamName(r)
		s.Call = s.Call || r.leaf.delta && w.notes.isCall()
	}
	for i := range w.spellings {
		if s := &w.spellings[i]; s.end == 0 { // the walk broke off in it
			s.end = int32(len(w.body))
		}
	}
	if len(w.spellings) > 0 {
		w.Doc.spellings = slices.Clone(w.spellings)
	}
	if w.names != nil {
		w.ending()
	}
}

func (v voice) speaks() Role {
	return cmp.Or(v.byType, v.byRole, v.otherwise)
}

func (e *eventNotes) word(kind note, text string) {
	switch kind {
	case noteEvent:
		e.kind = text
	case noteItem:
		e.item = text
	case noteResponse:
		e.response = text
	case noteObject:
		e.object = text
	case noteID:
		e.id = text
	case noteStatus:
		e.status = text
	case noteSession:
		e.session = true
	}
}

// streamName names the running text that a value continues; empty when it
// continues none after all.
func (w *walker) streamName(r run) string {
	var array [128]byte
	b, n, leaf := array[:0], r.node, r.leaf
	if leaf.delta {
		b = w.notes.appendName(b)
	} else {
		b = w.appendCounted(w.notes.appendObject(b), n)
	}
	if len(b) == 0 {
		return ""
	}
	if leaf.run != "" {
		b = append(append(b, '/'), leaf.run...)
	}
	if leaf.loose && leaf.run == "" {
		b = append(b, w.pointer(w.marks[r.segment].site)...)
	}
	if name, ok := w.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if w.names != nil && len(w.names) < streamNamesMax {
		w.names[name] = name
	}
	return name
}

// appendName appends the family of a delta event and what identifies the text
// within it: "output_text/msg_1/0/0". An event that is no delta appends nothing:
// the repeats at the end of an item stand alone.
func (e *eventNotes) appendName(b []byte) []byte {
	family, ok := strings.CutSuffix(e.kind, ".delta")
	if !ok {
		if family, ok = strings.CutSuffix(e.kind, "_delta"); !ok {
			return b
		}
	}
	b = append(b, strings.TrimPrefix(family, "response.")...)
	return e.appendIDs(b, e.response, e.item)
}

// appendIDs appends, each after a slash, what identifies a text in its family.
func (e *eventNotes) appendIDs(b []byte, response, item string) []byte {
	for _, id := range [...]string{response, item} {
		if id != "" {
			b = append(append(b, '/'), id...)
		}
	}
	for _, k := range [...]note{noteOutput, noteContent, noteSummary, noteCommand} {
		if e.index[k] >= 0 {
			b = strconv.AppendInt(append(b, '/'), int64(e.index[k]), 10)
		}
	}
	return b
}

// appendObject appends which object of the Assistants API a delta belongs to.
func (e *eventNotes) appendObject(b []byte) []byte {
	kind, ok := strings.CutSuffix(e.object, ".delta")
	if !ok {
		return b
	}
	return append(append(append(b, kind...), '/'), e.id...)
}

// isCall reports whether the event tells what a tool call will do.
func (e *eventNotes) isCall() bool {
	family := strings.TrimPrefix(e.kind, "response.")
	for _, call := range [...]string{"function_call_arguments.", "mcp_call_arguments.", "custom_tool_call_input.",
		"code_interpreter_call_code.", "shell_call_command.", "apply_patch_call_operation_diff."} {
		if strings.HasPrefix(family, call) {
			return true
		}
	}
	return false
}

// appendCounted appends "list/index" for each counted list around node n.
func (w *walker) appendCounted(b []byte, n int32) []byte {
	if n < 0 {
		return b
	}
	at := w.nodes[n]
	b = w.appendCounted(b, at.node)
	if at.node < 0 {
		return b
	}
	list := w.all[at.node].shape
	if list == nil || !list.counted {
		return b
	}
	if len(b) > 0 {
		b = append(b, '/')
	}
	index := w.all[n].index
	if index < 0 {
		index = ^at.place // some providers leave the index out
	}
	return strconv.AppendInt(append(append(b, list.run...), '/'), int64(index), 10)
}
