package llm

import (
	"bytes"
	"cmp"
	"mime"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// RequestBody reads a request's body of the given Content-Type: a form part by
// part, a file of lines line by line, and anything else as Request does.
func (e Endpoint) RequestBody(contentType string, body []byte) *Doc {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case len(body) > bodyBytesMax:
	case strings.HasPrefix(media, "multipart/") || err != nil && isMultipart(contentType):
		if isJSON(body) {
			return e.noForm(body)
		}
		return newForm(e.get(), params["boundary"], body)
	case media == "application/jsonl" || media == "application/x-ndjson":
		return newFile(body)
	}
	return e.Request(body)
}

// noForm reads JSON that is said to be a form. No boundary stands in it, but a
// provider that goes by the body, or by a second Content-Type, reads it.
func (e Endpoint) noForm(body []byte) *Doc {
	d := e.Request(body)
	d.problem(ProblemMultipart)
	d.demote()
	return d
}

// isJSON reports whether content is a JSON object or array, for whoever asks
// for no more than that.
func isJSON(content []byte) bool {
	begin := begun(content)
	return len(begin) > 0 && (begin[0] == '{' || begin[0] == '[') &&
		jsontext.Value(begin).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func isMultipart(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/")
}

// boundaryBytesMax is RFC 2046's.
const boundaryBytesMax = 70

// formReader reads a form into a Doc. Parsers differ in what they let pass, so
// whatever the RFC does not give is a problem, and all of it then one segment
// besides what was made of it.
type formReader struct {
	*Doc
	tables *tables
	broken bool
}

func newForm(t *tables, boundary string, body []byte) *Doc {
	f := &formReader{Doc: &Doc{raw: body, parts: new(portions)}, tables: t}
	if boundary == "" || len(boundary) > boundaryBytesMax {
		f.broken = true
	} else {
		f.parts.boundary = "--" + boundary
		f.cut([]byte(f.parts.boundary))
	}
	if f.broken {
		f.problem(ProblemMultipart)
		f.demote()
		f.take(Raw(Other, body), 0, "", placeWhole)
	}
	return f.Doc
}

// cut reads the parts between the boundaries.
func (f *formReader) cut(delimiter []byte) {
	at := bytes.Index(f.raw, delimiter)
	f.broken = at != 0 // a preamble, or nothing
	for at >= 0 {
		at += len(delimiter)
		rest := f.raw[at:]
		if rest, ok := bytes.CutPrefix(rest, []byte("--")); ok {
			f.broken = f.broken || len(rest) > 0 && string(rest) != "\r\n" // an epilogue
			return
		}
		if f.crowded() {
			f.problem(ProblemTooMany)
			break
		}
		next := bytes.Index(rest, delimiter)
		end := next
		if next < 0 {
			end = len(rest)
		}
		// The line ends around a part are the delimiters'.
		begin := at + len(rest[:end]) - len(bytes.TrimPrefix(rest[:end], []byte("\r\n")))
		f.broken = f.broken || begin == at
		if end >= 4 && string(rest[end-2:end]) == "\r\n" {
			end -= 2
		} else {
			f.broken = true
		}
		f.part(begin, max(begin, at+end))
		if next < 0 {
			break
		}
		at += next
	}
	f.broken = true // nothing closed it
}

// part reads one part, headers and content.
func (f *formReader) part(start, end int) {
	p := partHead{formReader: f, at: start}
	n := bytes.Index(f.raw[start:end], []byte("\r\n\r\n"))
	if n < 0 {
		f.broken = true
		return
	}
	for at := start; at < start+n; {
		line := f.raw[at : start+n]
		if i := bytes.Index(line, []byte("\r\n")); i >= 0 {
			line = line[:i]
		}
		p.header(line, at)
		at += len(line) + 2
	}
	start += n + 4
	if p.name == "" {
		f.broken = true
	}
	f.content(p, start, end)
}

// content takes what a part holds.
func (f *formReader) content(p partHead, start, end int) {
	value := f.raw[start:end]
	s, path := f.tables.request.member(p.field()), p.path()
	if p.isFile || binaryReason(value) != "" {
		f.file(start, end, path, f.tables.pieces)
		return
	}
	if s == nil {
		s = &shape{}
	}
	if s.each != nil && s.role == "" {
		s = s.each // each part is one
	}
	if reason := skipReason(s.opaque, string(value)); reason != "" {
		f.skipped(path, reason)
		return
	}
	switch s.note {
	case noteModel:
		f.model = string(value)
	case noteStream:
		f.stream = string(value) == "true"
	}
	role := cmp.Or(s.role, f.tables.request.role, Other)
	if p.isJSON || s.members != nil && bytes.HasPrefix(begun(value), []byte("{")) || role == Other && isJSON(value) {
		whole := *s
		whole.role = role
		f.take(newDoc(&whole, value), start, path, placeContent)
		return
	}
	doc := Raw(role, value)
	if len(doc.segs) > 0 {
		doc.segs[0].Known = isWord(doc.body)
	}
	f.take(doc, start, path, placeContent)
}

// partHead is what a part's headers say.
type partHead struct {
	*formReader
	at     int
	name   string
	isFile bool
	isJSON bool
}

// header reads one header field, which begins at an offset of raw.
func (p *partHead) header(line []byte, at int) {
	name, value, ok := strings.Cut(string(line), ":")
	trimmed := strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "content-disposition":
		p.broken = p.broken || p.name != "" || !p.disposition(string(line), at)
		return
	case "content-type":
		media, _, err := mime.ParseMediaType(trimmed)
		p.isJSON = p.isJSON || media == "application/json" || strings.HasSuffix(media, "+json")
		if err == nil && !isMultipart(media) && mime.FormatMediaType(media, nil) == trimmed {
			return
		}
		p.broken = p.broken || err != nil || isMultipart(media)
	case "content-transfer-encoding":
		switch strings.ToLower(trimmed) {
		case "7bit", "8bit", "binary":
			return
		}
		p.broken = true // we read what is not decoded
	case "content-length":
		if strings.Trim(trimmed, "0123456789") == "" {
			return
		}
	}
	p.broken = p.broken || !ok || strings.ContainsAny(name, " \t\r\n") || bytes.ContainsAny(line, "\r\n")
	p.take(Raw(Other, line), at, p.path()+"/header", placeHeader)
}

