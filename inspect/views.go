package inspect

// viewsMax is how many disguises one inside another are looked through.
const viewsMax = 2

// view resets the scratch for a text of at most n bytes, and reports false when
// enough views have been looked through already.
func (w *window) view() (*scratch, bool) {
	if w.m.depth >= viewsMax {
		return nil, false
	}
	w.scratch.bytes, w.scratch.from = w.scratch.bytes[:0], w.scratch.from[:0]
	return w.scratch, true
}

// add appends b, which stands for the text from offset from on.
func (s *scratch) add(b byte, from int) {
	s.bytes = append(s.bytes, b)
	s.from = append(s.from, int32(from))
}

// nested inspects the decoded text in the scratch as one that the same speaker
// said, and reports what is in it under the name of the view. Spans are mapped
// by scratch.from where that was filled, else they are offsets i to j. What
// stands in the text just so is left to the detectors that read it there.
func (w *window) nested(name string, i, j int) {
	s, m := w.scratch, w.m
	if m.child == nil {
		m.child = new(machine)
	}
	m.child.depth = m.depth + 1
	w.steps += 4 * len(s.bytes)
	for _, f := range m.child.scan(m.e, m.role, string(s.bytes)) {
		if f.Category == Coverage {
			continue
		}
		start, end := i, j
		if len(s.from) > 0 {
			start, end = int(s.from[f.Start]), int(s.from[f.End-1])+1
			if w.slice(start, end) == string(s.bytes[f.Start:f.End]) {
				continue
			}
		}
		f.Start, f.End = w.origin+start, w.origin+end
		f.Views = append([]string{name}, f.Views...)
		w.found = append(w.found, f)
	}
}
