package inspect

import "math/bits"

// The kinds of features. Each is mixed into the hash, so that a word, a pair
// and a concept never share a weight by design.
const (
	modelFeatureWord uint32 = 0xa1b3c500 + iota
	modelFeaturePair
	modelFeatureTriple
	modelFeatureSkip
	modelFeatureOpening
	modelFeatureOpeningPair
	modelFeatureConcept
	modelFeatureConceptOpening
	modelFeatureConceptPair
	modelFeatureConceptTriple
	modelFeatureMarked
	modelFeatureLabelled
	modelFeatureRule
	modelFeatureRuleAlone
	modelFeatureStem
	modelFeatureStemPair
	modelFeatureGaps
	modelFeatureRuleQuoted
	modelFeatureNoise
)

const (
	modelWindow      = 64 // tokens that are scored together
	modelStride      = 32 // tokens from one window to the next
	modelRing        = 128
	modelRingMask    = modelRing - 1
	modelReach       = 8    // words between the concepts of a pair
	modelTripleReach = 12   // words from the first to the last of three concepts
	modelShort       = 10   // words of a text that counts as short
	modelFeatureAt   = 1536 // features of a window that count; the rest is dropped
	modelConceptAt   = 48   // tokens with a concept in a window that count
)

// modelHitFirst is the number of the first of the engine's rules, phraseRules;
// below are the model's own.
const modelHitFirst = 32

// modelRuleCode marks the code of a rule in a modelFeatureSet.
const modelRuleCode uint32 = 1 << 31

// modelOpens are the gaps after which a word opens a sentence.
const modelOpens = modelGapSentence | modelGapQuote | modelGapBracket | modelGapColon |
	modelGapLine | modelGapHash | modelGapAngle

// modelFeatureSet is the scratch space of one window.
type modelFeatureSet struct {
	hashes [modelFeatureAt]uint32
	tokens [modelFeatureAt]uint16 // index in the window of the token that made it
	codes  [modelFeatureAt]uint32 // what a feature of concepts or rules is made of; 0 for words
	n      int
	words  int                 // the features from here on are of words, those before of concepts and rules
	lex    [modelConceptAt]int // ring positions of tokens with a concept
	lexN   int
}

func (f *modelFeatureSet) add(hash uint32, token int) { f.addCode(hash, token, 0) }

func (f *modelFeatureSet) addCode(hash uint32, token int, code uint32) {
	if f.n < modelFeatureAt {
		f.hashes[f.n], f.tokens[f.n], f.codes[f.n] = hash, uint16(token), code
		f.n++
	}
}

// addConcepts adds a feature of up to three concepts, each given by its number
// plus one in a byte of parts, most significant first.
func (f *modelFeatureSet) addConcepts(kind, parts uint32, token int) {
	f.addCode(modelMix(kind, parts), token, parts&0x00ffffff)
}

// addRule adds a rule by its number.
func (f *modelFeatureSet) addRule(rule uint32, token int) {
	f.addCode(modelMix(modelFeatureRule, rule), token, modelRuleCode|rule)
}

// features fills f with the features of tokens from up to to. Concepts come
// first: should a window have more features than count, words are dropped.
func (s *modelScanner) features(f *modelFeatureSet, from, to int, hits uint64) {
	f.n, f.lexN = 0, 0
	for i := from; i < to && f.lexN < modelConceptAt; i++ {
		if s.ring[i&modelRingMask].mask != 0 {
			f.lex[f.lexN] = i
			f.lexN++
		}
	}
	for ; hits != 0; hits &= hits - 1 {
		f.addRule(uint32(bits.TrailingZeros64(hits)), to-from-1)
	}
	s.rules(f, from, to-from <= modelShort)
	noise := s.noise(from, to)
	for k := range f.lexN {
		s.conceptFeatures(f, k, from, to)
		if noise > 0 {
			f.add(modelMix(modelFeatureNoise, s.ring[f.lex[k]&modelRingMask].mask<<3|noise), f.lex[k]-from)
		}
	}
	f.words = f.n
	for i := from; i < to; i++ {
		s.wordFeatures(f, i, from)
	}
}

// words is the distance between the tokens at ring positions i and j, in words.
func (s *modelScanner) words(i, j int) int {
	return (s.ring[j&modelRingMask].place - s.ring[i&modelRingMask].place + 1) / 2
}

