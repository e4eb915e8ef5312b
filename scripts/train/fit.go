package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/infershield/infershield/inspect"
)

const (
	heads       = 2
	epochs      = 12
	epochsFirst = 6  // of the model that picks windows
	minedMost   = 16 // windows of a document that it picks
	rate        = 0.15
	decay       = 1e-3 // L2, per step on the weights that the step touches
	sparsity    = 1e-4 // L1, likewise
	bagMost     = 40   // windows of a text that are learned from
	leastSeen   = 3    // groups of texts that a feature must be in
	wordless    = 0.25 // how often a text is learned without its words
	dropped     = 0.4  // of a window's features, at random at each step
)

// window is what the model sees of one window: its features, each once, with the
// tokens that made them.
type window struct {
	features []uint32 // hashes, then places among the weights
	at       []uint16
	words    int // features before it are of concepts and rules
	tokens   int
}

func newWindow(features []uint32, tokens []uint16, words int) window {
	var w window
	seen := make(map[uint32]bool, len(features))
	for i, f := range features {
		w.tokens = max(w.tokens, int(tokens[i])+1)
		if !seen[f] {
			seen[f] = true
			w.features, w.at = append(w.features, f), append(w.at, tokens[i])
			if i < words {
				w.words++
			}
		}
	}
	return w
}

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
				inspect.ModelFeatures(s.speaker(), s.text, func(features []uint32, tokens []uint16, words int) {
					if len(s.bag) < bagMost {
						s.bag = append(s.bag, newWindow(features, tokens, words))
					}
				})
			}
		})
	}
	wg.Wait()
}

// learner is a logistic regression over texts, each the greatest of its windows:
// a text is an attack if one of its windows is, and which one is learned too.
type learner struct {
	w, g  []float64 // weights, and the squares of their gradients so far
	bias  float64
	biasG float64
	rng   *rand.Rand
}

// gather reads the features of everything that is learned from. Documents are
// long and mostly dull, so a first model picks the windows that teach most.
func gather(set *corpus, rng *rand.Rand) {
	bagUp(set.train)
	bagUp(set.docsTrain)
	for _, list := range [][]sample{set.train, set.docsTrain} {
		for i := range list {
			if len(list[i].bag) > 0 {
				set.learned = append(set.learned, &list[i])
			}
		}
	}
	index(set)
	l := learn(set, 0, epochsFirst, rng)
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := part; i < len(set.docsTrain); i += 2 {
				l.mine(&set.docsTrain[i], set.index)
			}
		})
	}
	wg.Wait()
}

// mine keeps the windows of a document that come nearest to an attack.
func (l *learner) mine(s *sample, index map[uint32]int32) {
	if len(s.bag) == 0 {
		return
	}
	type scored struct {
		window
		score float64
	}
	var all []scored
	inspect.ModelFeatures(s.speaker(), s.text, func(features []uint32, tokens []uint16, words int) {
		w := newWindow(features, tokens, words)
		w.number(index)
		score, _, _ := l.score(&w)
		all = append(all, scored{w, score})
		if len(all) > 8*minedMost {
			slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
			all = all[:minedMost]
		}
	})
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	s.bag = s.bag[:0]
	for _, x := range all[:min(len(all), minedMost)] {
		s.bag = append(s.bag, x.window)
	}
}

// fit learns a head.
func fit(set *corpus, head int, rng *rand.Rand) weights {
	l := learn(set, head, epochs, rng)
	out := weights{bias: l.bias, of: map[uint32]float64{}}
	for f, i := range set.index {
		if l.w[i] != 0 {
			out.of[f] = l.w[i]
		}
	}
	return out
}

