package inspect

import (
	"strings"
	"unicode/utf8"
)

// percentText looks through percent-encoding. What it finds may be masked, so
// it reads the run that the first escape stands in, and holds that.
func percentText() Detector {
	d := Detector{name: "percent", masks: masksAll, ahead: percentAhead, could: couldSecret}
	for high := '2'; high <= '7'; high++ {
		d.triggers = append(d.triggers, trigger{literal: "%" + string(high), back: solidBytes, backMax: behindMax, shown: solidShown, match: percentRun})
	}
	return d
}

const (
	percentAhead = 1024
	percentMin   = 8 // decoded bytes
)

func percentRun(w *window) {
	s, ok := w.view()
	if !ok || hexValue(w.at(2)) > 15 {
		return
	}
	start, end := w.back(0, solidBytes, behindMax), w.run(0, solidBytes, percentAhead-1)
	if w.short {
		return
	}
	w.skipTo(end)
	run := w.slice(start, end)
	w.steps += len(run)
	for i := 0; i < len(run); i++ {
		if b, ok := percentByte(run, i); ok {
			s.add(b, start+i, start+i+3)
			i += 2
			continue
		}
		s.add(run[i], start+i, start+i+1)
	}
	if len(s.bytes) >= percentMin && len(s.bytes) < len(run) {
		w.nested(0, w.n, viewPercent)
	}
}

// percentByte reads an escape at run[i].
func percentByte(run string, i int) (byte, bool) {
	if run[i] != '%' || i+2 >= len(run) {
		return 0, false
	}
	high, low := hexValue(run[i+1]), hexValue(run[i+2])
	return high<<4 | low, high|low <= 15
}

// escapes looks through the escapes of source code, JSON and HTML, which spell
// out a character by its number.
func escapes() Detector {
	return Detector{
		name: "escapes", ahead: viewAhead,
		triggers: []trigger{
			{literal: `\u`, fold: true, match: codeEscape},
			{literal: `\x`, match: codeEscape},
			{literal: "&#", match: htmlEntity},
			{literal: "%6", match: percentWord},
			{literal: "%7", match: percentWord},
		},
	}
}

// codeEscape looks at an escape that follows another or spells a character
// which needs none. Writers escape a letter here and there; a disguise, many.
func codeEscape(w *window) {
	r, n := escapeAt(w.slice(0, 12))
	if n == 0 || w.short {
		return
	}
	if r >= utf8.RuneSelf || !alnumBytes[r] {
		if _, next := escapeAt(w.slice(n, n+12)); next == 0 {
			return
		}
	}
	unescape(w, viewEscapes, escapeAt)
}

func htmlEntity(w *window) {
	r, n := entityAt(w.slice(0, 12))
	if n == 0 || w.short || r < utf8.RuneSelf && !alnumBytes[r] {
		return
	}
	unescape(w, viewEntities, entityAt)
}

// percentWord looks at words that are percent-encoded one by one; percentText
// sees only what has no blanks.
func percentWord(w *window) {
	end := w.run(0, percentBytes, 64)
	if blank := w.run(end, blankBytes, 4); end >= 6 && blank > end && w.at(blank) == '%' {
		unescape(w, viewPercent, percentAt)
	}
}

var percentBytes = setOf("%0-9a-fA-F")

func percentAt(text string) (rune, int) {
	if b, ok := percentByte(text, 0); ok && b < utf8.RuneSelf {
		return rune(b), 3
	}
	return 0, 0
}

// escapedMin is how many escapes make a disguise worth looking through.
const escapedMin = 4

// unescape inspects the surroundings with their escapes undone.
func unescape(w *window, view string, read func(string) (rune, int)) {
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
	count := 0
	for i := 0; i < len(text); {
		if text[i] == '\\' || text[i] == '&' || text[i] == '%' {
			if r, n := read(text[i:]); n > 0 {
				for _, b := range utf8.AppendRune(nil, r) {
					s.add(b, from+i, from+i+n)
				}
				count++
				i += n
				continue
			}
		}
		s.add(text[i], from+i, from+i+1)
		i++
	}
	if count >= escapedMin {
		w.nested(0, w.n, view)
	}
}

// escapeAt reads \xNN, \uNNNN, \u{N…} or \UNNNNNNNN at the start of text and
// returns how long it is, 0 for none.
func escapeAt(text string) (rune, int) {
	if len(text) < 4 || text[0] != '\\' {
		return 0, 0
	}
	digits, closing := 0, 0
	from := 2
	switch text[1] {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
		if text[2] == '{' {
			from, closing = 3, 1
			digits = strings.IndexByte(text[3:min(len(text), 10)], '}')
		}
	case 'U':
		digits = 8
	}
	if digits < 1 || len(text) < from+digits+closing {
		return 0, 0
	}
	r, ok := runeNumber(text[from:from+digits], 16)
	if !ok {
		return 0, 0
	}
	return r, from + digits + closing
}

// entityNames are the entities by name that a sentence may hold.
var entityNames = []struct {
	name string
	r    rune
}{{"&nbsp;", ' '}, {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&Tab;", '\t'}, {"&NewLine;", '\n'}, {"&shy;", '\u00ad'}}

// entityAt reads an HTML entity at the start of text.
func entityAt(text string) (rune, int) {
	if len(text) < 4 || text[0] != '&' {
		return 0, 0
	}
	if text[1] != '#' {
		for _, e := range entityNames {
			if strings.HasPrefix(text, e.name) {
				return e.r, len(e.name)
			}
		}
		return 0, 0
	}
	base, from := rune(10), 2
	if lower(text[2]) == 'x' {
		base, from = 16, 3
	}
	end := from
	for end < len(text) && end < from+8 && hexValue(text[end]) < byte(base) {
		end++
	}
	r, ok := runeNumber(text[from:end], base)
	if !ok {
		return 0, 0
	}
	if end < len(text) && text[end] == ';' {
		end++
	}
	return r, end
}

// runeNumber reads the digits of a character's number.
func runeNumber(digits string, base rune) (rune, bool) {
	r := rune(0)
	for i := range len(digits) {
		d := rune(hexValue(digits[i]))
		if d >= base || r > utf8.MaxRune/base {
			return 0, false
		}
		r = r*base + d
	}
	return r, digits != "" && r > 0 && utf8.ValidRune(r)
}
