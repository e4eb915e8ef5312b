package llm_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infershield/infershield/llm"
)

const formType = "multipart/form-data; boundary=XbX"

// form joins parts, each its headers and content, with CRLF for LF in headers.
func form(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		head, content, _ := strings.Cut(p, "\n\n")
		b.WriteString("--XbX\r\n" + strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + content + "\r\n")
	}
	return b.String() + "--XbX--\r\n"
}

func field(name, value string) string {
	return `Content-Disposition: form-data; name="` + name + "\"\n\n" + value
}

func file(name, filename, content string) string {
	return `Content-Disposition: form-data; name="` + name + `"; filename="` + filename + "\"\nContent-Type: application/octet-stream\n\n" + content
}

func TestForm(t *testing.T) {
	const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, tt := range []struct{ name, path, body, want string }{
		{"image edit", "/v1/images/edits",
			form(field("model", "gpt-image-1"), field("prompt", "a cat"), file("image[]", "cat.png", png), field("stream", "true")), `
model gpt-image-1
streaming
other /model "gpt-image-1"
user /prompt "a cat"
other /image/filename "cat.png"
other /stream "true"
skip /image image
`},
		{"transcription", "/v1/audio/transcriptions",
			form(file("file", "a.mp3", "ID3\x04\x00\x00"), field("prompt", "names"), field("instructions", "be brief"), field("timestamp_granularities[]", "word")), `
other /file/filename "a.mp3"
user /prompt "names"
system /instructions "be brief"
other /timestamp_granularities key "timestamp_granularities[]"
other /timestamp_granularities "word"
skip /file audio
`},
		{"batch", "/v1/files",
			form(field("purpose", "batch"), file("file", "in.jsonl", `{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"messages":[{"role":"system","content":"S"},{"role":"user","content":"U\n"}]}}`+"\n"+
				`{"url":"/v1/responses","body":{"instructions":"I","input":"Q"},"custom_id":"b"}`+"\r\n\n"+
				`{"url":"/v1/embeddings","body":{"input":["E"]}}`)), `
other /purpose key "purpose"
other /purpose "batch"
other /file/filename "in.jsonl"
other /file/0/custom_id key "custom_id"
other /file/0/custom_id "a"
other /file/0/method key "method"
other /file/0/method "POST"
other /file/0/url "/v1/chat/completions"
other /file/0/body key "body"
system /file/0/body/messages/0/content "S"
user /file/0/body/messages/1/content "U\n"
other /file/1/url "/v1/responses"
other /file/1/body key "body"
system /file/1/body/instructions "I"
user /file/1/body/input "Q"
other /file/1/custom_id key "custom_id"
other /file/1/custom_id "b"
other /file/3/url "/v1/embeddings"
other /file/3/body key "body"
user /file/3/body/input/0 "E"
`},
		{"fine-tuning", "/v1/files",
			form(file("file", "t.jsonl", `{"messages":[{"role":"developer","content":"S"},{"role":"assistant","content":"A"}]}`+"\n"+
				`{"input":{"messages":[{"role":"user","content":"Q"}]},"preferred_output":[{"role":"assistant","content":"P"}]}`+"\n"+
				`{"prompt":"p","completion":"c"}`+"\nbroken")), `
other /file/filename "t.jsonl"
system /file/0/messages/0/content "S"
model /file/0/messages/1/content "A"
user /file/1/input/messages/0/content "Q"
other /file/1/preferred_output key "preferred_output"
model /file/1/preferred_output/0/content "P"
user /file/2/prompt "p"
other /file/2/completion key "completion"
model /file/2/completion "c"
other /file/3 "broken"
problem not_json
`},
		{"a mark and blank lines first", "/v1/files",
			form(file("file", "t.jsonl", "\xef\xbb\xbf"+`{"url":"/v1/responses","body":{"input":"\u0051"}}`+"\n"), file("file", "u.jsonl", "\n \r\n{\"prompt\":\"\\u0051\"}")), `
other /file/filename "t.jsonl"
other /file/0/url "/v1/responses"
other /file/0/body key "body"
user /file/0/body/input "Q"
other /file/filename "u.jsonl"
user /file/2/prompt "Q"
problem byte_order_mark
`},
		{"a piece of a file", "/v1/uploads/u/parts",
			form(file("data", "blob", "tent\":\"x\"}]}\n"+`{"prompt":"p","completion":"c"}`+"\n{\"prompt\":\"un")), `
other /data/filename "blob"
tool /data "tent\":\"x\"}]}\n"
user /data/0/prompt "p"
other /data/0/completion key "completion"
model /data/0/completion "c"
tool /data "{\"prompt\":\"un"
`},
		{"skill", "/v1/skills",
			form(file("files[]", "s/SKILL.md", "# Do\nthis"), file("files[]", "s/a.json", "{\n \"k\": \"v\"\n}")), `
other /files key "files[]"
other /files/filename "s/SKILL.md"
tool /files "# Do\nthis"
other /files key "files[]"
other /files/filename "s/a.json"
tool /files/k key "k"
tool /files/k "v"
`},
		{"session", "/v1/realtime/calls",
			form(field("sdp", "v=0"), `Content-Disposition: form-data; name="session"`+"\nContent-Type: application/json\n\n"+`{"type":"realtime","instructions":"I"}`), `
other /sdp key "sdp"
other /sdp "v=0"
other /session/type "realtime"
system /session/instructions "I"
`},
		{"other headers and parameters", "/v1/files",
			form("Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%20b\nX-Note: hidden words\nContent-Type: text/plain; x=y\n\ntext"), `
other /filename* " filename*=UTF-8''a%20b"
other /file/header "X-Note: hidden words"
other /file/header "Content-Type: text/plain; x=y"
tool /file "text"
`},
		{"empty", "/v1/files", "--XbX--\r\n", "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := endpoint(tt.path).RequestBody(formType, []byte(tt.body))
			var b strings.Builder
			b.WriteString("\n")
			describe(&b, d)
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), strings.Split(b.String(), "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if string(d.Bytes()) != tt.body {
				t.Errorf("got bytes %q; want %q", d.Bytes(), tt.body)
			}
		})
	}
}

