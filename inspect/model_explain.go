package inspect

import (
	"cmp"
	"slices"
	"strings"
)

// modelHit is what the model found in a window.
type modelHit struct {
	category Category
	score    float64
	// start and end are byte offsets in the text of the part of the window that
	// speaks most for an attack.
	start, end int
	// features names the rules and the concepts that added most, strongest
	// first. Words are hashed and have no names.
	features []string
}

// The rules that the model reports.
const (
	ruleInjection = "prompt_injection"
	ruleIndirect  = "indirect_injection"
	ruleJailbreak = "jailbreak"
)

// finding is the hit as the engine reports it. What a tool brought in should
// hold no instructions at all.
func (h modelHit) finding(role Role) Finding {
	rule := ruleInjection
	switch {
	case h.category == Jailbreak:
		rule = ruleJailbreak
	case role == Tool:
		rule = ruleIndirect
	}
	return Finding{
		Rule: rule, Category: h.category, Score: h.score,
		Start: h.start, End: h.end, Features: h.features,
	}
}

// modelDull is what a token must add to lengthen the span of a hit.
const modelDull = 4

// modelFeaturesNamed is how many features a hit names.
const modelFeaturesNamed = 5

// modelJailbreak are the concepts of lifting the model's own limits; the others
// are about the operator's instructions.
const modelJailbreak = modelConceptPersona | modelConceptUnrestrict | modelConceptLimit | modelConceptRefuse | modelConceptHarm

func (s *modelScanner) explain(scratch *modelScratch, from int, score float64) modelHit {
	tokens := scratch.tokens[:s.n-from]
	first, end, _ := ModelDensest(tokens, ModelRunLeast)
	for i := first; i < end; i++ {
		tokens[i] -= modelDull
	}
	narrow, end, _ := ModelDensest(tokens[first:end], 1)
	first, end = first+narrow, first+end
	hit := modelHit{
		category: Injection,
		score:    score,
		start:    s.ring[(from+first)&modelRingMask].start,
		end:      s.ring[(from+end-1)&modelRingMask].end,
		features: modelNames(scratch),
	}
	if s.role != Tool && modelLeansJailbreak(scratch) {
		hit.category = Jailbreak
	}
	return hit
}

// ModelRunLeast is how many tokens a run must have to be scored. A shorter
// attack is judged with what stands around it, but with no more than that: a
// page of small talk does not dilute it.
const ModelRunLeast = 16

// ModelDensest returns the run of least tokens or more, or of all when there are
// fewer, whose sum is greatest: from first up to but not including end.
func ModelDensest[T int | float64](adds []T, least int) (first, end int, sum T) {
	if len(adds) <= least {
		for _, add := range adds {
			sum += add
		}
		return 0, len(adds), sum
	}
	var before, lowest, total T // sums up to: the run's latest start, the best start, here
	start := 0
	for i, add := range adds {
		total += add
		if i < least-1 {
			continue
		}
		if i >= least {
			before += adds[i-least]
			if before < lowest {
				lowest, start = before, i-least+1
			}
		}
		if total-lowest > sum || i == least-1 {
			first, end, sum = start, i+1, total-lowest
		}
	}
	return first, end, sum
}

// modelLeansJailbreak weighs the concepts of the window against each other.
func modelLeansJailbreak(scratch *modelScratch) bool {
	f := &scratch.set
	jailbreak, injection := 0, 0
	for i := range f.n {
		if f.codes[i] == 0 || f.codes[i]&modelRuleCode != 0 || scratch.adds[i] <= 0 {
			continue
		}
		for code := f.codes[i]; code != 0; code >>= 8 {
			if uint32(1)<<(code&0xff-1)&modelJailbreak != 0 {
				jailbreak += int(scratch.adds[i])
			} else {
				injection += int(scratch.adds[i])
			}
		}
	}
	return jailbreak*3 > injection*2
}

// modelNames names the strongest features that have a name.
func modelNames(scratch *modelScratch) []string {
	type named struct {
		code uint32
		add  int
	}
	var all []named
	for i := range scratch.set.n {
		if code := scratch.set.codes[i]; code != 0 && scratch.adds[i] > 0 {
			all = append(all, named{code, int(scratch.adds[i])})
		}
	}
	slices.SortStableFunc(all, func(a, b named) int { return cmp.Compare(b.add, a.add) })
	var names []string
	for _, n := range all {
		if name := modelCodeName(n.code); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if len(names) == modelFeaturesNamed {
			break
		}
	}
	return names
}

func modelCodeName(code uint32) string {
	if code&modelRuleCode != 0 {
		if rule := code &^ modelRuleCode; rule < modelHitFirst {
			return modelRuleSet[rule].name
		}
		return phraseRules[code&^modelRuleCode-modelHitFirst]
	}
	var parts []string
	for shift := 16; shift >= 0; shift -= 8 {
		if part := code >> shift & 0xff; part != 0 {
			parts = append(parts, modelConcepts[part-1])
		}
	}
	return strings.Join(parts, "+")
}
