package inspect

import (
	"cmp"
	"slices"
	"sync"
)

// attack is the model at work in a machine. The detectors that are scored hand
// it their cues as hits; it takes the text up to where they are decided, and
// each hit where its phrase ended. So what it has seen of text and hits when a
// window is full does not depend on how the text was cut.
type attack struct {
	scan *modelScanner
	on   bool
	at   int // in the whole text: what was taken in
	hits []attackHit
}

// attackHit is a cue of a scored detector.
type attackHit struct {
	end  int // of its phrase, in the whole text
	rule uint8
}

// reset makes ready for another text. The operator's is not scored.
func (a *attack) reset(m *machine) {
	a.on, a.at, a.hits = m.e.model != nil && m.role != System, 0, a.hits[:0]
	if !a.on {
		return
	}
	if a.scan == nil {
		a.scan = newModelScanner(m.e.model, m.role)
	}
	a.scan.model = m.e.model
	a.scan.reset(m.role)
	a.scan.view = m.depth > 0
}

// note takes a cue of a scored detector that ended at end, which is not before
// its trigger did. Cues need not come in order.
func (a *attack) note(rule string, end int) {
	if !a.on {
		return
	}
	h := attackHit{end: end, rule: phraseNumber(rule)}
	i, _ := slices.BinarySearchFunc(a.hits, h, func(a, b attackHit) int { return cmp.Compare(a.end, b.end) })
	a.hits = slices.Insert(a.hits, i, h)
}

// read takes in the text at hand as far as the scored detectors have decided.
func (a *attack) read(m *machine) {
	if !a.on {
		return
	}
	until := m.base + len(m.text)
	for _, i := range m.e.scored {
		if queue := m.lanes[i].queue; len(queue) > 0 {
			until = min(until, queue[0].end)
		}
	}
	done := 0
	for done < len(a.hits) && a.hits[done].end <= until {
		a.write(m, a.hits[done].end)
		a.scan.hit(a.hits[done].rule)
		done++
	}
	if done > 0 {
		a.hits = slices.Delete(a.hits, 0, done)
	}
	a.write(m, until)
}

func (a *attack) write(m *machine, until int) {
	if until > a.at {
		a.scan.write(m.text[a.at-m.base : until-m.base])
		a.at = until
		a.report(m)
	}
}

// end takes in what is left of the text.
func (a *attack) end(m *machine) {
	if a.on {
		a.read(m)
		a.scan.close()
		a.report(m)
	}
}

func (a *attack) report(m *machine) {
	for _, h := range a.scan.take() {
		m.out = append(m.out, h.finding(m.role))
	}
}

// phraseRules number the rules of the scored detectors, behind the model's own.
var phraseRules = [...]string{
	ruleOverride, ruleErase, ruleNew, ruleLeak, ruleEcho, rulePersona, ruleDAN, ruleMode, ruleBypass, ruleRefusal,
	ruleUnlimited, ruleHarm, ruleScene, ruleAuthority, ruleAddressed, ruleConceal, ruleSend, ruleMarker,
}

func phraseNumber(rule string) uint8 {
	return modelHitFirst + uint8(slices.Index(phraseRules[:], rule))
}

// scoredEngine runs what the model's score is made of, and nothing else.
var scoredEngine = sync.OnceValue(func() *Engine { return New(injection(), markers()) })

// scoredAlone scans text for its score alone, by a scanner that before has
// prepared, and hands it to after.
func scoredAlone(role Role, text string, before, after func(*modelScanner)) {
	e := scoredEngine()
	m, _ := e.machines.Get().(*machine)
	if m == nil {
		m = new(machine)
	}
	m.reset(e, Source{Role: role})
	before(m.attack.scan)
	m.whole(text)
	after(m.attack.scan)
	e.machines.Put(m)
}
