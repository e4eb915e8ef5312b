package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
)

// Mask returns text with every finding's span replaced by its rule's name, as
// in [OPENAI_API_KEY_REDACTED]. Spans that overlap become one, named after
// the most certain of them. What stands outside the spans is kept byte for
// byte, but for the rest of a character that a span cuts. Findings whose span
// is empty or outside text mask nothing.
func (p *Policy) Mask(text string, found []inspect.Finding) string {
	return mask(text, 0, found, len(text))
}

// MaskPiece is Mask for a piece of a running text, which begins at byte at of
// it and is cut between characters; the offsets of found are in the whole. A
// span that began in an earlier piece was named there, and is only taken out
// here. So the masked pieces in a row are the whole text masked, if every piece
// is given all findings whose spans touch it or overlap one that does, and the
// findings begin and end between characters.
func (p *Policy) MaskPiece(text string, at int, found []inspect.Finding) string {
	return mask(text, at, found, len(text))
}

// Private reports whether f must be masked wherever a part of the text is
// kept or shown, whatever else is done about it.
func (p *Policy) Private(f inspect.Finding) bool {
	return f.Category == inspect.Secret || f.Category == inspect.PII
}

// Excerpt returns the beginning of text, masked and then cut to bytesMax bytes
// at most, for the record. What is Private is masked, and what p masks in the
// text of s.
func (p *Policy) Excerpt(text string, s Subject, found []inspect.Finding, bytesMax int) string {
	var hidden []inspect.Finding
	for _, f := range found {
		r := p.match(&s, f)
		if p.Private(f) || r != nil && r.action == Redact {
			hidden = append(hidden, f)
		}
	}
	return cut(mask(text, 0, hidden, bytesMax), bytesMax)
}

// cut shortens s to n bytes or a few less, so as not to split a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for back := 0; back < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); back++ {
		n--
	}
	return s[:n]
}

// span is a run of text to mask, End exclusive.
type span struct {
	start, end int
	rule       string
	score      float64
}

// mask does MaskPiece, and may stop once it has written bytesMax bytes.
func mask(text string, at int, found []inspect.Finding, bytesMax int) string {
	spans := merge(text, at, found)
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(min(len(text), max(bytesMax, 0)) + 32*len(spans))
	from := 0
	for _, s := range spans {
		if bytesMax < len(text) && b.Len()+s.start-from > bytesMax {
			break // Excerpt cuts before this span
		}
		if s.start >= 0 {
			b.WriteString(text[from:s.start])
			b.WriteByte('[')
			b.WriteString(strings.ToUpper(s.rule))
			b.WriteString("_REDACTED]")
		}
		from = min(s.end, len(text))
	}
	b.WriteString(cut(text[from:], max(bytesMax, 0)))
	return b.String()
}

// merge turns findings into spans of text, which begins at byte at of what the
// findings are in. Spans touch text, start and end between characters, do not
// overlap, and stand in order. The first begins before 0 where text is not the
// beginning of the span.
func merge(text string, at int, found []inspect.Finding) []span {
	var spans []span
	for _, f := range found {
		if start, end := max(f.Start, 0)-at, f.End-at; start < end {
			spans = append(spans, span{before(text, start), after(text, end), f.Rule, f.Score})
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end // of those that begin together, the longest names them
	})
	merged := spans[:0]
	for _, s := range spans {
		if n := len(merged); n > 0 && s.start < merged[n-1].end {
			last := &merged[n-1]
			last.end = max(last.end, s.end)
			if s.score > last.score {
				last.rule, last.score = s.rule, s.score
			}
			continue
		}
		merged = append(merged, s)
	}
	return slices.DeleteFunc(merged, func(s span) bool { return s.end <= 0 || s.start >= len(text) })
}

// before is the start of the character that holds text[i]; what lies
// outside text is taken to be well cut.
func before(text string, i int) int {
	if i < 0 || i >= len(text) {
		return i
	}
	for back := 0; back < utf8.UTFMax && i-back >= 0; back++ {
		if utf8.RuneStart(text[i-back]) {
			if _, size := utf8.DecodeRuneInString(text[i-back:]); size > back {
				return i - back
			}
			break
		}
	}
	return i // not UTF-8, so nothing to split
}

// after is the end of the character that holds text[i-1].
func after(text string, i int) int {
	if i <= 0 || i > len(text) {
		return i
	}
	start := before(text, i-1)
	_, size := utf8.DecodeRuneInString(text[start:])
	return max(i, start+size)
}
