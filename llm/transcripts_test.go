package llm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/llm"
)

// A transcript is one conversation with one endpoint, which its name begins with.
// Its comment's first line is the request line, a second one "secret x" says what
// stands in it that must not get through a mask. The files are
//
//	request   a JSON body that the client posts
//	form      a body of the Content-Type in the first line; its line ends are CRLF
//	response  the body of an answer
//	stream    an answer of type text/event-stream
//	client    the client's WebSocket messages, one a line
//	server    the provider's
//
// Each file "x" has a file "x.text": what must be found in it, in order, one line
// each, words of the wire format left out, and where a running text ends.

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
				if was := content(f.Name, f.Data); !bytes.Equal(sent, was) {
					t.Errorf("%s: Bytes are not what was read:\n%s", f.Name, cmp.Diff(string(was), string(sent)))
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
	name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".txtar"), "-")
	if ep.Name() != name {
		t.Errorf("%s is for endpoint %s", path, ep.Name())
	}
	return archive, ep
}

// read returns what is found in a file of a transcript, and its bytes.
func read(t testing.TB, ep llm.Endpoint, name string, data []byte) (text string, sent []byte) {
	t.Helper()
	var b strings.Builder
	var running []string
	for _, d := range docs(t, ep, name, data) {
		describe(&b, d)
		for _, s := range d.Segments() {
			if s.Stream != "" && !slices.Contains(running, s.Stream) {
				running = append(running, s.Stream)
			}
		}
		running = slices.DeleteFunc(running, func(stream string) bool {
			ends := d.Ends(stream)
			if ends {
				fmt.Fprintf(&b, "ends <%s>\n", stream)
			}
			return ends
		})
		sent = append(append(sent, d.Bytes()...), separator(name)...)
	}
	return b.String(), sent
}

// separator is what stands between the documents of a file.
func separator(name string) string {
	if name == "client" || name == "server" {
		return "\n"
	}
	return ""
}

// content returns the bytes on the wire of a file of a transcript.
func content(name string, data []byte) []byte {
	if name == "form" {
		_, body, _ := bytes.Cut(data, []byte("\n"))
		return bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	}
	return data
}

func docs(t testing.TB, ep llm.Endpoint, name string, data []byte) (all []*llm.Doc) {
	t.Helper()
	switch name {
	case "request":
		return []*llm.Doc{ep.Request(data)}
	case "form":
		contentType, _, _ := strings.Cut(string(data), "\n")
		return []*llm.Doc{ep.RequestBody(contentType, content(name, data))}
	case "client", "server":
		m := ep.Messages()
		read := m.Client
		if name == "server" {
			read = m.Server
		}
		for line := range bytes.Lines(data) {
			all = append(all, read(bytes.TrimSuffix(line, []byte("\n"))))
		}
		return all
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
		if s.Call {
			b.WriteString(" call")
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
