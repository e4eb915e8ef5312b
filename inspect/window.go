package inspect

// window is what a match function sees: the text around one trigger. Offsets
// count from the trigger's first byte and may be negative. Outside the text,
// and out of the detector's reach, every byte is 0.
//
// A window belongs to the machine and is valid during the call only.
type window struct {
	// n is the length of the trigger's literal: the offset right after it. It
	// is 1 for the other kinds of trigger.
	n int
	// role is who speaks.
	role Role
	// scratch is room for a view. Its contents mean nothing between calls.
	scratch *scratch

	m        *machine
	text     string
	origin   int // of offset 0 in text
	low      int // in text: the first byte in reach
	high     int // in text: after the last byte in reach
	complete bool
	short    bool // a byte was asked for that has not come yet
	steps    int

	skip  int // offset in text up to which later candidates are passed over
	found []Finding
	cues  []cue
	mark  int // in the whole text; see lane.mark
	least int // offset in text before which no finding begins that may be masked
}

// at returns the byte at offset i.
func (w *window) at(i int) byte {
	w.steps++
	p := w.origin + i
	if p < w.high && p >= w.low {
		return w.text[p]
	}
	if p >= w.high && !w.complete {
		w.short = true
	}
	return 0
}

// run returns the end of the bytes of class s from offset i on, at most
// bytesMax of them.
func (w *window) run(i int, s *set, bytesMax int) int {
	from := w.origin + i
	if from < w.low {
		return i
	}
	end := min(from+bytesMax, w.high)
	p := from
	for p < end && s[w.text[p]] {
		p++
	}
	w.steps += p - from + 1
	if p >= w.high && p < from+bytesMax && !w.complete {
		w.short = true
	}
	return p - w.origin
}

// back returns the start of the bytes of class s that end right before offset
// i, at most bytesMax of them.
func (w *window) back(i int, s *set, bytesMax int) int {
	from := min(w.origin+i, w.high)
	end := max(from-bytesMax, w.low)
	p := from
	for p > end && s[w.text[p-1]] {
		p--
	}
	w.steps += from - p + 1
	return p - w.origin
}

// has reports whether literal stands at offset i, byte for byte.
func (w *window) has(i int, literal string) bool {
	for k := range len(literal) {
		if w.at(i+k) != literal[k] {
			return false
		}
	}
	return true
}

// fold is has without regard to the case of ASCII letters. The literal is
// lower-case.
func (w *window) fold(i int, literal string) bool {
	for k := range len(literal) {
		if lower(w.at(i+k)) != literal[k] {
			return false
		}
	}
	return true
}

// slice returns the bytes from offset i to j, less what is out of reach. It is
// meant for what was walked over already; beyond the end of what has come it
// makes the window short, as at does.
func (w *window) slice(i, j int) string {
	from, to := max(w.origin+i, w.low), w.origin+j
	if to > w.high {
		if !w.complete {
			w.short = true
		}
		to = w.high
	}
	if from >= to {
		return ""
	}
	w.steps += (to - from) / 4
	return w.text[from:to]
}

// context reports whether one of the lower-case words stands in the n bytes
// before offset i.
func (w *window) context(i, n int, words ...string) bool {
	near := w.slice(i-n, i)
	for _, word := range words {
		w.steps += len(near) / 4
		if containsFold(near, word) {
			return true
		}
	}
	return false
}

// report makes a finding of offsets i to j.
func (w *window) report(c Category, rule string, score float64, i, j int) {
	w.found = append(w.found, Finding{Rule: rule, Category: c, Score: score, Start: w.origin + i, End: w.origin + j})
}

// take is report, and passes over the detector's later candidates up to j.
func (w *window) take(c Category, rule string, score float64, i, j int) {
	w.report(c, rule, score, i, j)
	w.skipTo(j)
}

// skipTo passes over the detector's later candidates that begin before offset j.
func (w *window) skipTo(j int) { w.skip = max(w.skip, w.origin+j) }

// notBefore says that what the match function reports and may be masked begins
// at offset i or later. A stream holds no text before it while the function
// waits for more.
func (w *window) notBefore(i int) { w.least = max(w.least, w.origin+i) }

// show says that a secret shows what it has before offset i; see hold.go.
func (w *window) show(i int) {
	if w.m.shows() {
		w.notBefore(i)
	}
}

// setMark remembers a place for the detector's later candidates.
func (w *window) setMark(i int) { w.mark = w.m.base + w.origin + i }

// marked returns the offset that setMark remembered, which may be far away.
func (w *window) marked() int { return w.mark - w.m.base - w.origin }

// cue notes a weak sign; see cues.go.
func (w *window) cue(c Category, rule string, weight float64, i, j int) {
	w.cues = append(w.cues, cue{category: c, rule: rule, weight: weight, start: w.origin + i, end: w.origin + j})
}