// learn returns the mean of the second half's epochs, which is steadier than any
// one of them.
func learn(set *corpus, head, epochs int, rng *rand.Rand) *learner {
	l := &learner{w: make([]float64, len(set.index)), g: make([]float64, len(set.index)), bias: -2, rng: rng}
	samples := slices.Clone(set.learned)
	mean := make([]float64, len(l.w))
	for epoch := range epochs {
		rng.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		for _, s := range samples {
			l.learn(s, headWeight(s, head))
		}
		if epoch >= epochs/2 {
			for i, w := range l.w {
				mean[i] += w / float64(epochs-epochs/2)
			}
		}
	}
	l.w = mean
	return l
}

// headWeight says what a sample counts for a head: prompts and what tools bring
// in have one each and learn from the other's a little; ordinary documents may
// come as either.
func headWeight(s *sample, head int) float64 {
	if s.tool == (head == 1) || s.doc {
		return s.weight
	}
	return s.weight * 0.4
}

// index numbers the features that enough groups have, and puts the numbers in the
// place of the hashes. A feature of one template would be learned by heart.
func index(set *corpus) {
	type pair struct{ feature, group uint32 }
	pairs := map[pair]bool{}
	seen := map[uint32]int32{}
	for _, s := range set.learned {
		for _, w := range s.bag {
			for _, f := range w.features {
				if p := (pair{f, s.group}); seen[f] < leastSeen && !pairs[p] {
					pairs[p] = true
					seen[f]++
				}
			}
		}
	}
	var all []uint32
	for f, n := range seen {
		if _, tag := inspect.ModelSlot(f); n >= leastSeen && tag != 0 {
			all = append(all, f)
		}
	}
	slices.Sort(all)
	set.index = make(map[uint32]int32, len(all))
	for i, f := range all {
		set.index[f] = int32(i)
	}
	for _, s := range set.learned {
		for k := range s.bag {
			s.bag[k].number(set.index)
		}
	}
}

// number replaces the hashes by numbers and drops what has none.
func (w *window) number(index map[uint32]int32) {
	n, words := 0, 0
	for k, f := range w.features {
		if i, ok := index[f]; ok {
			w.features[n], w.at[n] = uint32(i), w.at[k]
			n++
			if k < w.words {
				words = n
			}
		}
	}
	w.features, w.at, w.words = w.features[:n], w.at[:n], words
}

// score returns the window's score and the run of tokens that it is of.
func (l *learner) score(w *window) (score float64, first, end int) {
	var adds [64]float64
	for k, i := range w.features {
		adds[w.at[k]] += l.w[i]
	}
	first, end, sum := inspect.ModelDensest(adds[:w.tokens], inspect.ModelRunLeast)
	return l.bias + sum, first, end
}

// learn takes one step on the window that speaks most for an attack; an honest
// text takes one on every window that comes near. Now and then the words are
// taken away, so that the concepts learn to stand alone, as they must in languages
// of which there is little text.
func (l *learner) learn(s *sample, weight float64) {
	if l.rng.Float64() < wordless {
		whole := *s
		s = &whole
		s.bag = make([]window, len(whole.bag))
		for k, w := range whole.bag {
			s.bag[k] = window{w.features[:w.words], w.at[:w.words], w.words, w.tokens}
		}
	}
	best, at := math.Inf(-1), 0
	for k := range s.bag {
		score, first, end := l.score(&s.bag[k])
		if !s.attack && score > -1 {
			l.step(&s.bag[k], 0, score, weight, first, end)
		}
		if score > best {
			best, at = score, k
		}
	}
	_, first, end := l.score(&s.bag[at])
	if s.attack {
		l.step(&s.bag[at], 1, best, weight, first, end)
	} else if best <= -1 {
		l.step(&s.bag[at], 0, best, weight, first, end)
	}
}

func (l *learner) step(win *window, want, score, weight float64, first, end int) {
	slope := weight * (1/(1+math.Exp(-score)) - want)
	l.biasG += slope * slope
	l.bias -= rate * slope / math.Sqrt(l.biasG+1)
	if math.Abs(slope) < 1e-3 {
		return
	}
	for k, i := range win.features {
		if at := int(win.at[k]); at < first || at >= end {
			continue
		}
		if l.rng.Float64() < dropped {
			continue
		}
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
