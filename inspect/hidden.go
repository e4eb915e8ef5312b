package inspect

// hidden looks through characters that people do not see and models read:
// zero-width marks between letters, text written in the tag characters of
// Unicode, changes of direction.
func hidden() Detector {
	d := Detector{name: "hidden", ahead: hiddenAhead}
	for _, s := range []string{
		"\u200b", "\u200c", "\u200d", "\u2060", "\u2062", "\u2063", "\u2064", "\ufeff", "\u00ad", "\u180e",
		"\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068",
	} {
		d.triggers = append(d.triggers, trigger{literal: s, match: zeroWidth})
	}
	for _, s := range []string{"\U000e0020"[:3], "\U000e0040"[:3]} {
		d.triggers = append(d.triggers, trigger{literal: s, match: tagText})
	}
	return d
}

const (
	hiddenAhead = 768
	// hiddenStep is how far the next look begins after this one; what lies
	// between is looked at twice, so that nothing falls in a gap.
	hiddenStep = 512
)

const (
	ruleInvisible = "invisible_characters"
	ruleTagText   = "hidden_tag_text"
)

// zeroWidth reads the surroundings without their invisible characters.
func zeroWidth(w *window) {
	s, ok := w.view()
	if !ok {
		return
	}
	inside := 0
	first, last := 0, 0
	for i := -behindMax; i < hiddenAhead; {
		if n := invisible(w, i); n > 0 {
			if alnumBytes[w.at(i-1)] && alnumBytes[w.at(i+n)] {
				if inside++; inside == 1 {
					first = i
				}
				last = i + n
			}
			i += n
			continue
		}
		if b := w.at(i); b != 0 {
			s.add(b, i)
		} else if i >= 0 {
			break
		}
		i++
	}
	w.skipTo(hiddenStep)
	if inside >= 3 {
		w.report(Evasion, ruleInvisible, 0.4, max(first, 0), max(last, 1))
	}
	w.nested("invisible", 0, w.n)
}

// invisible returns the length of the invisible character at offset i, or 0.
func invisible(w *window, i int) int {
	switch w.at(i) {
	case 0xc2:
		if w.at(i+1) == 0xad {
			return 2
		}
	case 0xe1:
		if w.at(i+1) == 0xa0 && w.at(i+2) == 0x8e {
			return 3
		}
	case 0xe2:
		second, third := w.at(i+1), w.at(i+2)
		if second == 0x80 && (third >= 0x8b && third <= 0x8f || third >= 0xaa && third <= 0xae) ||
			second == 0x81 && (third >= 0xa0 && third <= 0xa4 || third >= 0xa6 && third <= 0xaf) {
			return 3
		}
	case 0xef:
		if w.at(i+1) == 0xbb && w.at(i+2) == 0xbf {
			return 3
		}
	case 0xf3:
		if w.at(i+1) == 0xa0 && (w.at(i+2) == 0x80 || w.at(i+2) == 0x81) && w.at(i+3) >= 0x80 {
			return 4
		}
	}
	return 0
}

// tagRunMin is more than the tags of a flag emoji, their only honest use.
const tagRunMin = 8

// tagText reads a text in tag characters, which stand for ASCII.
func tagText(w *window) {
	s, ok := w.view()
	if !ok {
		return
	}
	end := 0
	for ; end < hiddenAhead; end += 4 {
		if !w.has(end, "\xf3\xa0") || invisible(w, end) != 4 {
			break
		}
		s.add((w.at(end+2)&1)<<6|w.at(end+3)&0x3f, end)
	}
	if end/4 < tagRunMin {
		return
	}
	s.from = s.from[:0] // report the run as a whole
	w.skipTo(end)
	w.report(Evasion, ruleTagText, 0.6, 0, end)
	w.nested("tags", 0, end)
}
