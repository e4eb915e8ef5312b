package llm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/llm"
)

// A transcript is one conversation with one endpoint. Its comment's first line
// is the request line. Each file "x" has a file "x.text": what must be found in
// it, in order, one line each, words of the wire format left out.

func TestTranscripts(t *testing.T) {
	for _, path := range transcripts(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, ep := transcript(t, path)
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			for _, f := range archive.Files {
				if strings.HasSuffix(f.Name, ".text") {
					continue
				}
				got, sent := read(t, ep, f.Name, f.Data)
				if !bytes.Equal(sent, f.Data) {
					t.Errorf("%s: Bytes are not what was read:\n%s", f.Name, cmp.Diff(string(f.Data), string(sent)))
				}
				if diff := cmp.Diff(strings.Split(files[f.Name+".text"], "\n"), strings.Split(got, "\n")); diff != "" {
					t.Errorf("%s: -want +got\n%s", f.Name, diff)
				}
			}
		})
	}
}

func transcripts(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	return paths
}

func transcript(t testing.TB, path string) (*txtar.Archive, llm.Endpoint) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(archive.Comment), "\n")
	method, target, _ := strings.Cut(line, " ")
	ep, _ := llm.Match(httptest.NewRequest(method, "https://api.openai.com"+target, nil))
	if name := strings.TrimSuffix(filepath.Base(path), ".txtar"); ep.Name() != name {
		t.Errorf("%s is for endpoint %s", path, ep.Name())
	}
	return archive, ep
}

// read returns what is found in a file of a transcript, and its bytes.
func read(t testing.TB, ep llm.Endpoint, name string, data []byte) (text string, sent []byte) {
	t.Helper()
	var b strings.Builder
	for _, d := range docs(t, ep, name, data) {
		describe(&b, d)
		sent = append(sent, d.Bytes()...)
	}
	return b.String(), sent
}

func docs(t testing.TB, ep llm.Endpoint, name string, data []byte) []*llm.Doc {
	t.Helper()
	switch name {
	case "request":
		return []*llm.Doc{ep.Request(data)}
	case "response":
		return []*llm.Doc{ep.Response(data)}
	default:
		return events(t, ep, bytes.NewReader(data))
	}
}

func events(t testing.TB, ep llm.Endpoint, r io.Reader) (all []*llm.Doc) {
	t.Helper()
	for stream := ep.Events(r); ; {
		d, err := stream.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
}

func describe(b *strings.Builder, d *llm.Doc) {
	if d.Model() != "" {
		fmt.Fprintf(b, "model %s\n", d.Model())
	}
	if d.Streaming() {
		b.WriteString("streaming\n")
	}
	for i, s := range d.Segments() {
		if s.Known {
			continue
		}
		fmt.Fprintf(b, "%s %s", s.Role, orDash(d.Path(i)))
		if s.Key {
			b.WriteString(" key")
		}
		if s.Stream != "" {
			fmt.Fprintf(b, " <%s>", s.Stream)
		}
		fmt.Fprintf(b, " %q\n", s.Text)
	}
	for _, s := range d.Skipped() {
		fmt.Fprintf(b, "skip %s %s\n", s.Path, s.Reason)
	}
	for _, p := range d.Problems() {
		fmt.Fprintf(b, "problem %s\n", p)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
