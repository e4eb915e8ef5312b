package inspect

import "math"

// A stream holds text back only where a finding that will be masked may begin
// before what has come. Two things keep that rare in clean text. Which
// categories are masked is the caller's to say. And in an answer a secret shows
// what is none of it: the literal that names its kind, as in "sk-proj-[…]", or
// the first bytes of a long run. So no word has to wait because a literal could
// begin with it. What carries data out does so too: "https://[…]".

// Hold is a set of categories: those whose findings the caller masks in
// a Stream, so that text is held back for them. The zero value stands for all
// that can be masked: Secret, PII and Exfiltration.
type Hold uint8

// HoldFor returns the set of the categories given. Others than Secret, PII and
// Exfiltration do not count, and without any of these a stream holds nothing.
func HoldFor(categories ...Category) Hold { return holdGiven | Hold(masksOf(categories...)) }

// holdGiven tells a set without members from the zero value.
const holdGiven Hold = 1 << 7

func (h Hold) masks() masks {
	if h == 0 {
		return masksAll
	}
	return masks(h) & masksAll
}

// masks is a set of the categories that may be masked.
type masks uint8

const (
	masksSecret masks = 1 << iota
	masksPII
	masksExfiltration
	masksAll  = masksSecret | masksPII | masksExfiltration
	masksOpen = masksSecret | masksExfiltration // those that show something
)

// masksOf returns the bits of the categories that may be masked.
func masksOf(categories ...Category) masks {
	var s masks
	for _, c := range categories {
		switch c {
		case Secret:
			s |= masksSecret
		case PII:
			s |= masksPII
		case Exfiltration:
			s |= masksExfiltration
		}
	}
	return s
}

// maskable reports whether policy may mask findings of c.
func maskable(c Category) bool { return masksOf(c) != 0 }

// back is a kind of run before a trigger that a finding may take in, with what
// such a finding may be.
type back struct {
	set   *set
	max   int
	shown int
	could func(run string) bool
	lane  int // of could
	masks masks
}

// before returns how many of the back's bytes stand right before text[at].
func (b *back) before(text string, at int) int {
	n := 0
	for n < b.max && n < at && b.set[text[at-1-n]] {
		n++
	}
	return n
}

// hidden reports whether a finding that takes in the run of lead bytes before
// text[at] hides the end of it, and from where on in the whole text. Where the
// beginning of a run is not known any more, it goes on with what the detector
// marked in it, if anything.
func (m *machine) hidden(b *back, at, lead, mark int) (from int, ok bool) {
	from = m.base + at - lead
	switch {
	case lead <= b.shown:
		return 0, false
	case b.could == nil:
		return from + b.shown, true
	case lead == b.max:
		return mark, mark > from
	}
	return from + b.shown, b.could(m.text[at-lead : at])
}

// bounds are, in the whole text, where the earliest findings may begin that a
// candidate makes.
type bounds struct {
	whole int // with what they show, for resolve.go
	open  int // those that show something
	other int
}

// bounds returns those of t's candidate that begins at text[start], when its
// detector's mark is the one given.
func (m *machine) bounds(t *trigger, start, mark int) bounds {
	at := m.base + start
	if t.kind < 0 {
		return bounds{at, at, at}
	}
	b := &m.e.backs[t.kind]
	lead := b.before(m.text, start)
	of := bounds{whole: at - lead, open: at - lead, other: at - lead}
	if m.shows() {
		of.open = at + max(len(t.literal), 1)
		if from, ok := m.hidden(b, start, lead, mark); ok {
			of.open = from
		}
	}
	return of
}

// notBefore takes the word of the match function that nothing begins before at.
func (b *bounds) notBefore(at int) {
	b.open, b.other = max(b.open, at), max(b.other, at)
}

// shows reports whether findings show what is none of them. They do in answers,
// which come as streams. Requests come whole, and hide all of it.
func (m *machine) shows() bool { return m.role == Model && m.depth == 0 }

// undecided returns, in the whole text, where the earliest finding may begin,
// with what it shows, that is not decided.
func (m *machine) undecided() int {
	if m.last {
		return math.MaxInt
	}
	least := len(m.text)
	begun := m.e.automaton.begun[int(m.state)*len(m.e.backs):]
	for k := range m.e.backs {
		from := len(m.text) - int(begun[k])
		least = min(least, from-m.e.backs[k].before(m.text, from))
	}
	at := m.base + least
	for i := range m.lanes {
		if m.e.masks[i] != 0 {
			for _, c := range m.lanes[i].queue {
				at = min(at, c.whole)
			}
		}
	}
	return at
}

// safe returns, in the whole text, where the earliest finding of m.hold may
// begin that has not been reported.
func (m *machine) safe() int {
	safe := m.base + m.begun()
	for i := range m.lanes {
		of := m.masks(m.e.masks[i]) & m.hold
		if of == 0 {
			continue
		}
		for _, c := range m.lanes[i].queue {
			if of&masksOpen != 0 {
				safe = min(safe, c.open)
			}
			if of&^masksOpen != 0 {
				safe = min(safe, c.other)
			}
		}
	}
	for _, f := range m.held {
		if m.hold&masksOf(f.Category) != 0 {
			safe = min(safe, f.Start)
		}
	}
	return safe
}

// masks returns what else findings of the masks given may be: what came back in
// a tool call is an exfiltration besides.
func (m *machine) masks(of masks) masks {
	if of != 0 && m.memory != nil && m.call {
		of |= masksExfiltration
	}
	return of
}

// begun returns the offset in m.text of the earliest finding of m.hold that what
// has come may be the beginning of, though no trigger has ended.
func (m *machine) begun() int {
	least := len(m.text)
	begun := m.e.automaton.begun[int(m.state)*len(m.e.backs):]
	for k := range m.e.backs {
		b := &m.e.backs[k]
		of := m.masks(b.masks) & m.hold
		shows := of&^masksOpen == 0 && m.shows()
		if of == 0 || shows && b.shown >= b.max {
			continue
		}
		from := len(m.text) - int(begun[k])
		if !shows {
			least = min(least, from-b.before(m.text, from))
			continue
		}
		for ; from <= len(m.text); from++ { // what begins a literal may turn out to go on with the run
			if hidden, ok := m.hidden(b, from, b.before(m.text, from), m.lanes[b.lane].mark); ok {
				least = min(least, hidden-m.base)
			}
		}
	}
	return least
}
