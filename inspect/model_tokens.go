package inspect

import (
	"math/bits"
	"unicode/utf8"
)

// modelToken is one word, or one character of a script without spaces.
type modelToken struct {
	hash  uint32 // of the folded text; every number hashes alike
	first uint64 // the folded text's first bytes
	mask  uint32 // concepts of the lexicon, one bit each
	start int    // byte offsets in the text
	end   int
	place int // half words from the start: a character counts for half a word
	gap   uint8
}

// modelWordMax is how many folded bytes of a word count. What follows tells
// nothing more: there are no such words, only encoded data.
const modelWordMax = 32

// modelNumber is the hash of every token that begins with a digit.
const modelNumber uint32 = 0x9e3779b1

// modelTokenizer cuts text into tokens. It takes the text in pieces of any
// size and gives the same tokens for every way of cutting it, between the
// bytes of a rune too.
type modelTokenizer struct {
	runes   *modelRunes
	offset  int // of the piece's first byte in the text
	word    [modelWordMax]byte
	length  int // folded bytes in word
	open    bool
	start   int
	end     int
	gap     uint8
	pending [utf8.UTFMax]byte // the start of a rune that the last piece cut
	held    int
}

func (t *modelTokenizer) reset() {
	*t = modelTokenizer{runes: t.runes, gap: modelGapSentence}
}

// modelText is what a token is hashed from: its folded bytes, little endian,
// zero beyond the end.
type modelText [modelWordMax / 8]uint64

func (x *modelText) hash() uint32 {
	const k = 0x9e3779b97f4a7c15
	h := x[0] * k
	if x[1]|x[2]|x[3] != 0 {
		h = (h^h>>29)*k + x[1]
		h = (h^h>>31)*k + x[2]
		h = (h^h>>31)*k + x[3]
		h *= k
	}
	h ^= h >> 32
	return uint32(h*k>>32) | 1
}

// modelGateKey is the place of a token in the lexicon's gate: a hash of its
// first four folded bytes.
func modelGateKey(first uint64) uint32 {
	return uint32(first) * 0x9e3779b1 >> 16
}

// modelLoad reads n bytes (1 to 8) of text at i as a little-endian number.
// There must be eight bytes to read.
func modelLoad(text string, i, n int) uint64 {
	_ = text[i+7]
	x := uint64(text[i]) | uint64(text[i+1])<<8 | uint64(text[i+2])<<16 | uint64(text[i+3])<<24 |
		uint64(text[i+4])<<32 | uint64(text[i+5])<<40 | uint64(text[i+6])<<48 | uint64(text[i+7])<<56
	return x << (64 - 8*n) >> (64 - 8*n)
}

// modelLower has the bit that makes a letter small and leaves a digit as it is.
const modelLower = 0x2020202020202020