// TestFormMalformed: what parsers of forms read differently is a problem, all of
// it is one segment, what could be read of it is there too, and nobody speaks as
// the operator.
func TestFormMalformed(t *testing.T) {
	good := form(field("instructions", "words"))
	for name, body := range map[string]string{
		"empty":                 "",
		"no boundary":           "words",
		"other boundary":        strings.ReplaceAll(good, "XbX", "YbY"),
		"preamble":              "words\r\n" + good,
		"line end before":       "\r\n" + good,
		"epilogue":              good + "words",
		"never closed":          strings.TrimSuffix(good, "--XbX--\r\n"),
		"truncated":             good[:len(good)/2],
		"line feeds alone":      strings.ReplaceAll(good, "\r\n", "\n"),
		"boundary and more":     strings.Replace(good, "--XbX\r\n", "--XbXY\r\n", 1),
		"boundary in a value":   form(field("prompt", "a--XbX--b")),
		"no name":               form("Content-Disposition: form-data\n\nwords"),
		"empty name":            form(field("", "words")),
		"no disposition":        form("Content-Type: text/plain\n\nwords"),
		"two dispositions":      form("Content-Disposition: form-data; name=\"a\"\n" + field("b", "words")),
		"two names":             form("Content-Disposition: form-data; name=\"a\"; name=\"b\"\n\nwords"),
		"unclosed quote":        form("Content-Disposition: form-data; name=\"a\n\nwords"),
		"attachment":            form("Content-Disposition: attachment; name=\"a\"\n\nwords"),
		"folded":                form("Content-Disposition: form-data;\n name=\"a\"\n\nwords"),
		"encoded":               form("Content-Disposition: form-data; name=\"prompt\"\nContent-Transfer-Encoding: base64\n\nd29yZHM="),
		"a form in a form":      form("Content-Disposition: form-data; name=\"prompt\"\nContent-Type: multipart/mixed; boundary=Z\n\n--Z"),
		"no blank line":         "--XbX\r\nContent-Disposition: form-data; name=\"a\"\r\n--XbX--\r\n",
		"no headers":            "--XbX\r\n\r\nwords\r\n--XbX--\r\n",
		"two boundaries in one": "--XbX--XbX--\r\n",
	} {
		d := endpoint("/v1/audio/speech").RequestBody(formType, []byte(body))
		if !slices.Contains(d.Problems(), llm.ProblemMultipart) {
			t.Errorf("%s: no problem", name)
		}
		if got := texts(d); body != "" && got[len(got)-1] != body {
			t.Errorf("%s: the last segment is %q", name, got[len(got)-1])
		}
		for i, s := range d.Segments() {
			if s.Role == llm.System {
				t.Errorf("%s: %q is the operator's", name, s.Text)
			}
			_ = d.Path(i)
		}
		if string(d.Bytes()) != body {
			t.Errorf("%s: bytes changed", name)
		}
		if n := len(d.Segments()); n > 0 {
			d.Replace(n-1, "MASKED")
			if got := string(d.Bytes()); got != "MASKED" {
				t.Errorf("%s: the whole replaced is %q", name, got)
			}
		}
	}
	for _, contentType := range []string{"multipart/form-data", "Multipart/Form-Data; boundary=", "multipart/form-data; boundary=" + strings.Repeat("x", 71), "multipart/form-data; boundary"} {
		if d := (llm.Endpoint{}).RequestBody(contentType, []byte(good)); !slices.Contains(d.Problems(), llm.ProblemMultipart) {
			t.Errorf("%s: no problem", contentType)
		}
	}
}

