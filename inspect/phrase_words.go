package inspect

// noWord is the offset of a word that is not there.
const noWord = -1 << 30

// gapMax is how many bytes may stand between two words.
const gapMax = 8

// wordAt reports whether a byte of a word stands at offset i. Bytes beyond ASCII
// are letters, but for the punctuation that texts have between words.
func wordAt(w *window, i int) bool {
	b := w.at(i)
	if b < 0x80 {
		return alnumBytes[b]
	}
	return !punctuation(w, i)
}

// punctuation reports whether the character at offset i is one of the general,
// Chinese and Japanese, or full-width marks.
func punctuation(w *window, i int) bool {
	switch w.at(i) {
	case 0xe2:
		return w.at(i+1) == 0x80
	case 0xe3:
		return w.at(i+1) == 0x80
	case 0xef:
		return w.at(i+1) == 0xbc
	case 0xc2:
		return w.at(i+1) < 0xc0
	}
	return false
}

// wide reports whether the character at offset i is one of a script that puts
// no blanks between words.
func wide(w *window, i int) bool {
	b := w.at(i)
	return b >= 0xe3 && b <= 0xe9 && !punctuation(w, i)
}

// charLen returns the length of the character at offset i by its first byte.
func charLen(b byte) int {
	switch {
	case b >= 0xf0:
		return 4
	case b >= 0xe0:
		return 3
	case b >= 0xc0:
		return 2
	}
	return 1
}

// wordEnd returns the end of the word at offset i.
func wordEnd(w *window, i int) int {
	if wide(w, i) {
		return i + 3
	}
	for n := 0; n < 40 && wordAt(w, i) && !wide(w, i); n++ {
		i += charLen(w.at(i))
	}
	return i
}

// wordAfter returns the start of the next word at or after offset i, or noWord
// at the end of a sentence or a paragraph.
func wordAfter(w *window, i int) int {
	lines := 0
	for from := i; i-from <= gapMax; {
		b := w.at(i)
		switch {
		case b == 0:
			return noWord
		case b == '\n':
			if lines++; lines > 1 {
				return noWord
			}
		case (b == '.' || b == '!' || b == '?') && blankBytes[w.at(i+1)]:
			return noWord
		case wordAt(w, i):
			return i
		}
		i += charLen(b)
	}
	return noWord
}

// wordBefore returns the start of the word before offset i, or noWord.
func wordBefore(w *window, i int) int {
	end, lines := i-1, 0
	for ; i-end <= gapMax; end-- {
		b := w.at(end)
		if alnumBytes[b] || b >= 0x80 {
			break
		}
		if b == '\n' {
			lines++
		}
		if b == 0 || lines > 1 || (b == '.' || b == '!' || b == '?') && blankBytes[w.at(end+1)] {
			return noWord
		}
	}
	if i-end > gapMax {
		return noWord
	}
	if w.at(end) >= 0x80 && wide(w, end-2) {
		return end - 2
	}
	start := w.back(end+1, letterBytes, 40)
	if start > end {
		return noWord
	}
	return start
}

// letterBytes are those of words, with the apostrophe inside.
var letterBytes = setOf("A-Za-z0-9'\x80-\xff")

// quotedShare is what a phrase weighs that is quoted or spoken about: people
// who write about attacks write them down.
const quotedShare = 0.6

// quoted reports whether the phrase at offset i stands in quotes after words
// that announce an example.
func quoted(w *window, i int) bool {
	for k := 1; k <= 2; k++ {
		switch w.at(i - k) {
		case '"', '\'', '`', '(', 0x9c, 0xab: // the last bytes of “ and «
			return w.context(i, 100, "such as", "e.g.", "for example", "example", "phrase", "prompt injection", "attack", "like ", "detect",
				"say", "means", "called", "classif", "translate", "string", "regex", "test")
		}
	}
	return false
}
