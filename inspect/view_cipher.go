package inspect

import (
	"slices"
	"unicode/utf8"
)

// ciphers looks through rot13, atbash and text written backwards. The words that
// attacks cannot do without are literals in each of them, so that ordinary text
// costs nothing.
func ciphers() Detector {
	d := Detector{name: "ciphers", ahead: viewAhead}
	for _, word := range attackWords {
		if len(word) < len("ignore") {
			continue
		}
		backwards := []byte(word)
		slices.Reverse(backwards)
		for _, c := range []struct {
			literal string
			match   func(w *window)
		}{
			{swapped(word, rot13), func(w *window) { letterCipher(w, viewRot13, rot13) }},
			{swapped(word, atbash), func(w *window) { letterCipher(w, viewAtbash, atbash) }},
			{string(backwards), backwardsText},
		} {
			d.triggers = append(d.triggers, trigger{literal: c.literal, fold: true, left: alphaBytes, match: c.match})
		}
	}
	return d
}

func rot13(b byte) byte {
	switch base := b & 0x20; {
	case !alphaBytes[b]:
		return b
	case b|0x20 >= 'n':
		return (b-13)&^0x20 | base
	default:
		return (b+13)&^0x20 | base
	}
}

func atbash(b byte) byte {
	switch {
	case !alphaBytes[b]:
		return b
	case upperBytes[b]:
		return 'A' + 'Z' - b
	}
	return 'a' + 'z' - b
}

func swapped(word string, by func(byte) byte) string {
	b := []byte(word)
	for i := range b {
		b[i] = by(b[i])
	}
	return string(b)
}

// letterCipher inspects the surroundings with each letter swapped.
func letterCipher(w *window, view string, by func(byte) byte) {
	s, ok := w.view()
	if !ok {
		return
	}
	text, from := w.around()
	if w.short {
		return
	}
	w.skipTo(viewStep)
	w.steps += len(text)
	for i := range len(text) {
		s.add(by(text[i]), from+i, from+i+1)
	}
	w.nested(0, w.n, view)
}

// backwardsText inspects the surroundings from their end to their start, then
// with each word turned round where it stands.
func backwardsText(w *window) {
	s, ok := w.view()
	if !ok {
		return
	}
	text, from := w.around()
	if w.short {
		return
	}
	w.skipTo(viewStep)
	w.steps += 2 * len(text)
	for i := len(text) - 1; i >= 0; i-- {
		s.add(text[i], from+i, from+i+1)
	}
	w.nested(0, w.n, viewReversed)
	s.reset()
	for i := 0; i < len(text); {
		end := i + max(turnedLen(text[i:]), 1)
		for k := end - 1; k >= i; k-- {
			s.add(text[k], from+k, from+k+1)
		}
		i = end
	}
	w.nested(0, w.n, viewBackwords)
}

// turnedLen returns how long the word is that text begins with. Punctuation
// belongs to it where it was turned round with it and leads.
func turnedLen(text string) int {
	n := 0
	for n < len(text) && text[n] > ' ' && !alnumBytes[text[n]] && text[n] < utf8.RuneSelf {
		n++
	}
	return n + wordLen(text[n:])
}
