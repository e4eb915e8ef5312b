package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phrase is a cue written as a row of words.
//
// The words of spec are divided by spaces. A word may have alternatives (a|b),
// end in * for any ending, and hold _ for the blanks or hyphens between two
// words. ~3 allows up to three other words before the next. The word marked !
// (without one, the first) is the trigger: choose the rarest. Letters are
// lower-case; case is ignored. Chinese and Japanese characters are words of
// their own.
type phrase struct {
	rule     string
	category Category
	weight   float64
	spec     string
	// roles are those whose text it is a cue in; none means all.
	roles []Role
}

// words is one step of a compiled phrase.
type words struct {
	gap  int // how many other words may come before
	alts []string
}

// pattern is a compiled phrase.
type pattern struct {
	phrase
	steps []words
	// lookback is how many words before the trigger the phrase may begin.
	lookback int
}

// phraseTriggers compiles phrases for a detector. Those with a trigger in common
// share one candidate.
func phraseTriggers(phrases []phrase) []trigger {
	var order []string
	sharing := map[string][]*pattern{}
	for _, ph := range phrases {
		p, at := compile(ph)
		for _, alt := range p.steps[at].alts {
			for _, literal := range literals(strings.TrimSuffix(alt, "*")) {
				if sharing[literal] == nil {
					order = append(order, literal)
				}
				sharing[literal] = append(sharing[literal], p)
			}
		}
	}
	var triggers []trigger
	for _, literal := range order {
		patterns := sharing[literal]
		t := trigger{literal: literal, fold: true, match: func(w *window) {
			for _, p := range patterns {
				p.match(w)
			}
		}}
		if literal[0] < utf8.RuneSelf {
			t.left = alnumBytes
		}
		triggers = append(triggers, t)
	}
	return triggers
}

// compile panics on a spec that is not one: all are compiled in.
func compile(ph phrase) (*pattern, int) {
	p := &pattern{phrase: ph}
	at, gap := 0, 0
	for _, word := range strings.Fields(ph.spec) {
		if n, ok := strings.CutPrefix(word, "~"); ok {
			var err error
			if gap, err = strconv.Atoi(n); err != nil {
				panic(fmt.Sprintf("inspect: phrase %q: %v", ph.spec, err))
			}
			continue
		}
		if rest, ok := strings.CutPrefix(word, "!"); ok {
			at, word = len(p.steps), rest
		}
		p.steps = append(p.steps, words{gap: gap, alts: strings.Split(word, "|")})
		gap = 0
	}
	for i := range at {
		p.lookback += p.steps[i+1].gap + 1
		longest := 0
		for _, alt := range p.steps[i].alts {
			longest = max(longest, strings.Count(alt, "_"))
		}
		p.lookback += longest
	}
	return p, at
}

// literals returns the ways in which a trigger word is written: one byte stands
// for every _, or a line ends at one of them. A first letter beyond ASCII may be
// a capital.
func literals(alt string) []string {
	parts := strings.Split(alt, "_")
	all := []string{strings.Join(parts, " ")}
	if len(parts) > 1 {
		all = append(all, strings.Join(parts, "-"), alt)
		for i := 1; i < len(parts); i++ {
			all = append(all, strings.Join(parts[:i], " ")+"\n"+strings.Join(parts[i:], " "))
		}
	}
	if r, n := utf8.DecodeRuneInString(alt); r >= utf8.RuneSelf && unicode.ToUpper(r) != r {
		for _, s := range slices.Clone(all) {
			all = append(all, string(unicode.ToUpper(r))+s[n:])
		}
	}
	return all
}

// match reports the phrase that holds the trigger, if there is one.
func (p *pattern) match(w *window) {
	if len(p.roles) > 0 && !slices.Contains(p.roles, w.role) {
		return
	}
	start := 0
	for back := 0; ; back++ {
		if end, ok := p.from(w, start, 0); ok && end > 0 {
			weight := p.weight
			if quoted(w, start) {
				weight *= quotedShare
			}
			w.cue(p.category, p.rule, weight, start, end)
			return
		}
		if back >= p.lookback {
			return
		}
		if start = wordBefore(w, start); start == noWord {
			return
		}
	}
}

// from matches the steps from k on at offset i and returns where they end.
func (p *pattern) from(w *window, i, k int) (int, bool) {
	step := &p.steps[k]
	for skipped := 0; ; skipped++ {
		w.steps += len(step.alts)
		for _, alt := range step.alts {
			end, ok := matchWord(w, i, alt)
			if !ok {
				continue
			}
			if k == len(p.steps)-1 {
				return end, true
			}
			if next := wordAfter(w, end); next != noWord {
				if last, ok := p.from(w, next, k+1); ok {
					return last, true
				}
			}
		}
		if skipped >= step.gap {
			return 0, false
		}
		if i = wordAfter(w, wordEnd(w, i)); i == noWord {
			return 0, false
		}
	}
}

// matchWord reports whether alt stands at offset i, and where it ends.
func matchWord(w *window, i int, alt string) (int, bool) {
	for len(alt) > 0 {
		b := alt[0]
		switch {
		case b == '*':
			return wordEnd(w, i), true
		case b == '_':
			next := i
			for n := 0; n < 3 && blankOrHyphen(w.at(next)); n++ {
				next++
			}
			if next == i {
				return 0, false
			}
			i, alt = next, alt[1:]
		case b < utf8.RuneSelf:
			if lower(w.at(i)) == b {
				i++
			} else if b == '\'' && w.has(i, "\u2019") {
				i += 3
			} else {
				return 0, false
			}
			alt = alt[1:]
		default:
			r, n := utf8.DecodeRuneInString(alt)
			got, size := runeAt(w, i)
			if got != r && unicode.ToLower(got) != r {
				return 0, false
			}
			i, alt = i+size, alt[n:]
		}
	}
	return i, wide(w, i) || !wordAt(w, i) || wide(w, i-3)
}

func blankOrHyphen(b byte) bool { return blankBytes[b] || b == '-' || b == '_' }

// runeAt decodes the character at offset i.
func runeAt(w *window, i int) (rune, int) {
	var buf [utf8.UTFMax]byte
	n := 0
	for n < len(buf) && (n == 0 || !utf8.FullRune(buf[:n])) {
		if buf[n] = w.at(i + n); buf[n] == 0 {
			break
		}
		n++
	}
	r, size := utf8.DecodeRune(buf[:n])
	return r, max(size, 1)
}
