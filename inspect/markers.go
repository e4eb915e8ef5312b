package inspect

// markers finds the control words of chat formats in text that should have
// none: they make a model believe that somebody else speaks.
func markers() Detector {
	d := Detector{name: "markers", roles: []Role{User, Tool, Model}, scored: true, ahead: 80}
	for _, m := range markerTable {
		d.triggers = append(d.triggers, trigger{literal: m.literal, fold: true, match: m.match})
	}
	return d
}

// marker is a control word. Where it must begin a line, and what follows counts.
type marker struct {
	literal string
	weight  float64
	// lead says that it counts at the beginning of a line only.
	lead bool
	// role says that the name of a role that outranks the speaker must follow.
	role bool
}

var markerTable = []marker{
	{literal: "<|im_start|>", weight: 0.8, role: true},
	{literal: "<|start_header_id|>", weight: 0.8, role: true},
	{literal: "<|system|>", weight: 0.75},
	{literal: "<|start|>", weight: 0.8, role: true},
	{literal: "<<sys>>", weight: 0.7},
	{literal: "<start_of_turn>", weight: 0.7, role: true},
	{literal: "<|endoftext|>", weight: 0.4},
	{literal: "<|im_end|>", weight: 0.4},
	{literal: "<|eot_id|>", weight: 0.4},
	{literal: "[inst]", weight: 0.35},
	{literal: "<system>", weight: 0.4, lead: true},
	{literal: "</system>", weight: 0.3, lead: true},
	{literal: "[system]", weight: 0.45, lead: true},
	{literal: "### system", weight: 0.4, lead: true},
	{literal: "### instruction", weight: 0.3, lead: true},
	{literal: "[system message]", weight: 0.55, lead: true},
	{literal: "system override", weight: 0.5},
	{literal: "begin system message", weight: 0.5},
}

const ruleMarker = "chat_markup"

var markerRoles = []string{"system", "developer", "assistant", "model"}

func (m marker) match(w *window) {
	if m.lead {
		if before := w.at(w.back(0, lineBlankBytes, 8) - 1); before != 0 && before != '\n' {
			return
		}
	}
	weight := m.weight
	if m.role && !markerRole(w) {
		weight /= 2
	}
	w.cue(Injection, ruleMarker, weight, 0, w.n)
}

var lineBlankBytes = setOf(" \t>*")

func markerRole(w *window) bool {
	for _, role := range markerRoles {
		if w.fold(w.n, role) {
			return true
		}
	}
	return false
}
