package inspect

import (
	_ "embed"
	"strings"
	"sync"
)

// modelLexiconText lists the words that attacks are made of, by concept and
// language. Concepts carry what the model learns in one language to the others.
//
//go:embed model_lexicon.txt
var modelLexiconText string

// The concepts, in the order of the bits of modelToken.mask.
const (
	modelConceptOverride uint32 = 1 << iota
	modelConceptPrior
	modelConceptInstr
	modelConceptReveal
	modelConceptSystem
	modelConceptPrompt
	modelConceptPersona
	modelConceptUnrestrict
	modelConceptLimit
	modelConceptNeg
	modelConceptAI
	modelConceptYou
	modelConceptNow
	modelConceptObey
	modelConceptRefuse
	modelConceptReader
	modelConceptAudience
	modelConceptHide
	modelConceptExfil
	modelConceptAsset
	modelConceptHarm
	modelConceptTag
	modelConceptTask
	modelConceptScope
	modelConceptQuoted
	modelConceptAct
)

// modelConcepts names the concepts, as the lexicon and explanations do.
var modelConcepts = [...]string{
	"override", "prior", "instr", "reveal", "system", "prompt", "persona",
	"unrestrict", "limit", "neg", "ai", "you", "now", "obey", "refuse", "reader",
	"audience", "hide", "exfil", "asset", "harm", "tag", "task", "scope", "quoted",
	"act",
}

// modelGateWeight says how far each concept opens the gate of a window; common
// words of everyday text and code weigh little or nothing.
var modelGateWeight = [len(modelConcepts)]uint8{
	2, 1, 2, 1, 1, 2, 2, 4, 1, 0, 2, 1, 0, 1, 1, 1, 1, 3, 1, 1, 1, 3, 0, 0, 0, 1,
}

// modelGateMeets says, by the number of a concept, beside which others it may be
// the start of an attack: one of them must stand near it for the gate to open.
// Most text has some of these words, and no two that belong together.
var modelGateMeets = [len(modelConcepts)]uint32{
	0:  modelConceptInstr | modelConceptPrompt | modelConceptPrior | modelConceptLimit, // override
	3:  modelConceptPrompt,                                                             // reveal
	6:  modelConceptUnrestrict | modelConceptLimit | modelConceptHarm | modelConceptAI, // persona
	7:  modelConceptYou | modelConceptAI,                                               // unrestrict
	10: modelConceptReader | modelConceptExfil | modelConceptHide | modelConceptAct,    // ai
	11: modelConceptHarm,                                                               // you
	17: modelConceptAudience | modelConceptExfil | modelConceptAct | modelConceptYou,   // hide
	18: modelConceptAsset,                                                              // exfil
	20: modelConceptTask | modelConceptPersona,                                         // harm
	21: ^uint32(0),                                                                     // tag
}

// The topmost bits of a table entry are no concepts: for a token that ends
// phrases of several tokens they say how many the longest has.
const (
	modelPhraseShift        = 26
	modelPhraseBits  uint32 = 0x1f << modelPhraseShift
)

const (
	modelPhraseMax = 18 // tokens; a character is one
	modelStemMin   = 4  // bytes
	modelStemMax   = 16
	modelLexSlots  = 1 << 14
)

type modelLexEntry struct{ key, mask uint32 }

// modelLexicon finds concepts by hash. A token passes the gate before anything
// dearer is tried: most words of most texts fail there.
type modelLexicon struct {
	gate  [1 << 16 / 64]uint64 // what words and the last words of phrases begin with
	stem  [1 << 16 / 64]uint64 // what stems begin with
	table [modelLexSlots]modelLexEntry
	stems [modelStemMax + 1]bool // which lengths of stem there are
}

var modelLexiconTable = sync.OnceValue(func() *modelLexicon {
	l := new(modelLexicon)
	concept := uint32(0)
	for line := range strings.Lines(modelLexiconText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			concept = modelConceptBit(strings.Trim(line, "[]"))
			continue
		}
		_, words, _ := strings.Cut(line, ":")
		for word := range strings.FieldsSeq(words) {
			l.add(word, concept)
		}
	}
	return l
})

