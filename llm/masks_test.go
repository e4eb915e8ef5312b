package llm_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestMaskedIsNowhere holds for every transcript that names a secret: where each
// text that holds it is replaced, in however many pieces it comes, nothing of
// the output spells it: no text, no running text, no escape, no token, no byte.
func TestMaskedIsNowhere(t *testing.T) {
	masked := 0
	for _, path := range transcripts(t) {
		archive, ep := transcript(t, path)
		_, rest, _ := strings.Cut(string(archive.Comment), "\nsecret ")
		secret, _, _ := strings.Cut(rest, "\n")
		if secret == "" {
			continue
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".text") {
				continue
			}
			all := docs(t, ep, f.Name, f.Data)
			masked += maskAll(all, secret)
			var out []byte
			for _, d := range all {
				out = append(append(out, d.Bytes()...), separator(f.Name)...)
			}
			if f.Name == "form" {
				contentType, _, _ := strings.Cut(string(f.Data), "\n")
				all = []*llm.Doc{ep.RequestBody(contentType, out)}
			} else {
				all = docs(t, ep, f.Name, out)
			}
			if maskAll(all, secret) > 0 || strings.Contains(string(out), secret) || strings.Contains(bytesIn(string(out)), secret) {
				t.Errorf("%s: %s still holds the secret:\n%s", path, f.Name, out)
			}
			for _, d := range all {
				if len(d.Problems()) > 0 {
					t.Errorf("%s: %s is broken by its masks: %v", path, f.Name, d.Problems())
				}
			}
		}
	}
	if masked < 40 {
		t.Errorf("masked %d times; the transcripts hold more", masked)
	}
}

// piece is a segment in a running text.
type piece struct {
	doc     *llm.Doc
	segment int
}

// maskAll replaces a secret wherever it stands, and returns how often that was. Each
// running text gets a mask in the piece where the secret begins.
func maskAll(all []*llm.Doc, secret string) (n int) {
	running := map[string][]piece{}
	for k, d := range all {
		for i, s := range d.Segments() {
			name := s.Stream
			if name == "" {
				name = strconv.Itoa(k) + d.Path(i) + strconv.Itoa(i)
			}
			running[name] = append(running[name], piece{d, i})
		}
	}
	for _, pieces := range running {
		var whole strings.Builder
		for _, p := range pieces {
			whole.WriteString(p.doc.Segments()[p.segment].Text)
		}
		start := strings.Index(whole.String(), secret)
		if start < 0 {
			continue
		}
		n++
		at, end := 0, start+len(secret)
		for _, p := range pieces {
			text := p.doc.Segments()[p.segment].Text
			from, to := max(start-at, 0), min(end-at, len(text))
			if from < to {
				note := ""
				if at <= start {
					note = "[masked]"
				}
				p.doc.Replace(p.segment, text[:from]+note+text[to:])
			}
			at += len(text)
		}
	}
	return n
}

var numbers = regexp.MustCompile(`\[([0-9]+(?:,[0-9]+)*)\]`)

// bytesIn returns what all the lists of small numbers spell.
func bytesIn(s string) string {
	var b strings.Builder
	for _, list := range numbers.FindAllStringSubmatch(s, -1) {
		for _, number := range strings.Split(list[1], ",") {
			if n, err := strconv.ParseUint(number, 10, 8); err == nil {
				b.WriteByte(byte(n))
			}
		}
	}
	return b.String()
}

// TestMaskWhereTheWalkBrokeOff: a list of tokens that has no end is emptied to
// the end of the document, and nothing is said twice.
func TestMaskWhereTheWalkBrokeOff(t *testing.T) {
	const begin = `{"choices":[{"message":{"content":"\u0073ecret"},"logprobs":{"content":[`
	for name, body := range map[string]string{
		"cut":      begin + `{"token":"sec`,
		"too many": begin + strings.Repeat(`{"token":"sec"},`, 1<<18) + `{}]}}]}`,
	} {
		d := endpoint("/v1/chat/completions").Response([]byte(body))
		for i, s := range d.Segments() {
			if s.Text == "secret" {
				d.Replace(i, "MASK")
			}
		}
		if got, want := string(d.Bytes()), `{"choices":[{"message":{"content":"MASK"},"logprobs":null`; got != want {
			t.Errorf("%s: got %.200q of %d bytes; want %q", name, got, len(got), want)
		}
	}
}
