package llm

import "strings"

// What follows reads documents that are not JSON. No parser agrees with another
// on them, so we look at them in every way that we can: the strict walk as far
// as it got, every string-looking literal after that, and the whole as it is.
// Nobody gets the operator's privilege in such a document.

// broken takes over where the strict walk failed.
func (w *walker) broken() {
	w.settle()
	from := w.offset()
	if begin := strings.TrimLeft(w.body[w.start:], " \t\r\n"); len(w.segs) > 0 || begin != "" && strings.IndexByte(`{["`, begin[0]) >= 0 {
		w.problem(ProblemMalformed)
		w.literals(from)
	} else {
		w.problem(ProblemNotJSON)
	}
	w.demote()
	w.addWhole(Other, "")
}

// tail looks at what follows a document.
func (w *walker) tail(from int) {
	if blank(w.body[from:]) {
		return
	}
	w.problem(ProblemTrailing)
	w.literals(from)
	w.demote()
	w.addWhole(Other, "")
}

// literals makes segments of all that looks like a string from an offset on.
func (w *walker) literals(from int) {
	for {
		n := strings.IndexByte(w.body[from:], '"')
		if n < 0 {
			return
		}
		start := from + n
		lit := w.body[start+1:]
		end := literalEnd(lit)
		m := mark{start: int32(start), end: int32(start + 1 + end), site: nowhere, form: formOpen}
		if end < len(lit) {
			m.end++
			m.form = formString
		}
		if !w.add(Segment{Role: Other, Text: unquote(lit[:end])}, m) {
			return
		}
		from = int(m.end)
	}
}

// demote takes the operator's roles away.
func (d *Doc) demote() {
	for i := range d.segs {
		if r := d.segs[i].Role; r == System || r == Definition {
			d.segs[i].Role = Other
		}
	}
}