func modelConceptBit(name string) uint32 {
	for i, n := range modelConcepts {
		if n == name {
			return 1 << i
		}
	}
	panic("inspect: no concept " + name + " in the model's lexicon")
}

// add enters a word as the tokenizer would cut it, so that text and lexicon are
// folded by the same rules.
func (l *modelLexicon) add(word string, concept uint32) {
	stem := strings.HasSuffix(word, "*")
	text := strings.ReplaceAll(strings.TrimSuffix(word, "*"), "_", " ")
	var texts []modelText
	var lengths []int
	s := newModelCutter()
	s.capture = func(x modelText, n int) {
		texts, lengths = append(texts, x), append(lengths, n)
	}
	s.write(text)
	s.flush()
	if len(texts) == 0 || len(texts) > modelPhraseMax {
		panic("inspect: bad entry in the model's lexicon: " + word)
	}
	last := len(texts) - 1
	key := modelGateKey(texts[last][0])
	l.gate[key>>6] |= 1 << (key & 63)
	n := lengths[last]
	if stem && last == 0 && n >= modelStemMin && n <= modelStemMax {
		l.stems[n] = true
		l.stem[key>>6] |= 1 << (key & 63)
		l.set(modelStemKey(&texts[0], n), concept)
		return
	}
	hash := texts[last].hash()
	for i := last - 1; i >= 0; i-- {
		hash = modelMix(hash, texts[i].hash())
	}
	l.set(hash, concept)
	if last > 0 {
		l.set(texts[last].hash(), uint32(len(texts))<<modelPhraseShift)
	}
}

// modelStemKey hashes the first n bytes of a word, apart from whole words.
func modelStemKey(x *modelText, n int) uint32 {
	var y modelText
	y[0] = x[0]
	if n < 8 {
		y[0] = x[0] << (64 - 8*n) >> (64 - 8*n)
	} else if n > 8 {
		y[1] = x[1] << (128 - 8*n) >> (128 - 8*n)
	}
	return modelMix(y.hash(), 0x57e4+uint32(n))
}

func (l *modelLexicon) set(key, mask uint32) {
	for i := key % modelLexSlots; ; i = (i + 1) % modelLexSlots {
		if e := &l.table[i]; e.key == key || e.key == 0 {
			longest := max(e.mask&modelPhraseBits, mask&modelPhraseBits)
			e.key, e.mask = key, (e.mask|mask)&^modelPhraseBits|longest
			return
		}
	}
}

func (l *modelLexicon) get(key uint32) uint32 {
	for i := key % modelLexSlots; ; i = (i + 1) % modelLexSlots {
		switch e := &l.table[i]; e.key {
		case key:
			return e.mask
		case 0:
			return 0
		}
	}
}

// open reports whether a word that begins so may be in the lexicon.
func (l *modelLexicon) open(first uint64) bool {
	key := modelGateKey(first)
	return l.gate[key>>6]>>(key&63)&1 != 0
}

// find returns the concepts of the token at position at of the ring, whose
// folded text is x.
func (l *modelLexicon) find(s *modelScanner, at int, x *modelText, n int) uint32 {
	hash := s.ring[at&modelRingMask].hash
	mask := l.get(hash)
	if key := modelGateKey(x[0]); l.stem[key>>6]>>(key&63)&1 != 0 {
		for k := modelStemMin; k <= min(n, modelStemMax); k++ {
			if l.stems[k] {
				mask |= l.get(modelStemKey(x, k))
			}
		}
	}
	longest := int(mask >> modelPhraseShift)
	for i := at - 1; i >= 0 && i > at-longest; i-- {
		hash = modelMix(hash, s.ring[i&modelRingMask].hash)
		mask |= l.get(hash) &^ modelPhraseBits
	}
	return mask &^ modelPhraseBits
}
