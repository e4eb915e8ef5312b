package inspect

import "unicode/utf8"

// letters looks through writings that people read past and matchers stumble
// over: invisible characters within words, letters of other scripts and styles,
// digits for letters, letters set apart. All of them are undone in one view, so
// that mixing them is no disguise of its own.
func letters() Detector {
	d := Detector{name: "letters", ahead: viewAhead}
	on := func(match func(w *window), literals ...string) {
		for _, s := range literals {
			d.triggers = append(d.triggers, trigger{literal: s, match: match})
		}
	}
	on(unseenMark, unseenLiterals...)
	for third := byte('A'); third <= 'Z'; third++ { // fullwidth, of either case
		on(plainView, "\xef\xbc"+string([]byte{third + 0x60}), "\xef\xbd"+string([]byte{third + 0x40}))
	}
	on(plainView, "\xe2\x92", "\xe2\x93", "\xe1\xb4\x80"[:2], "\xf0\x9d\x90", "\xf0\x9d\x91", "\xf0\x9d\x92", "\xf0\x9d\x93",
		"\xf0\x9d\x94", "\xf0\x9d\x95", "\xf0\x9d\x96", "\xf0\x9d\x97", "\xf0\x9d\x98", "\xf0\x9d\x99", "\xf0\x9d\x9a",
		"\xf0\x9f\x84", "\xf0\x9f\x85", "\xf0\x9f\x86")
	on(regional, "\xf0\x9f\x87")
	for _, sep := range spacers {
		for _, vowel := range "eou" {
			d.triggers = append(d.triggers, trigger{literal: string([]rune{sep, vowel, sep}), fold: true, match: spacedLetters})
		}
	}
	d.triggers = append(d.triggers,
		trigger{run: highBytes, match: mixedScript},
		trigger{run: leetBytes, match: leetWord},
	)
	return d
}

var (
	unseenLiterals = []string{
		"\u200b", "\u200c", "\u200d", "\u2060", "\u2062", "\u2063", "\u2064", "\ufeff", "\u00ad", "\u180e", "\u034f", "\u3164",
		"\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068",
	}
	highBytes = setOf("\x80-\xff")
)

// spacers are what people set between letters.
const spacers = " .-_*/|,~"

const ruleInvisible = "invisible_characters"

// unseenMark looks at an invisible character unless it is where writers put it:
// between the letters of scripts that join them, or in an emoji.
func unseenMark(w *window) {
	if before, after := w.at(-1), w.at(w.n); before >= utf8.RuneSelf && after >= utf8.RuneSelf {
		switch after {
		case 0xc2, 0xe2, 0xef, 0xf3: // another one
		case 0xcd, 0xd0, 0xd1: // a script that passes for Latin
		default:
			return
		}
	}
	plainView(w)
}

// regional looks at letters that are half a flag each: with blanks between them,
// or more than two flags in a row.
func regional(w *window) {
	const lead = "\xf0\x9f\x87"
	n := 4
	for n < 6*4 && w.has(n, lead) {
		n += 4
	}
	if n == 6*4 || n == 4 && w.at(4) == ' ' && w.has(5, lead) && w.at(9) == ' ' {
		plainView(w)
	}
}

// mixedScript looks at a letter of another script beside a Latin one.
func mixedScript(w *window) {
	switch lead := w.at(0); {
	case lead >= 0xc9 && lead <= 0xcf, lead >= 0xd0 && lead <= 0xd6, lead == 0xea:
	case lead == 0xc6 || lead == 0xc7 || lead == 0xc4:
	default:
		return
	}
	if alphaBytes[w.at(-1)] || alphaBytes[w.at(w.run(0, highBytes, 64))] {
		plainView(w)
	}
}

// plainView inspects the surroundings as they read.
func plainView(w *window) {
	s, ok := w.view()
	if !ok {
		return
	}
	text, from := w.around()
	if w.short {
		return
	}
	f := folding{s: s, runes: runeFolds()}
	f.letters(text, from)
	w.steps += 4 * len(text)
	w.skipTo(viewStep)
	if f.inside >= insideMin {
		w.report(Evasion, ruleInvisible, 0.4, max(f.first, 0), max(f.last, 1))
	}
	f.leet = s.plainLeet()
	s.tries = 0
	f.spaced = s.joinSpaced()
	w.steps += tryCost * s.tries
	if views := f.views(); len(views) > 0 {
		w.nested(0, w.n, views...)
	}
}

// insideMin is how many invisible characters within words are no accident.
const insideMin = 3

// folding is what a view of letters did.
type folding struct {
	s     *scratch
	runes *runesTable

	unseen, folded, leet, spaced bool

	inside, first, last int // invisible characters within words
}

func (f *folding) views() []string {
	var names []string
	for _, v := range []struct {
		did  bool
		name string
	}{{f.unseen, viewInvisible}, {f.folded, viewLetters}, {f.leet, viewLeet}, {f.spaced, viewSpaced}} {
		if v.did {
			names = append(names, v.name)
		}
	}
	return names
}

// letters puts text, which stands at offset from, into the scratch, its letters
// made plain.
func (f *folding) letters(text string, from int) {
	for i := 0; i < len(text); {
		n := wordLen(text[i:])
		switch {
		case n == 0:
			f.s.add(text[i], from+i, from+i+1)
			i++
			continue
		case ascii(text[i : i+n]):
			f.s.keep(text[i:i+n], from+i)
		default:
			f.word(text, i, i+n, from)
		}
		i += n
	}
}

// wordLen returns how many letters and bytes beyond ASCII text begins with.
func wordLen(text string) int {
	n := 0
	for n < len(text) && (alphaBytes[text[n]] || text[n] >= utf8.RuneSelf) {
		n++
	}
	return n
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// word folds text[i:end].
func (f *folding) word(text string, i, end, from int) {
	mixed := f.mixed(text[i:end])
	for i < end {
		r, n := utf8.DecodeRuneInString(text[i:end])
		same, alike := f.runes.fold(r)
		switch {
		case r < utf8.RuneSelf:
			f.s.add(byte(r), from+i, from+i+1)
		case unseen(r):
			f.unseen = true
			if r != 0xad { // typesetters put soft hyphens into words
				f.sawUnseen(text, i, i+n, from)
			}
		case combining(r):
			f.folded = true
		case same == 0 && mixed:
			same = alike
			fallthrough
		case same != 0:
			if same == 0 {
				f.s.keep(text[i:i+n], from+i)
				break
			}
			f.folded = true
			f.s.add(same, from+i, from+i+n)
		default:
			f.s.keep(text[i:i+n], from+i)
		}
		i += n
	}
}

// mixed reports whether a word's look-alikes are meant to look alike: beside
// Latin letters, or beside no others at all.
func (f *folding) mixed(word string) bool {
	latin, others := false, false
	for _, r := range word {
		same, alike := f.runes.fold(r)
		switch {
		case r < utf8.RuneSelf || same != 0:
			latin = true
		case alike == 0 && !unseen(r) && !combining(r):
			others = true
		}
	}
	return latin || !others
}

func (f *folding) sawUnseen(text string, i, end, from int) {
	if i == 0 || end >= len(text) || !alnumBytes[text[i-1]] || !alnumBytes[text[end]] {
		return
	}
	if f.inside++; f.inside == 1 {
		f.first = from + i
	}
	f.last = from + end
}
