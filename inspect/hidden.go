package inspect

// hidden finds text in characters that nobody sees and models read: the tag
// characters of Unicode, and variation selectors that stand for bytes.
func hidden() Detector {
	d := Detector{name: "hidden", ahead: 2 * viewAhead}
	for _, s := range []string{"\U000e0020"[:3], "\U000e0040"[:3]} {
		d.triggers = append(d.triggers, trigger{literal: s, match: tagText})
	}
	for _, s := range []string{"\U000e0100"[:3], "\U000e0140"[:3], "\U000e0180"[:3], "\U000e01c0"[:3]} {
		d.triggers = append(d.triggers, trigger{literal: s, match: selectorText})
	}
	return d
}

// hiddenRunMin is more than the tags of a flag emoji, their only honest use,
// and than the selectors that one character takes.
const hiddenRunMin = 8

const (
	ruleTagText      = "hidden_tag_text"
	ruleSelectorText = "hidden_selector_text"
)

// tagText reads a text in tag characters, which stand for ASCII.
func tagText(w *window) {
	hiddenText(w, ruleTagText, viewTags, func(third, fourth byte) (byte, bool) {
		return (third&1)<<6 | fourth&0x3f, third == 0x80 || third == 0x81
	})
}

// selectorText reads a text in the supplementary variation selectors, which
// stand for the bytes from 16 up.
func selectorText(w *window) {
	hiddenText(w, ruleSelectorText, viewSelectors, func(third, fourth byte) (byte, bool) {
		n := int(third-0x84)<<6 | int(fourth&0x3f)
		return byte(n + 16), third >= 0x84 && third <= 0x87 && n < 240
	})
}

func hiddenText(w *window, rule, view string, read func(third, fourth byte) (byte, bool)) {
	s, ok := w.view()
	if !ok {
		return
	}
	end := 0
	for ; end < 2*viewAhead && w.has(end, "\xf3\xa0"); end += 4 {
		b, ok := read(w.at(end+2), w.at(end+3))
		if !ok {
			break
		}
		s.add(b, end, end+4)
	}
	if end/4 < hiddenRunMin {
		return
	}
	s.whole()
	w.skipTo(end)
	w.report(Evasion, rule, 0.6, 0, end)
	w.nested(0, end, view)
}

// splitSecrets finds secrets and personal data with invisible characters in
// them. They may be masked, so that they are held, and read by themselves: the
// run that the first such character cuts, with what introduces it.
func splitSecrets() Detector {
	d := Detector{name: "split_secrets", masks: masksAll, ahead: splitAhead, could: couldSecret}
	for _, s := range unseenLiterals {
		d.triggers = append(d.triggers, trigger{literal: s, back: solidBytes, backMax: behindMax, shown: solidShown, match: splitSecret})
	}
	return d
}

const (
	splitAhead  = 1024
	splitBefore = 64 // of what introduces the run
)

func splitSecret(w *window) {
	if !solidBytes[w.at(-1)] {
		return
	}
	s, ok := w.view()
	if !ok {
		return
	}
	start := w.back(0, solidBytes, behindMax)
	for i := max(start-splitBefore, -behindMax); i < start; i++ {
		s.add(w.at(i), i, i+1)
	}
	i, solid := start, 0
	for i < splitAhead-4 {
		if n := unseenAt(w, i); n > 0 {
			i += n
			continue
		}
		if !solidBytes[w.at(i)] {
			break
		}
		s.add(w.at(i), i, i+1)
		i++
		solid++
	}
	w.skipTo(i)
	if solid >= splitMin && !w.short {
		w.nestedMaskable(viewInvisible)
	}
}

// splitMin is shorter than any secret or number worth masking.
const splitMin = 8

// unseenAt returns the length of the invisible character at offset i, or 0.
func unseenAt(w *window, i int) int {
	if w.at(i) < 0xc2 {
		return 0
	}
	if r, n := runeAt(w, i); unseen(r) {
		return n
	}
	return 0
}
