package inspect

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What the model makes of a rune.
const (
	modelSeparator uint8 = iota
	modelWordRune        // part of a word
	modelCharRune        // a token by itself: scripts that put no space between words
	modelSkipRune        // as if it were not there: marks, joiners, bidi controls
)

// What stood between a token and the one before it, as bits. Imperatives open
// sentences, and role markers stand in brackets: both tell attacks from prose.
const (
	modelGapSentence uint8 = 1 << iota
	modelGapQuote
	modelGapAngle
	modelGapBracket
	modelGapHash
	modelGapColon
	modelGapLine
	modelGapComma
)

// modelRunes is what the tokenizer knows of the Basic Multilingual Plane.
type modelRunes struct {
	class  [1 << 16]uint8
	folded [1 << 16]uint16
	gap    [1 << 8]uint8
	word   [1 << 8]bool
}

// modelRuneTable builds the table once, in a few milliseconds: it is a third of
// a megabyte that a program without traffic never needs.
var modelRuneTable = sync.OnceValue(func() *modelRunes {
	t := new(modelRunes)
	for r := rune(0); r < 1<<16; r++ {
		t.class[r], t.folded[r] = modelFoldRune(r)
	}
	for b := range t.word {
		t.word[b] = b < 0x80 && t.class[b] == modelWordRune
	}
	for flag, bytes := range map[uint8]string{
		modelGapSentence: ".!?;",
		modelGapQuote:    "\"`'(",
		modelGapAngle:    "<>|",
		modelGapBracket:  "[]{}",
		modelGapHash:     "#*=-",
		modelGapColon:    ":",
		modelGapLine:     "\n\r",
		modelGapComma:    ",/",
	} {
		for i := range len(bytes) {
			t.gap[bytes[i]] |= flag
		}
	}
	return t
})

// modelAlike folds letters that decomposition leaves apart although writers
// use one for the other.
var modelAlike = map[rune]rune{
	'ı': 'i', 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ð': 'd', 'æ': 'a', 'œ': 'o', 'ß': 's', 'þ': 't',
	'ة': 'ه', 'ى': 'ي', 'ی': 'ي', 'ک': 'ك', 'ς': 'σ',
}

func modelFoldRune(r rune) (uint8, uint16) {
	class := modelRuneClass(r)
	if class != modelWordRune {
		return class, uint16(r)
	}
	folded := unicode.ToLower(r)
	for _, d := range norm.NFKD.String(string(folded)) {
		if c := modelRuneClass(d); c == modelWordRune {
			folded = unicode.ToLower(d)
			break
		}
	}
	if alike, ok := modelAlike[folded]; ok {
		folded = alike
	}
	return class, uint16(folded)
}

func modelRuneClass(r rune) uint8 {
	switch {
	case modelIgnorable(r):
		return modelSkipRune
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return modelCharRune
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return modelWordRune
	}
	return modelSeparator
}

// modelIgnorable reports marks that writers leave out as they please and the
// invisible characters that hide a word from a matcher.
func modelIgnorable(r rune) bool {
	switch {
	case r == 0xad, r == 0x640, r == 0x670, r == 0x93c, r == 0xfeff, r == '’', r == 'ʼ':
		return true
	case r >= 0x300 && r <= 0x36f, r >= 0x591 && r <= 0x5c7, r >= 0x64b && r <= 0x65f:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f
}

// modelWideGap is the gap of punctuation beyond ASCII.
func modelWideGap(r rune) uint8 {
	switch r {
	case '。', '！', '？', '；', '؟', '।', '…', '．':
		return modelGapSentence
	case '“', '”', '„', '«', '»', '「', '」', '『', '』', '‘', '（':
		return modelGapQuote
	case '【', '】', '〔', '〕', '［', '］', '《', '》':
		return modelGapBracket
	case '：':
		return modelGapColon
	case '，', '、', '،':
		return modelGapComma
	case 0x2028, 0x2029, 0x85:
		return modelGapLine
	}
	return 0
}
