package inspect

import (
	"fmt"
	"slices"
	"sync"
)

// Engine runs detectors over texts. It is safe for concurrent use.
type Engine struct {
	detectors []Detector
	triggers  []trigger
	automaton *automaton

	runs           [256]uint8  // run classes of each byte, one bit each
	runTriggers    [8][]uint16 // by bit
	strides        [256]uint8  // stride triggers of each byte, by place in strideTriggers
	strideTriggers []uint16
	backs          []back // the kinds of run that a stream holds back
	masks          []masks
	active         [len(roleNames)][]bool
	model          *LinearModel // nil when no detector is scored
	scored         []int        // the detectors whose cues are features of the model's score

	machines sync.Pool
}

// New returns an engine that runs the detectors given, and no others. It panics
// if one of them is not well made.
func New(detectors ...Detector) *Engine {
	e := &Engine{detectors: slices.Clone(detectors)}
	var literals []literal
	var runSets []*set
	for lane := range e.detectors {
		d := &e.detectors[lane]
		d.check()
		if d.scored {
			e.scored, e.model = append(e.scored, lane), modelBuiltIn()
		}
		e.masks = append(e.masks, d.masks)
		for _, t := range d.triggers {
			id := uint16(len(e.triggers))
			t.lane = lane
			t.kind = e.backKind(d, &t)
			switch {
			case t.literal != "":
				literals = append(literals, literal{text: t.literal, trigger: id, kind: t.kind})
			case t.run != nil:
				runSets = e.addRun(runSets, t.run, id)
			default:
				e.addStride(t.stride, id)
			}
			e.triggers = append(e.triggers, t)
		}
	}
	e.automaton = newAutomaton(literals, len(e.backs))
	for role := range e.active {
		for i := range e.detectors {
			on := len(e.detectors[i].roles) == 0 || slices.Contains(e.detectors[i].roles, Role(role))
			e.active[role] = append(e.active[role], on)
		}
	}
	return e
}

// backKind returns the index in e.backs of what a stream holds for t.
func (e *Engine) backKind(d *Detector, t *trigger) int {
	if d.masks == 0 {
		return -1
	}
	b := back{set: new(set), masks: d.masks}
	if t.back != nil {
		b = back{set: t.back, max: t.backMax, shown: t.shown, could: d.could, lane: t.lane, masks: d.masks}
	}
	for i := range e.backs {
		o := &e.backs[i]
		if *o.set == *b.set && o.max == b.max && o.shown == b.shown && o.masks == b.masks && (o.could == nil && b.could == nil || o.lane == b.lane) {
			return i
		}
	}
	if len(e.backs) == 32 {
		panic("inspect: more than 32 kinds of back run")
	}
	e.backs = append(e.backs, b)
	return len(e.backs) - 1
}

func (e *Engine) addStride(s *set, id uint16) {
	bit := len(e.strideTriggers)
	if bit == 8 {
		panic("inspect: more than 8 stride triggers")
	}
	for b := range s {
		if s[b] {
			e.strides[b] |= 1 << bit
		}
	}
	e.strideTriggers = append(e.strideTriggers, id)
}

func (e *Engine) addRun(sets []*set, s *set, id uint16) []*set {
	bit := slices.IndexFunc(sets, func(o *set) bool { return *o == *s })
	if bit < 0 {
		bit = len(sets)
		if bit == len(e.runTriggers) {
			panic(fmt.Sprintf("inspect: more than %d run classes", bit))
		}
		sets = append(sets, s)
		for b := range s {
			if s[b] {
				e.runs[b] |= 1 << bit
			}
		}
	}
	e.runTriggers[bit] = append(e.runTriggers[bit], id)
	return sets
}

// Scan returns the threats in text, ordered by Start, End and Rule, and nil if
// there are none. The caller owns the slice.
func (e *Engine) Scan(src Source, text string) []Finding {
	m, _ := e.machines.Get().(*machine)
	if m == nil {
		m = new(machine)
	}
	m.depth = 0
	found := m.scan(e, src, text)
	e.machines.Put(m)
	return found
}

// scan reads a whole text.
func (m *machine) scan(e *Engine, src Source, text string) []Finding {
	m.reset(e, src)
	found := m.whole(text)
	slices.SortFunc(found, byPlace)
	return found
}

// whole reads a text from end to end, and keeps nothing of it.
func (m *machine) whole(text string) []Finding {
	m.text, m.last = text, true
	m.read(0)
	m.finish()
	found := m.out
	m.text, m.out, m.memory = "", nil, nil
	m.recall.reset(nil)
	m.window.text = ""
	return found
}