// field returns the part's name without the brackets that make it one of many.
func (p *partHead) field() string {
	field, _, _ := strings.Cut(p.name, "[")
	return field
}

func (p *partHead) path() string { return "/" + escapePointer.Replace(p.field()) }

// disposition reads the parameters of a Content-Disposition line, and makes
// segments of the part's name and its file's.
func (p *partHead) disposition(line string, at int) bool {
	colon := strings.IndexByte(line, ':') + 1
	kind, _, _ := strings.Cut(line[colon:], ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return false
	}
	for i := colon + len(kind); i < len(line); {
		start, name := i, ""
		i++ // the semicolon
		eq := strings.IndexByte(line[i:], '=')
		if eq < 0 {
			return false
		}
		name = strings.ToLower(strings.TrimSpace(line[i : i+eq]))
		i += eq + 1
		if i >= len(line) || line[i] != '"' {
			// A token, or an extended value: all of it may say something.
			end := len(line)
			if n := strings.IndexByte(line[i:], ';'); n >= 0 {
				end = i + n
			}
			p.take(Raw(Other, []byte(line[start+1:end])), at+start+1, "/"+name, placeHeader)
			p.isFile = p.isFile || strings.HasPrefix(name, "filename")
			if name == "name" {
				p.name = strings.TrimSpace(line[i:end])
			}
			i = end
			continue
		}
		i++
		n := literalEnd(line[i:])
		if i+n == len(line) || i+n+1 < len(line) && line[i+n+1] != ';' {
			return false
		}
		if !p.parameter(name, line[i:i+n], at+i) {
			return false
		}
		i += n + 1
	}
	return p.name != ""
}

// parameter takes a quoted parameter.
func (p *partHead) parameter(name, value string, at int) bool {
	doc := Raw(Other, []byte(value))
	path := "/" + name
	switch name {
	case "name":
		if p.name != "" || value == "" {
			return false
		}
		p.name = value
		field := p.field()
		doc.segs[0].Key = true
		doc.segs[0].Known = (value == field || value == field+"[]") && (isWord(field) || p.tables.request.member(field) != nil)
		path = p.path()
	case "filename":
		p.isFile = true
		path = p.path() + "/filename"
	}
	p.take(doc, at, path, placeHeader)
	return true
}
