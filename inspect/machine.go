package inspect

// machine reads one text, whole or in pieces. It is the only reader there is:
// Scan and Stream differ in what they hand it.
type machine struct {
	e      *Engine
	role   Role
	call   bool
	memory *Memory
	recall recall
	attack attack
	hold   masks
	// depth is how many views lie between this text and the one that was given.
	depth int

	text  string // what is at hand; a stream drops what nothing needs any more
	base  int    // of text[0] in the whole text
	last  bool   // no more will come
	state uint16
	prev  uint8 // run classes of the byte before

	lanes   []lane
	window  window
	scratch scratch
	child   *machine // for views

	out  []Finding     // ready
	held []heldFinding // may yet turn out to be part of another; see resolve.go
	kept []heldFinding // ready, but others may be part of them
}

// lane is what a machine remembers of one detector.
type lane struct {
	queue []candidate // undecided, in order; the first waits for more text
	spent int         // steps
	over  bool        // the budget was spent once
	skip  int         // in the whole text: earlier candidates are passed over
	mark  int         // in the whole text: the detector's own
	cues  []cue
}

// candidate is a place where a trigger fired, in offsets of the whole text.
type candidate struct {
	trigger uint16
	start   int
	end     int
	tried   bool
	bounds
}

// A detector may spend budgetBase steps, a step being about a byte looked at,
// and budgetRate more for every byte of text. That keeps a text made to be slow
// within a small multiple of an ordinary one, however it is cut.
const (
	budgetBase = 64 << 10
	budgetRate = 24
	tryCost    = 8
)

// ruleBudget is the rule of the finding that a spent budget makes.
const ruleBudget = "scan_budget_exceeded"

func (m *machine) reset(e *Engine, src Source) {
	if len(m.lanes) != len(e.detectors) {
		m.lanes = make([]lane, len(e.detectors))
	}
	for i := range m.lanes {
		l := &m.lanes[i]
		*l = lane{queue: l.queue[:0], cues: l.cues[:0]}
	}
	if int(src.Role) >= len(e.active) {
		src.Role = User // an unknown speaker gets no privilege
	}
	m.e, m.role, m.call, m.memory = e, src.Role, src.Call, src.Memory
	m.recall.reset(src.Memory)
	m.attack.reset(m)
	m.hold = src.Hold.masks()
	m.text, m.base, m.last = "", 0, false
	m.state, m.prev = 0, 0
	m.out, m.held, m.kept = nil, m.held[:0], m.kept[:0]
}

// read takes in m.text[from:].
func (m *machine) read(from int) {
	e := m.e
	a := e.automaton
	m.drain() // or what waits would pile up behind a candidate that need not
	text, state, prev := m.text, m.state, m.prev
	for at := from; at < len(text); {
		stop := min(at+strideBytes-(m.base+at)%strideBytes, len(text))
		for ; at < stop; at++ {
			b := text[at]
			starts := e.runs[b]
			state = a.next[b][state]
			if state >= a.first || starts&^prev != 0 {
				m.fire(at, state, starts&^prev)
			}
			prev = starts
		}
		if (m.base+at)%strideBytes == 0 {
			m.strides(at)
		}
	}
	m.state, m.prev = state, prev
	m.drain()
	m.attack.read(m)
	if m.memory != nil {
		m.recall.read(m, text[from:], m.base+from)
	}
}

// fire handles the triggers of the byte at text[at].
func (m *machine) fire(at int, state uint16, starts uint8) {
	e := m.e
	for k := 0; starts != 0; k, starts = k+1, starts>>1 {
		if starts&1 != 0 {
			for _, t := range e.runTriggers[k] {
				m.hit(t, at, at+1)
			}
		}
	}
	if state < e.automaton.first {
		return
	}
	for _, t := range e.automaton.ends[state-e.automaton.first] {
		m.hit(t, at+1-len(e.triggers[t].literal), at+1)
	}
}

// strides handles the stride triggers after strideBytes bytes.
func (m *machine) strides(at int) {
	if at < strideBytes {
		return
	}
	e := m.e
	block := m.text[at-strideBytes : at]
	in := e.strides[block[0]] & e.strides[block[5]] & e.strides[block[10]] & e.strides[block[15]] // rules out most
	if in == 0 {
		return
	}
	for i := range strideBytes {
		in &= e.strides[block[i]]
	}
	for k, t := range e.strideTriggers {
		if in>>k&1 != 0 {
			m.hit(t, at-1, at)
		}
	}
}

// escaped reports whether text ends in a written-out control character, as in
// JSON within JSON: the letter of \n is no part of the word after it.
func escaped(text string) bool {
	n := len(text)
	return n > 1 && text[n-2] == '\\' && (text[n-1] == 'n' || text[n-1] == 'r' || text[n-1] == 't')
}

