package llm

import (
	"slices"
	"strings"
)

// portions make a Doc of documents: the fields of a form, the lines of a file.
// What lies between them is framing and never changes.
type portions struct {
	list     []portion
	boundary string // of a form's parts, with its hyphens; empty without any
}

// portion is one document in a Doc. Its bytes are a part of the Doc's.
type portion struct {
	doc   *Doc
	start int // in raw
	first int // its first segment, of the Doc's
	path  string
	place place
}

// place says what a replacement in a portion must not break.
type place uint8

const (
	placeContent place = iota // of a field or a file
	placeLine                 // of a file: may hold no line end of its own
	placeHeader               // between quotes: nor a quote
	placeWhole                // all of a malformed form, over what was made of it
)

// portionsMax bounds the lines that are read one by one; a batch has 50,000. The
// rest is read as one text.
const portionsMax = 1 << 16

// take makes doc, which begins at start in raw, a portion of d.
func (d *Doc) take(doc *Doc, start int, path string, p place) {
	for _, problem := range doc.problems {
		d.problem(problem)
	}
	for _, s := range doc.skips {
		d.skipped(path+s.Path, s.Reason)
	}
	if len(doc.segs) == 0 {
		return
	}
	d.parts.list = append(d.parts.list, portion{doc, start, len(d.segs), path, p})
	d.segs = append(d.segs, doc.segs...)
	d.marks = append(d.marks, make([]mark, len(doc.segs))...)
}

// skipped lists a value that is not text. What no longer fits in the list is of
// a kind with what does.
func (d *Doc) skipped(path, reason string) {
	if len(d.skips) < skipsMax {
		d.skips = append(d.skips, Skip{path, reason})
	}
}

// crowded reports whether no more should be read piece by piece.
func (d *Doc) crowded() bool {
	return len(d.parts.list) >= portionsMax || len(d.segs) >= segmentsMax
}

// portionOf returns the portion that segment i stands in.
func (d *Doc) portionOf(i int) *portion {
	list := d.parts.list
	k, exact := slices.BinarySearchFunc(list, i, func(p portion, i int) int { return p.first - i })
	if !exact {
		k--
	}
	return &list[k]
}

// replaceIn hands a replacement on to its portion and returns what became of it.
func (d *Doc) replaceIn(i int, text string) string {
	p := d.portionOf(i)
	switch {
	case p.place == placeHeader:
		text = headerValue.Replace(text)
	case p.place == placeLine && p.doc.marks[i-p.first].form == formWhole:
		text = oneLine.Replace(text)
	}
	for d.parts.boundary != "" && strings.Contains(text, d.parts.boundary) {
		text = strings.ReplaceAll(text, d.parts.boundary, "")
	}
	p.doc.Replace(i-p.first, text)
	return text
}

// headerValue keeps a replacement from ending the quotes that it stands in.
var headerValue = strings.NewReplacer("\r", " ", "\n", " ", `"`, "'", `\`, "/")

// splicePortions returns raw with the portions that were changed.
func (d *Doc) splicePortions() []byte {
	list := d.parts.list
	if last := list[len(list)-1]; last.place == placeWhole && last.doc.Changed() {
		return last.doc.Bytes()
	}
	out := make([]byte, 0, len(d.raw)+64)
	done := 0
	for _, p := range list {
		if p.doc.Changed() {
			out = append(append(out, d.raw[done:p.start]...), p.doc.Bytes()...)
			done = p.start + len(p.doc.raw)
		}
	}
	return append(out, d.raw[done:]...)
}
