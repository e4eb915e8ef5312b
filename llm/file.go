package llm

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// newFile reads a file that is a whole body.
func newFile(body []byte) *Doc {
	d := &Doc{raw: body, parts: new(portions)}
	d.file(0, len(body), "", false)
	return d
}

// file takes a file that lies in raw: line by line where its lines are
// documents, else as one. piece says that it may have been cut out of a larger
// file, anywhere.
func (d *Doc) file(start, end int, path string, piece bool) {
	content := d.raw[start:end]
	if reason := binaryReason(content); reason != "" {
		d.skipped(path, reason)
		return
	}
	if piece {
		// The first and the last line may be parts of lines.
		from, to := bytes.IndexByte(content, '\n')+1, bytes.LastIndexByte(content, '\n')+1
		if from > 0 && from < to && !isLines(content[:from]) && isLines(content[from:to]) {
			d.plain(start, start+from, path)
			d.file(start+from, end, path, true)
			return
		}
		if to > 0 && isLines(content[:to]) && !isLines(content[to:]) {
			d.eachLine(start, start+to, path)
			d.plain(start+to, end, path)
			return
		}
	}
	begin := begun(content)
	switch {
	case isLines(content):
		d.eachLine(start, end, path)
	case len(begin) > 0 && (begin[0] == '{' || begin[0] == '['):
		d.take(newDoc(fileJSON, content), start, path, placeContent)
	default:
		d.plain(start, end, path)
	}
}

// fileJSON is any JSON that a file may hold.
var fileJSON = &shape{role: Tool}

// plain takes plain text of a file.
func (d *Doc) plain(start, end int, path string) {
	doc := Raw(Tool, d.raw[start:end])
	if !utf8.ValidString(doc.body) {
		doc.problem(ProblemUTF8)
	}
	d.take(doc, start, path, placeContent)
}

// begun returns content from where it begins to say something.
func begun(content []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(content, []byte(utf8BOM)), " \t\r\n")
}

// isLines reports whether content begins with a line that is an object.
func isLines(content []byte) bool {
	line, _, _ := bytes.Cut(begun(content), []byte("\n"))
	line = bytes.TrimSpace(line)
	return len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}'
}

// eachLine takes a file of documents, one a line.
func (d *Doc) eachLine(start, end int, path string) {
	for n := 0; start < end; n++ {
		if d.crowded() {
			d.problem(ProblemTooMany)
			d.take(Raw(Other, d.raw[start:end]), start, path, placeContent)
			return
		}
		next := end
		if i := bytes.IndexByte(d.raw[start:end], '\n'); i >= 0 {
			next = start + i + 1
		}
		line := bytes.TrimRight(d.raw[start:next], "\r\n")
		d.take(newDoc(lineShape(line), line), start, path+"/"+strconv.Itoa(n), placeLine)
		start = next
	}
}

// lineShape returns the tables for a line by its members: a request of a batch
// names its endpoint, an answer in one may be any endpoint's, the rest are
// examples.
func lineShape(line []byte) *shape {
	dec := jsontext.NewDecoder(bytes.NewBuffer(bytes.TrimPrefix(line, []byte(utf8BOM))))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return example
	}
	var target string
	body := false
	for dec.PeekKind() == '"' {
		tok, err := dec.ReadToken()
		if err != nil {
			break
		}
		name := tok.String()
		switch {
		case name == "response":
			return answered
		case name == "body":
			body = true
		case name == "url" && dec.PeekKind() == '"':
			if tok, err = dec.ReadToken(); err != nil {
				return example
			}
			target = tok.String()
			continue
		}
		if dec.SkipValue() != nil {
			break
		}
	}
	if !body {
		return example
	}
	return &shape{role: Other, members: []member{{"body", endpointAt(target).request}}}
}

// endpointAt returns the tables of what is posted to a URL.
func endpointAt(target string) *tables {
	u, err := url.Parse(target)
	if err != nil {
		return generic
	}
	ep, _ := Match(&http.Request{Method: "POST", URL: u})
	return ep.get()
}

// binaryReason returns why a file is not text, or "". What is UTF-8 throughout
// is text whatever it begins like, and so is what is nearly that.
func binaryReason(content []byte) string {
	if utf8.Valid(content) && bytes.IndexByte(content, 0) < 0 {
		return ""
	}
	var head [headBytes]byte
	copy(head[:], content)
	if reason := magic(head[:]); reason != "" {
		return reason
	}
	const sample = 4 << 10
	content = content[:min(len(content), sample)]
	if bytes.IndexByte(content, 0) >= 0 {
		return SkipFile
	}
	strange, all := 0, len(content)
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 {
			strange++
		}
		content = content[size:]
	}
	const share = 16 // Latin-1 prose has fewer letters beyond ASCII
	if strange > all/share {
		return SkipFile
	}
	return ""
}
