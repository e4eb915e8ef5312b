package inspect

import "math/bits"

// modelScanner finds attacks in one text that comes in pieces. Windows lie at
// fixed numbers of tokens, so every way of cutting the text gives the same
// windows and the same scores. It is not safe for concurrent use.
type modelScanner struct {
	model  *LinearModel
	lex    *modelLexicon
	role   Role
	view   bool // of a text in disguise, of which there are many: its ends must hold one concept at least
	tokens modelTokenizer
	ring   [modelRing]modelToken
	n      int // tokens so far
	place  int
	// blocks holds the concepts, and hits the rules of others, of the stride
	// under way and of the one before: together they are a window.
	blocks [2]uint32
	hits   [2]uint64
	met    [2]bool // whether two concepts met that belong together
	near   [4]struct {
		at   int
		mask uint32
	} // the tokens with a concept that came last
	nearN int
	due   bool    // a rule has just been hit: do not wait for the window to be full
	best  float64 // of what was found
	top   float64 // of all windows
	found []modelHit

	capture func(x modelText, length int) // takes the tokens, when the lexicon is built
	visit   func(*modelFeatureSet)        // takes the features, when the model is trained
}

// newModelScanner returns a scanner for one text.
func newModelScanner(m *LinearModel, role Role) *modelScanner {
	s := newModelCutter()
	s.model, s.role, s.lex = m, role, modelLexiconTable()
	return s
}

// newModelCutter returns a scanner that only cuts tokens, for capture.
func newModelCutter() *modelScanner {
	s := new(modelScanner)
	s.tokens.runes = modelRuneTable()
	s.tokens.reset()
	return s
}

// reset makes the scanner ready for another text. What found held is void.
func (s *modelScanner) reset(role Role) {
	s.role, s.n, s.place, s.best, s.top = role, 0, 0, 0, 0
	s.blocks, s.hits, s.due = [2]uint32{}, [2]uint64{}, false
	s.met, s.nearN = [2]bool{}, 0
	clear(s.found)
	s.found = s.found[:0]
	s.tokens.reset()
}

// hit tells that the engine's rule with this number, below 64, matched up to
// the byte written last. Those from modelHitFirst up are the engine's.
func (s *modelScanner) hit(rule uint8) {
	s.due = s.due || (s.hits[0]|s.hits[1])>>rule&1 == 0
	s.hits[1] |= 1 << rule
}

// take returns what was found since it was last called; the slice is good until
// the next write.
func (s *modelScanner) take() []modelHit {
	found := s.found
	s.found = s.found[:0]
	return found
}

// close ends the text and scores what no whole window covered.
func (s *modelScanner) close() {
	s.flush()
	if s.n%modelStride != 0 || s.due {
		s.window(s.n-s.n%modelStride-modelStride, true)
	}
}

// push takes the next token.
func (s *modelScanner) push(x *modelText, length, start, end int) {
	t := &s.ring[s.n&modelRingMask]
	t.hash, t.mask, t.first, t.start, t.end = x.hash(), 0, x[0], start, end
	t.gap, s.tokens.gap = s.tokens.gap, 0
	if first := byte(x[0]); first-'0' <= 9 {
		t.hash = modelNumber
	}
	s.place += 2
	t.place = s.place
	if s.capture != nil {
		s.capture(*x, length)
		s.n++
		return
	}
	if s.lex.open(x[0]) {
		t.mask = s.lex.find(s, s.n, x, length)
		if t.mask != 0 {
			s.blocks[1] |= t.mask
			s.meet(t.mask)
		}
	}
	s.n++
	if s.n%modelStride == 0 {
		s.window(s.n-modelWindow, s.n <= modelWindow)
		s.blocks[0], s.blocks[1] = s.blocks[1], 0
		s.met[0], s.met[1] = s.met[1], false
		s.hits[0], s.hits[1] = s.hits[1], 0
		s.due = false
	}
	if s.due {
		s.due = false
		s.window(s.n-modelWindow, false)
	}
}

// meet takes the concepts of the token under way, and notes whether they belong
// together with those of the last few.
func (s *modelScanner) meet(mask uint32) {
	near := uint32(0)
	for k := max(s.nearN-len(s.near), 0); k < s.nearN; k++ {
		if o := &s.near[k%len(s.near)]; o.at >= s.n-modelReach {
			near |= o.mask
		}
	}
	near |= mask
	for m := near; m != 0 && !s.met[1]; m &= m - 1 {
		s.met[1] = modelGateMeets[bits.TrailingZeros32(m)]&near != 0
	}
	o := &s.near[s.nearN%len(s.near)]
	o.at, o.mask = s.n, mask
	s.nearN++
}

// gated reports whether the window under way holds too little to be an attack.
func (s *modelScanner) gated() bool {
	if s.hits[0]|s.hits[1] != 0 {
		return false
	}
	if s.visit == nil && !s.met[0] && !s.met[1] { // a model in training sees more, or it would not learn what is harmless
		return true
	}
	concepts := s.blocks[0] | s.blocks[1]
	weight := uint8(0)
	for m := concepts; m != 0; m &= m - 1 {
		weight += modelGateWeight[bits.TrailingZeros32(m)]
	}
	return weight < modelGateOpen
}

// window scores the tokens from from, or the first, to the last. The windows at
// the ends of a text pass the gate whatever they hold: a short prompt is all
// ends, and costs little.
func (s *modelScanner) window(from int, atEnd bool) {
	if !atEnd && s.gated() || atEnd && s.view && s.blocks[0]|s.blocks[1] == 0 && s.hits[0]|s.hits[1] == 0 {
		return
	}
	from = max(from, 0)
	scratch := modelScratchPool.Get().(*modelScratch)
	defer modelScratchPool.Put(scratch)
	s.features(&scratch.set, from, s.n, s.hits[0]|s.hits[1])
	if s.visit != nil {
		s.visit(&scratch.set)
		return
	}
	score := s.model.probability(s.role, s.model.sum(s.role, scratch, s.n-from), s.n)
	s.top = max(s.top, score)
	if score < modelReport || score < s.best+modelReportStep && (score < modelBlock || s.best >= modelBlock) {
		return
	}
	s.best = score
	s.found = append(s.found, s.explain(scratch, from, score))
}

// ModelFeatures cuts text into the windows that the model scores and hands each
// to visit, which must not keep the slices: its features, in the order in which
// they count, and for each the token that made it. Those from words on are of
// words, those before of concepts and rules. A feature may stand in them more
// than once; only the first counts. It is for scripts/train, so that training
// sees what scanning sees.
func ModelFeatures(role Role, text string, visit func(features []uint32, tokens []uint16, words int)) {
	scoredAlone(role, text, func(s *modelScanner) {
		s.visit = func(f *modelFeatureSet) { visit(f.hashes[:f.n], f.tokens[:f.n], f.words) }
	}, func(s *modelScanner) { s.visit = nil })
}
