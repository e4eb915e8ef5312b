package llm

import (
	"bytes"
	"strings"
)

// ends is which running texts a document of a stream completes.
type ends struct {
	all   bool
	names []string   // each with all that stands below it
	event eventNotes // or those that a typed event completes
}

// Final reports whether a document is the last of its stream by the provider's
// protocol: chat's [DONE], a Responses event of a response that has ended. A
// client may stop reading there, before the stream itself ends.
func (d *Doc) Final() bool {
	if d.done() || d.ends != nil && d.ends.event.final() {
		return true
	}
	name, ok := bytes.CutPrefix(d.raw, []byte("event:"))
	if !ok {
		return false
	}
	name, _, _ = bytes.Cut(name, []byte("\n"))
	return finalEvent(string(bytes.TrimSpace(name)))
}

func (d *Doc) done() bool {
	return len(d.body) < 16 && strings.TrimSpace(d.body) == "[DONE]"
}

// final reports whether the event is the last of its stream. A Realtime session
// goes on after an error, and so do the texts in it.
func (e *eventNotes) final() bool {
	return finalEvent(e.kind) && !(e.session && e.kind == "error")
}

func finalEvent(name string) bool {
	switch name {
	case "response.completed", "response.failed", "response.incomplete", "error", "message_stop", "session.closed":
		return true
	}
	return false
}

// Ends reports whether the running text of that name (see Segment.Stream) is
// complete with this document, whether or not the document holds a piece of it:
// nothing of it follows but repeats of the whole. A final document ends all.
func (d *Doc) Ends(stream string) bool {
	if d.Final() {
		return true
	}
	if d.ends == nil {
		return false
	}
	if d.ends.all {
		return true
	}
	for _, name := range d.ends.names {
		if within(stream, name) {
			return true
		}
	}
	return d.ends.event.ends(stream)
}

// within reports whether a name is prefix, or stands below it.
func within(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// ending notes what the document completes. Most events complete nothing and
// cost nothing here.
func (w *walker) ending() {
	if len(w.finished) == 0 && w.notes.status == "" && !isEnd(w.notes.kind) {
		return
	}
	e := new(ends)
	var b []byte
	for _, n := range w.finished {
		b = w.appendCounted(b[:0], n)
		e.names = append(e.names, string(b))
	}
	switch w.notes.status {
	case "", "queued", "in_progress", "cancelling":
	default:
		switch w.notes.object {
		case "thread.message", "thread.run.step":
			e.names = append(e.names, w.notes.object+"/"+w.notes.id)
		case "thread.run":
			e.all = true
		}
	}
	if isEnd(w.notes.kind) {
		e.event = w.notes
	}
	if e.all || len(e.names) > 0 || e.event.kind != "" {
		w.Doc.ends = e
	}
}

// isEnd reports whether an event of that type completes a text.
func isEnd(kind string) bool {
	_, ok := endedFamily(kind)
	return ok || finalEvent(kind)
}

// endedFamily returns the family whose texts an event of that type completes.
func endedFamily(kind string) (family string, ok bool) {
	for _, suffix := range [...]string{".done", ".completed", ".failed", "_stop"} {
		if family, ok = strings.CutSuffix(kind, suffix); ok {
			return strings.TrimPrefix(family, "response."), true
		}
	}
	return "", false
}

// ends reports whether the event completes the text of that name: the name is of
// the event's family, or the event is of a whole part, item or response, and its
// identifiers are those that the event names.
func (e *eventNotes) ends(stream string) bool {
	family, ok := endedFamily(e.kind)
	if !ok {
		return false
	}
	of, id, _ := strings.Cut(stream, "/")
	switch e.kind {
	case "response.content_part.done", "response.reasoning_summary_part.done", "response.output_item.done":
	case "response.done": // Realtime, where another response may follow
		return e.response != "" && within(id, e.response)
	default:
		if of != family {
			return false
		}
	}
	// Shell commands leave the item out, which the end of the item has.
	return e.identify(id, e.response, e.item) || e.identify(id, "", e.item) ||
		(of == family || of == "shell_call_command") && e.identify(id, "", "")
}

// identify reports whether id is, or stands below, what the event identifies.
func (e *eventNotes) identify(id, response, item string) bool {
	var array [128]byte
	b := e.appendIDs(array[:0], response, item)
	if len(b) == 0 {
		return id == ""
	}
	return within(id, string(b[1:]))
}
