package inspect

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"sync"
)

// modelBytes is the model that scripts/train wrote.
//
//go:embed model.bin
var modelBytes []byte

const (
	modelMagic   = "ISM1"
	modelBits    = 17 // the table has 2^modelBits entries
	modelHeads   = 2  // one for prompts, one for text that tools bring in
	modelRoles   = 4
	modelHeader  = 4 + 8*modelHeads + 8*modelRoles
	modelBytesAt = modelHeader + 4<<modelBits + 4 // the whole file
	modelBucket  = 4                              // entries that a feature may stand in

	modelBlock      = 0.7  // the score that policy blocks from
	modelReport     = 0.65 // the least score worth a finding
	modelReportStep = 0.05 // how much higher a later window must score to be found too
	modelGateOpen   = 5

	modelNear      = 128  // tokens from the start that cost nothing
	modelDoubt     = 0.25 // logits less with every doubling from there
	modelDoublings = 5
)

// LinearModel scores text as an attack on the assistant: the weights of hashed
// features of windows of words. It is safe for concurrent use.
type LinearModel struct {
	bias  [modelHeads]float64
	scale [modelHeads]float64 // of one step of a weight, in logits
	cut   [modelRoles]float64 // the logit that scores modelBlock
	slope [modelRoles]float64
	table []uint32 // tag in the low half, then a weight per head
}

// ErrModel is what ParseModel says of bytes that are no model.
var ErrModel = errors.New("no model, or damaged")

// ParseModel reads a model as scripts/train writes it: the magic, bias and scale
// of each head, cut and slope of each role as little-endian float32, the table,
// and the CRC-32 (IEEE) of all that. It copies what it keeps.
func ParseModel(data []byte) (*LinearModel, error) {
	if len(data) != modelBytesAt || string(data[:4]) != modelMagic {
		return nil, fmt.Errorf("parsing a model of %d bytes: %w", len(data), ErrModel)
	}
	body := data[:len(data)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(data[len(body):]) {
		return nil, fmt.Errorf("checking the model's sum: %w", ErrModel)
	}
	m := &LinearModel{table: make([]uint32, 1<<modelBits)}
	at := 4
	next := func() float64 {
		at += 4
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data[at-4:])))
	}
	for i := range modelHeads {
		m.bias[i], m.scale[i] = next(), next()
	}
	for i := range modelRoles {
		m.cut[i], m.slope[i] = next(), next()
	}
	for i := range m.table {
		m.table[i] = binary.LittleEndian.Uint32(data[at:])
		at += 4
	}
	return m, nil
}

// modelBuiltIn is the embedded model. It panics if the build embedded no model.
var modelBuiltIn = sync.OnceValue(func() *LinearModel {
	m, err := ParseModel(modelBytes)
	if err != nil {
		panic("inspect: " + err.Error())
	}
	return m
})

// BuiltInModel returns the model that the program carries.
func BuiltInModel() *LinearModel { return modelBuiltIn() }

// ModelSlot returns where in a model's table a feature may stand: the first of
// modelBucket entries side by side, and the tag that marks it there. Tag 0
// means the feature has no place.
func ModelSlot(feature uint32) (first uint32, tag uint16) {
	first = feature & (1<<modelBits - 1) &^ (modelBucket - 1)
	return first, uint16(feature>>modelBits<<1 | feature&1)
}

// modelHead is the head that scores a role. An answer is judged like a document.
func modelHead(role Role) int {
	if role == User {
		return 0
	}
	return 1
}

// entry returns the table's entry of a feature, and its place for telling
// features apart; 0 when the model does not know the feature.
func (m *LinearModel) entry(feature uint32) (entry, at uint32) {
	first, tag := ModelSlot(feature)
	bucket := m.table[first : first+modelBucket : first+modelBucket]
	for i, e := range bucket {
		if uint16(e) == tag && e != 0 {
			return e, first + uint32(i)
		}
	}
	return 0, 0
}

func modelWeight(entry uint32, head int) int { return int(int8(entry >> (16 + 8*head))) }

// modelScratch is what scoring one window needs.
type modelScratch struct {
	set     modelFeatureSet
	seen    [1 << modelBits / 64]uint64
	visited [modelFeatureAt]uint32
	tokens  [modelWindow]int // what each token adds
	adds    [modelFeatureAt]int16
}

var modelScratchPool = sync.Pool{New: func() any { return new(modelScratch) }}

// sum adds up the weights of the features, each once, over the run of tokens in
// the window where that gives most.
func (m *LinearModel) sum(role Role, s *modelScratch, tokens int) int {
	head, visited := modelHead(role), 0
	clear(s.tokens[:])
	for i, feature := range s.set.hashes[:s.set.n] {
		s.adds[i] = 0
		e, at := m.entry(feature)
		if e == 0 || s.seen[at>>6]>>(at&63)&1 != 0 {
			continue
		}
		s.seen[at>>6] |= 1 << (at & 63)
		s.visited[visited] = at
		visited++
		w := modelWeight(e, head)
		s.adds[i] = int16(w)
		s.tokens[s.set.tokens[i]] += w
	}
	for _, at := range s.visited[:visited] {
		s.seen[at>>6] = 0
	}
	_, _, total := ModelDensest(s.tokens[:tokens], ModelRunLeast)
	return total
}

// probability turns a sum into the score of a finding: modelBlock at the role's
// cut, which was set on documents without attacks.
//
// The window ends with the token number at. The later it does, the more windows
// came before it that could have looked like an attack by chance, and the surer
// it must be.
func (m *LinearModel) probability(role Role, sum, at int) float64 {
	head := modelHead(role)
	doublings := min(bits.Len(uint(at/modelNear)), modelDoublings)
	logit := m.bias[head] + m.scale[head]*float64(sum) - modelDoubt*float64(doublings)
	const atCut = 0.8472978603872034 // the logit of modelBlock
	return 1 / (1 + math.Exp(-(m.slope[role]*(logit-m.cut[role]) + atCut)))
}

// Score returns the greatest score of the text's windows, from 0 to 1; 0 when
// nothing in it comes near an attack, and always for System. It looks through no
// disguise.
func (m *LinearModel) Score(role Role, text string) float64 {
	if role == System {
		return 0
	}
	top := 0.0
	scoredAlone(role, text, func(s *modelScanner) { s.model = m }, func(s *modelScanner) { top = s.top })
	return top
}