// hit decides a candidate, or puts it behind those that wait.
func (m *machine) hit(id uint16, start, end int) {
	t := &m.e.triggers[id]
	if t.left != nil && start > 0 && t.left[m.text[start-1]] && !escaped(m.text[:start]) {
		return
	}
	if t.literal != "" && !t.stands(m.text[start:end]) || !m.e.active[m.role][t.lane] {
		return
	}
	c := candidate{trigger: id, start: m.base + start, end: m.base + end}
	l := &m.lanes[t.lane]
	tried := len(l.queue) == 0
	if tried && m.try(t, l, c) {
		return
	}
	c.bounds = m.bounds(t, start, l.mark)
	if tried {
		c.notBefore(m.base + m.window.least)
		c.tried = true
	}
	l.queue = append(l.queue, c)
}

// stands reports whether text, which the automaton took for t's literal, is it.
// The automaton ignores case, and confuses bytes beyond ASCII.
func (t *trigger) stands(text string) bool {
	return text == t.literal || t.fold && foldEqual(text, t.literal)
}

// drain decides what waits, as far as it can be decided.
func (m *machine) drain() {
	for i := range m.lanes {
		l := &m.lanes[i]
		done := 0
		for done < len(l.queue) && m.try(&m.e.triggers[l.queue[done].trigger], l, l.queue[done]) {
			done++
		}
		if done < len(l.queue) {
			c := &l.queue[done]
			if !c.tried { // the mark may have moved since
				c.bounds = m.bounds(&m.e.triggers[c.trigger], c.start-m.base, l.mark)
				c.tried = true
			}
			c.notBefore(m.base + m.window.least)
		}
		if done > 0 {
			l.queue = l.queue[:copy(l.queue, l.queue[done:])]
		}
	}
}

// try decides c, or reports false if that takes bytes that have not come.
func (m *machine) try(t *trigger, l *lane, c candidate) bool {
	if c.start < l.skip {
		return true
	}
	if l.spent > budgetBase+budgetRate*c.start {
		m.exceeded(t, l, c)
		return true
	}
	w := &m.window
	w.open(m, t, l, c)
	t.match(w)
	if w.short {
		return false
	}
	l.spent += w.steps + tryCost
	if w.skip > 0 {
		l.skip = max(l.skip, m.base+w.skip)
	}
	mark := l.mark
	l.mark = w.mark
	m.commit(t, l, w, mark)
	return true
}

// open points w at c.
func (w *window) open(m *machine, t *trigger, l *lane, c candidate) {
	w.m, w.text, w.role, w.scratch = m, m.text, m.role, &m.scratch
	w.origin, w.n = c.start-m.base, c.end-c.start
	w.low = max(w.origin-behindMax, 0)
	reach := w.origin + m.e.detectors[t.lane].ahead
	w.high = min(reach, len(m.text))
	w.complete = m.last || reach <= len(m.text)
	w.short, w.steps, w.skip, w.mark, w.least = false, 0, 0, l.mark, 0
	w.found, w.cues = w.found[:0], w.cues[:0]
}

// commit takes over what the match function reported.
func (m *machine) commit(t *trigger, l *lane, w *window, mark int) {
	for _, f := range w.found {
		if f.Start < w.low || f.End <= f.Start || f.End > w.high {
			continue
		}
		if !maskable(f.Category) {
			f.Start += m.base
			f.End += m.base
			m.out = append(m.out, f)
			continue
		}
		m.commitMasked(t, w, f, mark)
	}
	for _, c := range w.cues {
		if m.e.detectors[t.lane].scored {
			m.attack.note(c.rule, m.base+min(max(c.end, w.origin+w.n), w.high))
		}
		c.end = min(c.end, w.high) // a character may be cut off there
		c.start += m.base
		c.end += m.base
		m.addCue(t.lane, c)
	}
}

// commitMasked takes over f, which may be masked. It drops one that a stream
// could not have held, in whole texts too.
func (m *machine) commitMasked(t *trigger, w *window, f Finding, mark int) {
	b := m.bounds(t, w.origin, mark)
	from := m.base + f.Start
	if m.e.masks[t.lane]&masksOf(f.Category) == 0 || from < b.whole {
		return
	}
	came, proven := m.cameBack(f, w.text[f.Start:f.End])
	b.notBefore(m.base + w.least)
	f.Start, f.End = from, f.End+m.base
	m.keep(f, from, b)
	if proven {
		came.Start, came.End = f.Start, f.End
		m.keep(came, from, b)
	}
}

func (m *machine) exceeded(t *trigger, l *lane, c candidate) {
	if l.over {
		return
	}
	l.over = true
	m.out = append(m.out, Finding{
		Rule: ruleBudget, Category: Coverage, Score: 1, Start: c.start, End: c.end,
		Features: []string{m.e.detectors[t.lane].name},
	})
}

// finish decides what is left at the end of the text.
func (m *machine) finish() {
	m.last = true
	m.drain()
	m.attack.end(m)
	m.recall.end(m)
	m.release(m.undecided())
}

// needed returns the first byte of m.text that the machine may look at again.
func (m *machine) needed() int {
	need := len(m.text) - m.e.automaton.longest
	if m.attack.on {
		need = min(need, m.attack.at-m.base)
	}
	for i := range m.lanes {
		for _, c := range m.lanes[i].queue {
			need = min(need, c.start-m.base)
		}
	}
	return max(need-behindMax, 0)
}
