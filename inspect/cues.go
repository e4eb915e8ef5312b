package inspect

import (
	"math"
	"slices"
)

// cue is a sign that may mean little by itself. A detector's cues within
// cueReach bytes add up: each is taken as the chance that the text is an
// attack, and the chances as independent, so weights of 0.5 and 0.6 make 0.8.
// Of several cues of one rule only the strongest counts, or repeating a harmless
// phrase would make it an attack.
type cue struct {
	category Category
	rule     string
	weight   float64
	start    int
	end      int
}

const (
	cueReach = 600
	cuesMax  = 24
	// cueLeast is the score from which a cue becomes a finding: below, it would
	// only be noise in records.
	cueLeast = 0.3
	// cueCap keeps a sum of guesses from looking like proof.
	cueCap = 0.99
	// cueScored is the most that the cues of a scored detector come to by
	// themselves. More is the model's to say.
	cueScored = 0.65
	// cueRise is what a repeated rule must add to be reported again.
	cueRise = 0.05
)

// addCue joins c, whose offsets are in the whole text, to the lane's cues and
// reports it with the score of all that stand near it.
func (m *machine) addCue(lane int, c cue) {
	l := &m.lanes[lane]
	l.cues = slices.DeleteFunc(l.cues, func(o cue) bool { return o.end+cueReach < c.start })
	if len(l.cues) >= cuesMax {
		l.cues = slices.Delete(l.cues, 0, 1)
	}
	before := 0.0
	if slices.ContainsFunc(l.cues, func(o cue) bool { return o.rule == c.rule }) {
		before, _ = combine(l.cues)
	}
	l.cues = append(l.cues, c)
	score, features := combine(l.cues)
	if m.e.detectors[lane].scored {
		score = min(score, cueScored)
	}
	if score < cueLeast || score < before+cueRise {
		return
	}
	m.out = append(m.out, Finding{Rule: c.rule, Category: c.category, Score: score, Start: c.start, End: c.end, Features: features})
}

// combine returns what cues come to, and their rules, the strongest first.
func combine(cues []cue) (float64, []string) {
	var best [cuesMax]cue
	n := 0
	for _, c := range cues {
		i := slices.IndexFunc(best[:n], func(o cue) bool { return o.rule == c.rule })
		switch {
		case i < 0:
			best[n] = c
			n++
		case c.weight > best[i].weight:
			best[i] = c
		}
	}
	slices.SortStableFunc(best[:n], func(a, b cue) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	harmless := 1.0
	features := make([]string, n)
	for i, c := range best[:n] {
		harmless *= 1 - c.weight
		features[i] = c.rule
	}
	return min(math.Round((1-harmless)*1e6)/1e6, cueCap), features // 0.3, not 0.30000000000000004
}
