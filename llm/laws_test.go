package llm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infershield/infershield/llm"
)

// bodies seeds the fuzzers with every file of every transcript.
func bodies(f *testing.F, add func(path string, data []byte)) {
	for _, path := range transcripts(f) {
		archive, _ := transcript(f, path)
		line, _, _ := strings.Cut(string(archive.Comment), "\n")
		_, target, _ := strings.Cut(line, " ")
		for _, file := range archive.Files {
			if !strings.HasSuffix(file.Name, ".text") {
				add(target, file.Data)
			}
		}
	}
}

// FuzzDoc holds the first and the fourth law, and that a document has a problem
// exactly if a strict parser refuses it.
func FuzzDoc(f *testing.F) {
	bodies(f, func(path string, data []byte) { f.Add(path, data) })
	for _, body := range []string{"\xef\xbb\xbf{}", `{"a":1,"a":"\ud800"}`, `["a`, `{} {}`, "[\"\xff\",]", `"\\\"`} {
		f.Add("/v1/chat/completions", []byte(body))
	}
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#%\n\r\t\x00") || !validPath(path) {
			path = "/"
		}
		kept := bytes.Clone(body)
		ep := endpoint(path)
		m := ep.Messages()
		all := []*llm.Doc{ep.Request(body), ep.Response(body)}
		if strings.TrimSpace(string(body)) != "[DONE]" {
			all = append(all, m.Client(body), m.Server(body))
		}
		for _, d := range all {
			if !bytes.Equal(d.Bytes(), kept) || !bytes.Equal(body, kept) {
				t.Fatalf("bytes changed: %q", body)
			}
			checkComplete(t, d, body)
		}
	})
}

func validPath(path string) bool {
	return !strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' || r == '\\' })
}

func checkComplete(t *testing.T, d *llm.Doc, body []byte) {
	t.Helper()
	for i, s := range d.Segments() {
		if s.Role == "" {
			t.Fatalf("segment %d has no role in %q", i, body)
		}
		_ = d.Path(i) // must not panic
	}
	want, err := allStrings(body)
	if got := len(d.Problems()) > 0; got != (err != nil) {
		t.Fatalf("%q: problems %v; a strict parser says %v", body, d.Problems(), err)
	}
	if err != nil {
		if lenientOnly := slices.ContainsFunc(d.Problems(), func(p string) bool {
			return p == llm.ProblemMalformed || p == llm.ProblemNotJSON || p == llm.ProblemTrailing
		}); lenientOnly && d.Segments()[len(d.Segments())-1].Text != string(body) {
			t.Fatalf("%q: the whole is no segment", body)
		}
		return
	}
	skipped := 0
	for _, s := range d.Skipped() {
		if s.Reason != llm.SkipTokens {
			skipped++
		}
	}
	if got := len(d.Segments()) + skipped; got != len(want) {
		t.Fatalf("%q: %d segments and skips; want %d", body, got, len(want))
	}
	for _, s := range d.Segments() {
		for want[0] != s.Text {
			want, skipped = want[1:], skipped-1
			if skipped < 0 {
				t.Fatalf("%q: segment %q is out of order or wrong", body, s.Text)
			}
		}
		want = want[1:]
	}
}

// allStrings returns every string and member name of a strictly valid document.
func allStrings(body []byte) (all []string, err error) {
	if len(bytes.TrimSpace(body)) == 0 && !bytes.ContainsAny(body, "\v\f\u0085\u00a0") {
		return nil, nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if tok.Kind() == '"' {
			all = append(all, tok.String())
		}
		if dec.StackDepth() == 0 {
			break
		}
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("trailing data")
	}
	return all, nil
}

// TestReplaceLaw holds the second law for every segment of every transcript.
func TestReplaceLaw(t *testing.T) {
	for _, path := range transcripts(t) {
		archive, ep := transcript(t, path)
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".text") {
				continue
			}
			again := func(b []byte) *llm.Doc { return docs(t, ep, f.Name, b)[0] }
			text := "MASKED [\"é\"\\]"
			if f.Name == "form" {
				contentType, _, _ := strings.Cut(string(f.Data), "\n")
				again = func(b []byte) *llm.Doc { return ep.RequestBody(contentType, b) }
				text = "MASKED [é]" // what a header may hold too
			}
			for _, d := range docs(t, ep, f.Name, f.Data) {
				for i := range d.Segments() {
					checkReplace(t, again(d.Original()), again, i, text)
				}
			}
		}
	}
}

