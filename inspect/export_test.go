package inspect

import "slices"

// Blind returns detectors with the same triggers that never look closer, to
// measure what finding the places costs by itself.
func Blind(detectors []Detector) []Detector {
	blind := slices.Clone(detectors)
	for i := range blind {
		blind[i].triggers = slices.Clone(blind[i].triggers)
		blind[i].scored = false
		for k := range blind[i].triggers {
			blind[i].triggers[k].match = func(*window) {}
		}
	}
	return blind
}

// Name returns the detector's name.
func Name(d Detector) string { return d.name }

// States returns how many states and columns the automaton has.
func (e *Engine) States() (states, columns int) {
	return len(e.automaton.next[0]), int(slices.Max(e.automaton.class[:])) + 1
}

// Decode returns the encodings of run, and CouldDecode whether a run that
// begins so may have one.
func Decode(run string) []string { return decode(new(scratch), run) }

func CouldDecode(run string) bool { return couldDecode(run) }

// Steps returns how many steps the detectors take over a text of a speaker.
func (e *Engine) Steps(role Role, text string) int {
	m := new(machine)
	m.scan(e, Source{Role: role}, text)
	steps := 0
	for i := range m.lanes {
		steps += m.lanes[i].spent
	}
	return steps
}