func (s *modelScanner) wordFeatures(f *modelFeatureSet, i, from int) {
	t := &s.ring[i&modelRingMask]
	at := i - from
	f.add(modelMix(modelFeatureWord, t.hash), at)
	if t.gap&modelOpens != 0 {
		f.add(modelMix(modelFeatureOpening, t.hash), at)
	}
	if i == from {
		return
	}
	t1 := &s.ring[(i-1)&modelRingMask]
	s.shapeFeatures(f, t1, t, at)
	pair := modelMix(t1.hash, t.hash)
	f.add(modelMix(modelFeaturePair, pair), at)
	if t1.gap&modelOpens != 0 {
		f.add(modelMix(modelFeatureOpeningPair, pair), at)
	}
	if i == from+1 {
		return
	}
	t2 := &s.ring[(i-2)&modelRingMask]
	f.add(modelMix(modelFeatureTriple, modelMix(t2.hash, pair)), at)
	f.add(modelMix(modelFeatureSkip, modelMix(t2.hash, t.hash)), at)
}

// shapeFeatures adds what the word t has in common with its other forms, and how
// it is set off from t1, the word before: prose, code and gibberish differ in that.
func (s *modelScanner) shapeFeatures(f *modelFeatureSet, t1, t *modelToken, at int) {
	stem, long := t.stem()
	if long {
		f.add(modelMix(modelFeatureStem, stem), at)
	}
	if before, longBefore := t1.stem(); long || longBefore {
		f.add(modelMix(modelFeatureStemPair, modelMix(before, stem)), at)
	}
	const marked = modelGapAngle | modelGapBracket | modelGapHash | modelGapQuote | modelGapColon
	if t.gap&marked != 0 {
		f.add(modelMix(modelFeatureGaps, uint32(t1.gap)<<8|uint32(t.gap)), at)
	}
}

// stem is a hash of what a word begins with: five letters, or eight bytes of a
// word beyond ASCII. It is not long when that is the whole word.
func (t *modelToken) stem() (hash uint32, long bool) {
	const five = 1<<40 - 1
	x := t.first
	if x&0x8080808080808080 == 0 {
		if x&^five == 0 {
			return t.hash, false
		}
		x &= five
	} else if x>>56 == 0 {
		return t.hash, false
	}
	return uint32(x*0x9e3779b97f4a7c15>>32) | 1, true
}

// noise says how much of the window's end looks like neither prose nor code:
// words set off by several kinds of marks at once.
func (s *modelScanner) noise(from, to int) uint32 {
	n := 0
	for i := max(from, to-24); i < to; i++ {
		if bits.OnesCount8(s.ring[i&modelRingMask].gap) >= 2 {
			n++
		}
	}
	return uint32(min(n/2, 4))
}

// conceptFeatures adds what the k-th token with a concept says alone and with
// those before it.
func (s *modelScanner) conceptFeatures(f *modelFeatureSet, k, from, to int) {
	i := f.lex[k]
	t := &s.ring[i&modelRingMask]
	at := i - from
	for m := t.mask; m != 0; m &= m - 1 {
		c := uint32(bits.TrailingZeros32(m)) + 1
		f.addConcepts(modelFeatureConcept, c, at)
		if t.gap&modelOpens != 0 {
			f.addConcepts(modelFeatureConceptOpening, c, at)
		}
		if i+1 < to && s.ring[(i+1)&modelRingMask].gap&modelGapColon != 0 {
			f.addConcepts(modelFeatureLabelled, c, at)
		}
	}
	if marked := t.gap & (modelGapAngle | modelGapBracket | modelGapHash); marked != 0 {
		f.add(modelMix(modelFeatureMarked, modelMix(t.hash, uint32(marked))), at)
	}
	for back := 1; back <= 4 && k-back >= 0; back++ {
		j := f.lex[k-back]
		distance := s.words(j, i)
		if distance > modelReach {
			break
		}
		far := uint32(0)
		if distance > 2 {
			far = 1 << 24
		}
		s.pairFeatures(f, s.ring[j&modelRingMask].mask, t.mask, far, at)
	}
	if k >= 2 && s.words(f.lex[k-2], i) <= modelTripleReach {
		s.tripleFeatures(f, k, at)
	}
}

func (s *modelScanner) pairFeatures(f *modelFeatureSet, before, after, far uint32, at int) {
	for a := before; a != 0; a &= a - 1 {
		for b := after; b != 0; b &= b - 1 {
			pair := uint32(bits.TrailingZeros32(a)+1)<<8 | uint32(bits.TrailingZeros32(b)+1)
			f.addConcepts(modelFeatureConceptPair, pair|far, at)
		}
	}
}

func (s *modelScanner) tripleFeatures(f *modelFeatureSet, k, at int) {
	first := s.ring[f.lex[k-2]&modelRingMask].mask
	second := s.ring[f.lex[k-1]&modelRingMask].mask
	third := s.ring[f.lex[k]&modelRingMask].mask
	for a := first; a != 0; a &= a - 1 {
		for b := second; b != 0; b &= b - 1 {
			for c := third; c != 0; c &= c - 1 {
				triple := uint32(bits.TrailingZeros32(a)+1)<<16 |
					uint32(bits.TrailingZeros32(b)+1)<<8 | uint32(bits.TrailingZeros32(c)+1)
				f.addConcepts(modelFeatureConceptTriple, triple, at)
			}
		}
	}
}