// failer is what tests and rapid's checks have in common.
type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func checkReplace(t failer, d *llm.Doc, again func([]byte) *llm.Doc, i int, text string) {
	t.Helper()
	raw, want := slices.Clone(d.Bytes()), texts(d)
	old := want[i]
	want[i] = text
	d.Replace(i, text)
	out := d.Bytes()
	if diff := cmp.Diff(want, texts(d)); diff != "" {
		t.Fatalf("segments after Replace: -want +got\n%s", diff)
	}
	if spells(d) { // and may be so no more, see TestSpelling
		if diff := cmp.Diff(unspelt(d), unspelt(again(out))); diff != "" && len(d.Skipped()) == 0 {
			t.Fatalf("%s\nread again: -want +got\n%s", out, diff)
		}
		return
	}
	// The name or type of what was skipped may be what said so.
	if re := again(out); len(d.Skipped()) == 0 || len(re.Segments()) == len(want) {
		if diff := cmp.Diff(want, texts(re)); diff != "" {
			t.Fatalf("%s\nread again: -want +got\n%s", out, diff)
		}
	}
	if old != text && !oneLiteralApart(raw, out, old, text) {
		t.Fatalf("more than segment %d changed:\n%s\n%s", i, raw, out)
	}
}

// spells reports whether a document spells a text out a second time.
func spells(d *llm.Doc) bool { return len(unspelt(d)) < len(d.Segments()) }

// unspelt returns the texts that do not stand in log probabilities.
func unspelt(d *llm.Doc) (all []string) {
	for i, s := range d.Segments() {
		if !strings.Contains(d.Path(i), "/logprobs/") {
			all = append(all, s.Text)
		}
	}
	return all
}

// oneLiteralApart reports whether b is a with one string literal changed.
func oneLiteralApart(a, b []byte, old, text string) bool {
	literal, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return false
	}
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	for at := same; at >= 0; at-- {
		rest, ok := bytes.CutPrefix(b[at:], literal)
		if ok && bytes.HasSuffix(a[at:], rest) {
			was, err := jsontext.AppendUnquote(nil, a[at:len(a)-len(rest)])
			if err == nil && string(was) == old {
				return true
			}
		}
		if rest, ok := bytes.CutPrefix(b[at:], []byte(text)); ok && bytes.HasSuffix(a, append([]byte(old), rest...)) {
			return true // raw text
		}
	}
	return false
}

// TestReplaceLawRapid holds the second law for documents and texts of any kind.
func TestReplaceLawRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := genJSON(3).Draw(t, "body")
		d := llm.Endpoint{}.Request([]byte(body))
		if len(d.Problems()) > 0 {
			t.Fatalf("%s: %v", body, d.Problems())
		}
		if len(d.Segments()) == 0 {
			return
		}
		i := rapid.IntRange(0, len(d.Segments())-1).Draw(t, "segment")
		text := "=" + rapid.String().Draw(t, "text") // no name begins so: none is made twice
		checkReplace(t, d, llm.Endpoint{}.Request, i, text)
	})
}

// genJSON draws documents with every way of writing a string.
func genJSON(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		kinds := 3
		if depth == 0 {
			kinds = 1
		}
		switch rapid.IntRange(0, kinds).Draw(t, "kind") {
		case 0:
			return genLiteral("").Draw(t, "string")
		case 1:
			return rapid.SampledFrom([]string{"null", "true", "-0.5e+3", "12", "[]", "{}", " { } "}).Draw(t, "scalar")
		case 2:
			items := rapid.SliceOfN(genJSON(depth-1), 0, 4).Draw(t, "items")
			return "[" + strings.Join(items, " ,\n") + "]"
		}
		var members []string
		for i, v := range rapid.SliceOfN(genJSON(depth-1), 0, 4).Draw(t, "values") {
			name := genLiteral(string(rune('a'+i))).Draw(t, "name")
			members = append(members, name+rapid.SampledFrom([]string{":", " : "}).Draw(t, "colon")+v)
		}
		return "{" + strings.Join(members, ",") + " }"
	})
}

func genLiteral(prefix string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		b.WriteString(`"` + prefix)
		for _, r := range rapid.StringN(0, 12, -1).Draw(t, "text") {
			if rapid.Bool().Draw(t, "escaped") {
				for _, u := range utf16.Encode([]rune{r}) {
					fmt.Fprintf(&b, `\u%04x`, u)
				}
				continue
			}
			q, err := jsontext.AppendQuote(nil, string(r))
			if err != nil {
				t.Fatalf("quoting %q: %v", r, err)
			}
			b.Write(q[1 : len(q)-1])
		}
		return b.String() + `"`
	})
}
