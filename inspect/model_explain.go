package inspect

import (
	"cmp"
	"math"
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

// finding is the hit as the engine reports it.
func (h modelHit) finding() Finding {
	return Finding{
		Rule: "model_" + string(h.category), Category: h.category, Score: h.score,
		Start: h.start, End: h.end, Features: h.features,
	}
}

// modelFeaturesNamed is how many features a hit names.
const modelFeaturesNamed = 5

// modelJailbreak are the concepts of lifting the model's own limits; the others
// are about the operator's instructions.
const modelJailbreak = modelConceptPersona | modelConceptUnrestrict | modelConceptLimit | modelConceptRefuse | modelConceptHarm

func (s *modelScanner) explain(scratch *modelScratch, from int, score float64) modelHit {
	first, last := modelDensest(scratch.tokens[:s.n-from])
	hit := modelHit{
		category: Injection,
		score:    score,
		start:    s.ring[(from+first)&modelRingMask].start,
		end:      s.ring[(from+last)&modelRingMask].end,
		features: modelNames(scratch),
	}
	if s.role != Tool && modelLeansJailbreak(scratch) {
		hit.category = Jailbreak
	}
	return hit
}

// modelDull is what a token must add to lengthen the span of a hit.
const modelDull = 4

// modelDensest returns the ends, both inclusive, of the run of tokens with the
// greatest sum of what they add beyond modelDull.
func modelDensest(adds []int) (first, last int) {
	best, sum, start := math.MinInt, 0, 0
	for i, add := range adds {
		if sum <= 0 {
			sum, start = 0, i
		}
		sum += add - modelDull
		if sum > best {
			best, first, last = sum, start, i
		}
	}
	return first, last
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
		if rule := code &^ modelRuleCode; int(rule) < len(modelRuleSet) {
			return modelRuleSet[rule].name
		}
		return "phrase_rule"
	}
	var parts []string
	for shift := 16; shift >= 0; shift -= 8 {
		if part := code >> shift & 0xff; part != 0 {
			parts = append(parts, modelConcepts[part-1])
		}
	}
	return strings.Join(parts, "+")
}