// modelRule is a phrase in concepts: each step is any of its concepts, at most
// gap tokens after the one before.
type modelRule struct {
	name  string
	gap   int
	steps []uint32
}

// modelRuleSet are the model's own phrase rules; a rule's place is its number.
// They decide nothing: the model learns what each is worth in company.
var modelRuleSet = []modelRule{
	{"override_prior_instructions", 5, []uint32{modelConceptOverride, modelConceptPrior | modelConceptScope, modelConceptInstr | modelConceptPrompt}},
	{"override_instructions_prior", 5, []uint32{modelConceptOverride, modelConceptInstr | modelConceptPrompt, modelConceptPrior}},
	{"override_instructions", 4, []uint32{modelConceptOverride, modelConceptInstr | modelConceptPrompt}},
	{"override_everything", 3, []uint32{modelConceptOverride, modelConceptScope, modelConceptPrior | modelConceptYou}},
	{"override_limits", 4, []uint32{modelConceptOverride, modelConceptLimit}},
	{"reveal_system_prompt", 5, []uint32{modelConceptReveal, modelConceptSystem | modelConceptPrior | modelConceptYou, modelConceptPrompt}},
	{"reveal_instructions", 5, []uint32{modelConceptReveal, modelConceptYou | modelConceptSystem | modelConceptPrior, modelConceptInstr}},
	{"persona_unrestricted", 12, []uint32{modelConceptPersona, modelConceptUnrestrict}},
	{"persona_without_limits", 10, []uint32{modelConceptPersona, modelConceptNeg, modelConceptLimit}},
	{"you_without_limits", 6, []uint32{modelConceptYou, modelConceptNeg, modelConceptLimit}},
	{"unrestricted_you", 6, []uint32{modelConceptYou, modelConceptUnrestrict}},
	{"never_refuse", 4, []uint32{modelConceptNeg, modelConceptRefuse}},
	{"new_instructions", 2, []uint32{modelConceptNow, modelConceptInstr | modelConceptTask}},
	{"ai_must", 6, []uint32{modelConceptAI, modelConceptObey}},
	{"reader_ai", 3, []uint32{modelConceptReader, modelConceptAI}},
	{"hide_from_user", 5, []uint32{modelConceptHide, modelConceptAudience}},
	{"send_secrets", 8, []uint32{modelConceptExfil, modelConceptAsset}},
	{"override_then_persona", 16, []uint32{modelConceptOverride, modelConceptInstr, modelConceptPersona}},
	{"override_then_reveal", 14, []uint32{modelConceptOverride, modelConceptReveal}},
	{"not_bound", 8, []uint32{modelConceptNeg, modelConceptObey, modelConceptLimit | modelConceptInstr}},
}

// rules adds which of modelRuleSet match, each once. In a text of a few words a
// match weighs otherwise: nothing quotes it, and there is nothing else to go by.
func (s *modelScanner) rules(f *modelFeatureSet, from int, short bool) {
	for r := range modelRuleSet {
		for k := range f.lexN {
			if s.ruleAt(&modelRuleSet[r], f, k) {
				f.addRule(uint32(r), f.lex[k]-from)
				if s.quoted(f.lex[k], from) {
					f.add(modelMix(modelFeatureRuleQuoted, uint32(r)), f.lex[k]-from)
					f.add(modelFeatureRuleQuoted, f.lex[k]-from)
				}
				if short {
					f.addCode(modelMix(modelFeatureRuleAlone, uint32(r)), f.lex[k]-from, modelRuleCode|uint32(r))
				}
				break
			}
		}
	}
}

// quoted reports whether a quotation opens within the three tokens up to the one
// at ring position i.
func (s *modelScanner) quoted(i, from int) bool {
	for j := i; j >= from && j > i-3; j-- {
		if s.ring[j&modelRingMask].gap&modelGapQuote != 0 {
			return true
		}
	}
	return false
}

func (s *modelScanner) ruleAt(rule *modelRule, f *modelFeatureSet, k int) bool {
	at := f.lex[k]
	if s.ring[at&modelRingMask].mask&rule.steps[0] == 0 {
		return false
	}
	k++
	for _, step := range rule.steps[1:] {
		for k < f.lexN && s.words(at, f.lex[k]) <= rule.gap && s.ring[f.lex[k]&modelRingMask].mask&step == 0 {
			k++
		}
		if k == f.lexN || s.words(at, f.lex[k]) > rule.gap {
			return false
		}
		at = f.lex[k]
		k++
	}
	return true
}