// TestFormThatIsJSON: a provider may go by what the body is. So read, nothing in
// it is the operator's.
func TestFormThatIsJSON(t *testing.T) {
	const escaped = `"\u0077ords"`
	body := `{"messages":[{"role":"system","content":` + escaped + `}],"model":"m","model":"n"}`
	d := endpoint("/v1/chat/completions").RequestBody(formType, []byte(body))
	if !slices.Contains(d.Problems(), llm.ProblemMultipart) || !slices.Contains(texts(d), "words") || string(d.Bytes()) != body {
		t.Errorf("problems %q, texts %q", d.Problems(), texts(d))
	}
	for _, s := range d.Segments() {
		if s.Role == llm.System {
			t.Errorf("%q is the operator's", s.Text)
		}
	}
	for name, part := range map[string]string{
		"by its type": "Content-Disposition: form-data; name=\"extra\"\nContent-Type: application/vnd.x+json\n\n" + escaped,
		"unannounced": field("extra", ` [{"a":`+escaped+`}]`),
	} {
		if d := endpoint("/v1/audio/speech").RequestBody(formType, []byte(form(part))); len(d.Problems()) > 0 || !slices.Contains(texts(d), "words") {
			t.Errorf("%s: problems %q, texts %q", name, d.Problems(), texts(d))
		}
	}
}