// write hands every token that ends in the text so far to s.push.
func (s *modelScanner) write(text string) {
	t := &s.tokens
	i := s.finishRune(text)
	for i < len(text) {
		b := text[i]
		if t.runes.word[b] {
			i = s.ascii(text, i)
			continue
		}
		if b == '\'' && t.open {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			if t.open {
				s.endWord()
			}
			t.gap |= t.runes.gap[b]
			i++
			continue
		}
		if !utf8.FullRuneInString(text[i:]) {
			t.held = copy(t.pending[:], text[i:])
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		s.rune(r, t.offset+i, size)
		i += size
	}
	t.offset += len(text)
}

// ascii takes the run of letters and digits at i and returns where it ends. A
// run that is a whole word, of which there is nearly always enough text behind
// to read it eight bytes at a time, never touches the buffer.
func (s *modelScanner) ascii(text string, i int) int {
	t := &s.tokens
	j := i + 1
	for j < len(text) && t.runes.word[text[j]] {
		j++
	}
	n := j - i
	if t.open || n > 16 || i+16 > len(text) || j == len(text) || text[j] == '\'' || text[j] >= utf8.RuneSelf {
		for k := i; k < j; k++ {
			s.grow(t.offset+k, 1)
			if t.length < modelWordMax {
				t.word[t.length] = text[k] | 0x20
				t.length++
			}
		}
		return j
	}
	x := modelText{}
	if n <= 8 {
		x[0] = modelLoad(text, i, n) | modelLower<<(64-8*n)>>(64-8*n)
	} else {
		x[0] = modelLoad(text, i, 8) | modelLower
		x[1] = modelLoad(text, i+8, n-8) | modelLower<<(128-8*n)>>(128-8*n)
	}
	s.push(&x, n, t.offset+i, t.offset+j)
	return j
}

// grow makes the rune of size bytes at offset part of the open word.
func (s *modelScanner) grow(offset, size int) {
	t := &s.tokens
	if !t.open {
		t.open, t.start, t.length = true, offset, 0
	}
	t.end = offset + size
}

func (s *modelScanner) rune(r rune, offset, size int) {
	t := &s.tokens
	class, folded := modelSeparator, r
	switch {
	case r < 1<<16:
		class, folded = t.runes.class[r], rune(t.runes.folded[r])
	case r >= 0x20000 && r < 0x40000:
		class = modelCharRune // Han extensions
	case r >= 0xe0000:
		class = modelSkipRune // tags and variation selectors; the engine decodes tags as a view
	}
	if r == utf8.RuneError && size == 1 {
		class = modelSeparator
	}
	switch class {
	case modelWordRune:
		s.grow(offset, size)
		if t.length+utf8.UTFMax <= modelWordMax {
			t.length += utf8.EncodeRune(t.word[t.length:t.length+utf8.UTFMax], folded)
		}
	case modelCharRune:
		if t.open {
			s.endWord()
		}
		s.grow(offset, size)
		t.length = utf8.EncodeRune(t.word[:utf8.UTFMax], folded)
		s.place-- // half a word
		s.endWord()
	case modelSeparator:
		if t.open {
			s.endWord()
		}
		t.gap |= modelWideGap(r)
	}
}

// endWord pushes the word in the buffer.
func (s *modelScanner) endWord() {
	t := &s.tokens
	t.open = false
	var x modelText
	for i := range t.length {
		x[i/8] |= uint64(t.word[i]) << (8 * (i % 8))
	}
	s.push(&x, t.length, t.start, t.end)
}

// finishRune completes the rune that the piece before cut, and returns how much
// of text it took.
func (s *modelScanner) finishRune(text string) int {
	t := &s.tokens
	took := 0
	for t.held > 0 {
		for t.held < utf8.UTFMax && took < len(text) && !utf8.FullRune(t.pending[:t.held]) {
			t.pending[t.held] = text[took]
			t.held++
			took++
		}
		if !utf8.FullRune(t.pending[:t.held]) {
			return took
		}
		s.heldRune(took)
	}
	return took
}

// heldRune takes the first rune of the held bytes, of which the last took are
// from the piece at hand.
func (s *modelScanner) heldRune(took int) {
	t := &s.tokens
	r, size := utf8.DecodeRune(t.pending[:t.held])
	offset := t.offset + took - t.held
	copy(t.pending[:], t.pending[size:t.held])
	t.held -= size
	if r < utf8.RuneSelf {
		// An ASCII byte that came where a rune was to go on.
		s.ascii1(byte(r), offset)
		return
	}
	s.rune(r, offset, size)
}

// ascii1 takes one byte of ASCII by itself.
func (s *modelScanner) ascii1(b byte, offset int) {
	t := &s.tokens
	switch {
	case t.runes.word[b]:
		s.grow(offset, 1)
		if t.length < modelWordMax {
			t.word[t.length] = b | 0x20
			t.length++
		}
	case b == '\'' && t.open:
	default:
		if t.open {
			s.endWord()
		}
		t.gap |= t.runes.gap[b]
	}
}

// flush ends the text: what is held is all there will be.
func (s *modelScanner) flush() {
	t := &s.tokens
	for t.held > 0 {
		s.heldRune(0)
	}
	if t.open {
		s.endWord()
	}
}

// modelMix combines two hashes, order kept.
func modelMix(a, b uint32) uint32 {
	h := uint64(a^bits.RotateLeft32(b, 13))*0x9e3779b97f4a7c15 + uint64(b)*0xc2b2ae3d27d4eb4f
	return uint32(h >> 32)
}
