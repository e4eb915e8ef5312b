package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/infershield/infershield/inspect"
)

const (
	heads     = 2
	epochs    = 12
	rate      = 0.15
	decay     = 2e-4 // L2, per step on the weights that the step touches
	sparsity  = 1e-4 // L1, likewise
	bagMost   = 40   // windows of a text that are learned from
	leastSeen = 3    // texts that a feature must be in
)

// weights is a fitted head.
type weights struct {
	bias float64
	of   map[uint32]float64
}

// bagUp fills in the features of the samples' windows, on two cores.
func bagUp(samples []sample) {
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := part; i < len(samples); i += 2 {
				s := &samples[i]
				inspect.ModelFeatures(s.text, func(f []uint32) {
					if len(s.bag) == bagMost {
						return
					}
					window := slices.Clone(f)
					slices.Sort(window)
					s.bag = append(s.bag, slices.Compact(window))
				})
			}
		})
	}
	wg.Wait()
}

// learner is a logistic regression over texts, each the greatest of its windows:
// a text is an attack if one of its windows is, and which one is learned too.
type learner struct {
	index map[uint32]int32 // of the features that enough texts have
	w, g  []float64        // weights, and the squares of their gradients so far
	bias  float64
	biasG float64
}

// fit learns a head from the samples that suit it.
func fit(set *corpus, head int, rng *rand.Rand) weights {
	var samples []*sample
	for _, list := range [][]sample{set.train, set.docsTrain} {
		if list[0].bag == nil && list[len(list)-1].bag == nil {
			bagUp(list)
		}
		for i := range list {
			if len(list[i].bag) > 0 {
				samples = append(samples, &list[i])
			}
		}
	}
	l := &learner{index: map[uint32]int32{}, bias: -2}
	l.choose(samples)
	for range epochs {
		rng.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		for _, s := range samples {
			l.learn(s, headWeight(s, head))
		}
	}
	out := weights{bias: l.bias, of: map[uint32]float64{}}
	for f, i := range l.index {
		if l.w[i] != 0 {
			out.of[f] = l.w[i]
		}
	}
	return out
}

// headWeight says what a sample counts for a head: prompts and documents have
// one each, and learn from the other's a little.
func headWeight(s *sample, head int) float64 {
	if s.tool == (head == 1) {
		return s.weight
	}
	return s.weight * 0.4
}

// choose indexes the features that enough texts have. A feature of one text
// would be learned by heart.
func (l *learner) choose(samples []*sample) {
	seen := map[uint32]int32{}
	for _, s := range samples {
		text := map[uint32]bool{}
		for _, window := range s.bag {
			for _, f := range window {
				text[f] = true
			}
		}
		for f := range text {
			seen[f]++
		}
	}
	var all []uint32
	for f, n := range seen {
		if _, tag := inspect.ModelSlot(f); n >= leastSeen && tag != 0 {
			all = append(all, f)
		}
	}
	slices.Sort(all)
	for i, f := range all {
		l.index[f] = int32(i)
	}
	l.w, l.g = make([]float64, len(all)), make([]float64, len(all))
	for _, s := range samples {
		for k, window := range s.bag {
			known := make([]uint32, 0, len(window))
			for _, f := range window {
				if _, ok := l.index[f]; ok {
					known = append(known, f)
				}
			}
			s.bag[k] = known
		}
	}
}

func (l *learner) score(window []uint32) float64 {
	sum := l.bias
	for _, f := range window {
		sum += l.w[l.index[f]]
	}
	return sum
}

// learn takes one step on the window that speaks most for an attack; an honest
// text takes one on every window that comes near.
func (l *learner) learn(s *sample, weight float64) {
	best, at := math.Inf(-1), 0
	for k, window := range s.bag {
		score := l.score(window)
		if !s.attack && score > -1 {
			l.step(window, 0, score, weight)
		}
		if score > best {
			best, at = score, k
		}
	}
	if s.attack {
		l.step(s.bag[at], 1, best, weight)
	} else if best <= -1 {
		l.step(s.bag[at], 0, best, weight)
	}
}

func (l *learner) step(window []uint32, want, score, weight float64) {
	slope := weight * (1/(1+math.Exp(-score)) - want)
	l.biasG += slope * slope
	l.bias -= rate * slope / math.Sqrt(l.biasG+1)
	if math.Abs(slope) < 1e-3 {
		return
	}
	for _, f := range window {
		i := l.index[f]
		g := slope + decay*l.w[i]
		l.g[i] += g * g
		step := rate / math.Sqrt(l.g[i]+0.5)
		w := l.w[i] - step*g
		if shrink := step * sparsity; math.Abs(w) <= shrink {
			w = 0
		} else {
			w -= math.Copysign(shrink, w)
		}
		l.w[i] = w
	}
}