// TestFormLaw: of a form that the standard library writes, every value is a
// segment or skipped, and a replacement is what the standard library reads in
// its place, with all else as it was. No replacement can end its part.
func TestFormLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		if err := w.SetBoundary("XbX"); err != nil {
			t.Fatalf("boundary: %v", err)
		}
		values := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "line\nline", "\r\n--Xb", "é \x01", " ", "{}", "[1]", "- \"x\" \\"}), 1, 6).Draw(t, "values")
		for i, v := range values {
			create := w.CreateFormField
			if rapid.Bool().Draw(t, "file") {
				create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "name.txt") }
			}
			part, err := create(fmt.Sprint("f", i))
			if err != nil {
				t.Fatalf("part: %v", err)
			}
			_, _ = io.WriteString(part, v)
		}
		_ = w.Close()
		kept := bytes.Clone(body.Bytes())
		d := llm.Endpoint{}.RequestBody(formType, body.Bytes())
		if len(d.Problems()) > 0 || !bytes.Equal(d.Bytes(), kept) {
			t.Fatalf("%q: problems %v", kept, d.Problems())
		}
		k := rapid.IntRange(0, len(values)-1).Draw(t, "part")
		mask := rapid.SampledFrom([]string{"MASK", "", "\r\n--XbX--\r\n", "--X--XbXbX", "\"\r\n"}).Draw(t, "mask")
		path := fmt.Sprint("/f", k)
		for i, s := range d.Segments() {
			if d.Path(i) == path && !s.Key && s.Text == values[k] {
				d.Replace(i, mask)
				values[k] = d.Segments()[i].Text
				break
			}
		}
		got := readForm(t, d.Bytes())
		if diff := cmp.Diff(values, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

func readForm(t *rapid.T, body []byte) (values []string) {
	for r := multipart.NewReader(bytes.NewReader(body), "XbX"); ; {
		p, err := r.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart's contract
			return values
		}
		if err != nil {
			t.Fatalf("reading again: %v", err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatalf("reading again: %v", err)
		}
		values = append(values, string(b))
	}
}

func TestFormReplace(t *testing.T) {
	body := form(field("prompt", "key"), file("file", "key", `{"prompt":"key","completion":"c"}`+"\nkey\n"+`{"prompt":"d","completion":"key"}`))
	d := endpoint("/v1/files").RequestBody(formType, []byte(body))
	for i, s := range d.Segments() {
		if s.Text == "key" {
			d.Replace(i, "M\n\"--XbX")
		}
	}
	want := form(field("prompt", "M\n\""), file("file", "M '", `{"prompt":"M\n\"","completion":"c"}`+"\nM \"\n"+`{"prompt":"d","completion":"M\n\""}`))
	if got := string(d.Bytes()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if d.Replace(0, d.Segments()[0].Text); !d.Changed() {
		t.Error("not changed")
	}
}

// TestFileContent: a file that is downloaded is read line by line.
func TestFileContent(t *testing.T) {
	ep, _ := match("GET", "/v1/files/file-1/content")
	body := `{"id":"b","custom_id":"a","response":{"status_code":200,"body":{"object":"chat.completion","choices":[{"message":{"content":"A"}}]}},"error":null}` + "\n" +
		`{"response":{"body":{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"B"}]}]}}}` + "\n"
	d := ep.Response([]byte(body))
	var got []string
	for i, s := range d.Segments() {
		if s.Role == llm.Model && !s.Known {
			got = append(got, d.Path(i)+" "+s.Text)
		}
	}
	want := []string{"/0/response/body/choices/0/message/content A", "/1/response/body/output/0/content/0/text B"}
	if diff := cmp.Diff(want, got); diff != "" || string(d.Bytes()) != body || len(d.Problems()) > 0 {
		t.Errorf("problems %v, -want +got\n%s", d.Problems(), diff)
	}
	if d := ep.Response([]byte("\x00\x01binary")); len(d.Segments()) != 0 || len(d.Skipped()) != 1 {
		t.Errorf("binary: %v, %v", d.Segments(), d.Skipped())
	}
}

// TestFormBounds: no small form may make a large Doc.
func TestFormBounds(t *testing.T) {
	const many = 1<<16 + 1<<10
	for _, body := range []string{
		form(file("file", "x", strings.Repeat(`{"":""}`+"\n", many))),
		strings.Repeat("--XbX\n", many),
		strings.Repeat("--XbX\r\n\r\n\r\n", many),
		form(slices.Repeat([]string{field("a", "b")}, many)...),
	} {
		d := llm.Endpoint{}.RequestBody(formType, []byte(body))
		if n := len(d.Segments()); n > 2*many || len(d.Problems()) == 0 {
			t.Errorf("got %d segments, problems %v", n, d.Problems())
		}
	}
}

// FuzzForm: allow changes no byte, whatever is replaced nothing panics, and what
// is not a form is one segment.
func FuzzForm(f *testing.F) {
	f.Add(form(field("prompt", "x"), file("file", "a.jsonl", "{\"messages\":[]}\n{}")), 0, "M")
	f.Add("--XbX\r\n\r\n\r\n--XbX--", 1, "\"")
	f.Fuzz(func(t *testing.T, body string, i int, text string) {
		d := endpoint("/v1/files").RequestBody(formType, []byte(body))
		if string(d.Bytes()) != body {
			t.Fatalf("bytes changed: %q", body)
		}
		for k, s := range d.Segments() {
			if s.Role == "" {
				t.Fatalf("segment %d has no role in %q", k, body)
			}
			_ = d.Path(k)
		}
		if n := len(d.Segments()); n > 0 {
			broken := slices.Contains(d.Problems(), llm.ProblemMultipart)
			d.Replace(((i%n)+n)%n, text)
			if again := endpoint("/v1/files").RequestBody(formType, d.Bytes()); !broken && slices.Contains(again.Problems(), llm.ProblemMultipart) {
				t.Fatalf("%q broke by a replacement: %q", body, d.Bytes())
			}
		}
	})
}
