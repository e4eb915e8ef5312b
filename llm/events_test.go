package llm_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/llm"
)

// TestEventRules goes through the rules of the WHATWG's specification. Data that
// is not JSON makes them visible: each is one segment.
func TestEventRules(t *testing.T) {
	for _, tt := range []struct {
		name, stream string
		want         []string // the data of each event
	}{
		{"LF", "data: a\n\ndata: b\n\n", []string{"a", "b"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"mixed", "data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\rdata: e\r\r", []string{"a\nb\nc", "d", "e"}},
		{"CR first, then CRLF", "data: a\rdata: b\r\ndata: c\r\n\r\ndata: d\r\n\n", []string{"a\nb\nc", "d"}},
		{"byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"a"}},
		{"byte order mark later", "data: a\n\n\xef\xbb\xbfdata: b\n\n", []string{"a"}},
		{"many lines", "data: YHOO\ndata: +2\ndata: 10\n\n", []string{"YHOO\n+2\n10"}},
		{"comment", ": note\ndata: a\n:\n: b\n\n", []string{"a"}},
		{"space", "data:a\n\ndata:  b\n\ndata :c\n\n", []string{"a", " b"}},
		{"fields around", "id: 1\nevent: x\ndata: a\nretry: 10\ndata: b\nfoo: c\n\n", []string{"a\nb"}},
		{"no colon", "data\n\ndata\ndata\n\nx\n\ndata: a\n\n", []string{"a"}},
		{"blank lines", "\n\n\ndata: a\n\n\n\n", []string{"a"}},
		{"colon in data", "data: a:b\n\n", []string{"a:b"}},
		{"end without a blank line", "data: a\n\ndata: b", []string{"a", "b"}},
		{"end in CR", "data: a\r\n\r\ndata: b\r", []string{"a", "b"}},
		{"DONE", "data: [DONE]\n\ndata:[DONE]\n\n", nil},
		// The examples of section 9.2.6, in whose third the last event has no end.
		{"example of stocks", "data: YHOO\ndata: +2\ndata: 10\n\n", []string{"YHOO\n+2\n10"}},
		{"example of blocks", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event", []string{"first event", "second event", " third event"}},
		{"example of nothing", "data\n\ndata\ndata\n\ndata:", nil},
		{"example of a space", "data:test\n\ndata: test\n\n", []string{"test", "test"}},
		{"empty data", "data:\n\ndata: \n\ndata: a\n\n", []string{"a"}},
		{"empty lines of data", "data:\ndata: a\ndata:\n\n", []string{"\na\n"}},
		{"case matters", "Data: a\nDATA: b\n\ndata: c\n\n", []string{"c"}},
		{"a tab is no space", "data:\ta\n\n", []string{"\ta"}},
		{"no event without data", "event: x\nid: 1\n\ndata: a\n\n", []string{"a"}},
		{"an id with NUL", "id: 1\x002\ndata: a\n\n", []string{"a"}},
		{"no number to retry", "retry: soon\ndata: a\nretry:\nretry\n\n", []string{"a"}},
		{"NUL in data", "data: a\x00b\n\n", []string{"a\x00b"}},
		{"half a byte order mark", "\xef\xbbdata: a\n\ndata: b\n\n", []string{"b"}},
		{"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", []string{"b"}},
		{"a comment after the byte order mark", "\xef\xbb\xbf: x\ndata: a\n\n", []string{"a"}},
		{"other white space ends no line", "data: a\u2028b\u0085c\vd\fe\n\n", []string{"a\u2028b\u0085c\vd\fe"}},
		{"comments everywhere", ":\n: a\n:b\n\n:\r\n:\rdata: c\n:\ndata: d\n:\n\n:", []string{"c\nd"}},
		{"a long line", "data: " + strings.Repeat("x", 100000) + "\n\n", []string{strings.Repeat("x", 100000)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range splits(tt.stream) {
				var got []string
				var sent []byte
				for _, d := range events(t, llm.Endpoint{}, r) {
					sent = append(sent, d.Bytes()...)
					for _, s := range d.Segments() {
						if s.Stream == "data" {
							got = append(got, s.Text)
						}
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if string(sent) != tt.stream {
					t.Errorf("got bytes %q; want %q", sent, tt.stream)
				}
			}
		})
	}
}

// splits returns readers of text in ever other pieces.
func splits(text string) []io.Reader {
	all := []io.Reader{
		strings.NewReader(text),
		iotest.OneByteReader(strings.NewReader(text)),
		iotest.DataErrReader(strings.NewReader(text)),
		iotest.HalfReader(strings.NewReader(text)),
	}
	for cut := 1; cut < min(len(text), 40); cut++ {
		all = append(all, io.MultiReader(strings.NewReader(text[:cut]), strings.NewReader(text[cut:])))
	}
	return all
}

// TestEventText: whatever an event carries outside its data is a segment too.
func TestEventText(t *testing.T) {
	const stream = "id: an id\n: a comment\nevent: Ignore all\nretry: 5\nanything else: x\nno colon\nevent: plain.name\ndata: {}\n\n"
	d := events(t, llm.Endpoint{}, strings.NewReader(stream))[0]
	want := []string{"an id", "a comment", "Ignore all", "5", "anything else: x", "no colon"}
	if diff := cmp.Diff(want, texts(d)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	d.Replace(1, "gone\nand more")
	d.Replace(5, "")
	got := string(d.Bytes())
	if want := strings.NewReplacer("a comment", "gone and more", "no colon", "").Replace(stream); got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestEventReplace(t *testing.T) {
	for _, tt := range []struct{ name, event, old, text, want string }{
		{"one line", "event: x\ndata: {\"a\": \"b\"}\nid: 1\n\n", "b", "c\nd", "event: x\ndata: {\"a\": \"c\\nd\"}\nid: 1\n\n"},
		{"in many lines", "data: {\"a\":\nid: 1\ndata: \"b\",\r\ndata:\"c\":\"d\"}\n\n", "d", "e", "data: {\"a\":\nid: 1\ndata: \"b\",\r\ndata:\"c\":\"e\"}\n\n"},
		{"across lines", "data: {\"a\":\"b\ndata: c\"}\n\n", "b\nc", "d", "data: {\"a\":\"d\"}\n\n"},
		{"plain", "data: a\n\n", "a", "b\nc", "data: b\ndata: c\n\n"},
		{"plain in many lines", "data: a\nid: 1\r\ndata: b\n\n", "a\nb", "c\nd", "data: c\ndata: d\nid: 1\r\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := events(t, llm.Endpoint{}, strings.NewReader(tt.event))[0]
			i := slices.Index(texts(d), tt.old)
			if i < 0 {
				t.Fatalf("no segment %q in %q", tt.old, texts(d))
			}
			d.Replace(i, tt.text)
			if got := string(d.Bytes()); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
			if got := texts(events(t, llm.Endpoint{}, bytes.NewReader(d.Bytes()))[0])[i]; got != tt.text {
				t.Errorf("read again: got %q; want %q", got, tt.text)
			}
		})
	}
}

// TestEventPromptly: an event is returned as soon as its last byte is here.
func TestEventPromptly(t *testing.T) {
	for _, event := range []string{"data: a\n\n", "data: a\r\n\r\n", "data: a\r\r", "\n", ": ping\n", ": ping\r\n", ":\n"} {
		r, w := io.Pipe()
		stream := llm.Endpoint{}.Events(r)
		for range 3 {
			sent := make(chan error, 1)
			go func() { _, err := io.WriteString(w, event); sent <- err }()
			// Nothing more is ever written: waiting for more would hang.
			d, err := stream.Next()
			if err != nil || string(d.Bytes()) != event && strings.Trim(string(d.Bytes()), "\n") != event {
				t.Fatalf("%q: got %v, %v", event, d, err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestEventErrors(t *testing.T) {
	broken := errors.New("connection reset")
	stream := llm.Endpoint{}.Events(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)))
	for _, want := range []string{"data: a\n\n", "data: b"} {
		d, err := stream.Next()
		if err != nil || string(d.Bytes()) != want {
			t.Fatalf("got %v, %v; want %q", d, err, want)
		}
	}
	for range 2 {
		if d, err := stream.Next(); !errors.Is(err, broken) || d != nil {
			t.Fatalf("got %v, %v; want %v", d, err, broken)
		}
	}
	if _, err := (llm.Endpoint{}).Events(iotest.ErrReader(nil)).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that returns nothing: got %v; want %v", err, io.ErrNoProgress)
	}
}

// TestEventComments: a comment is a Doc of its own where it can be, and part of
// the event that it stands in elsewhere.
func TestEventComments(t *testing.T) {
	const stream = "\xef\xbb\xbf: a\n:b\r\ndata: c\n: d\ndata: e\n\n: f\n\nid: 1\n: g\n\n: h\r: i\r\r: j"
	want := []string{"\xef\xbb\xbf: a\n", ":b\r\n", "data: c\n: d\ndata: e\n\n", ": f\n", "\n", "id: 1\n: g\n\n", ": h\r", ": i\r", "\r", ": j"}
	for _, r := range splits(stream) {
		var got, all []string
		for _, d := range events(t, llm.Endpoint{}, r) {
			got = append(got, string(d.Bytes()))
			all = append(all, texts(d)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q; want %q", got, want)
		}
		if seen := []string{"a", "b", "c\ne", "d", "f", "1", "g", "h", "i", "j"}; !slices.Equal(all, seen) {
			t.Errorf("got texts %q; want %q", all, seen)
		}
	}
}

// TestOversizeEvent: an event without an end is cut at the limit, wherever its
// chunks end, and the next event is whole again.
func TestOversizeEvent(t *testing.T) {
	text := "data: {\"delta\":\"" + strings.Repeat("0123456789abcdef", 20<<20/16) + "\"}\n\ndata: after\n\n"
	var shapes [][]int
	for _, r := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text))} {
		var sizes []int
		var sent, seen bytes.Buffer
		for _, d := range events(t, llm.Endpoint{}, r) {
			sizes = append(sizes, len(d.Bytes()))
			sent.Write(d.Bytes())
			if slices.Contains(d.Problems(), llm.ProblemOversize) {
				seen.WriteString(d.Segments()[0].Text)
			}
		}
		if sent.String() != text || !strings.HasPrefix(text, seen.String()) || seen.Len() != len(text)-len("data: after\n\n") {
			t.Errorf("%d bytes in, %d out, %d seen", len(text), sent.Len(), seen.Len())
		}
		shapes = append(shapes, sizes)
	}
	if !slices.Equal(shapes[0], shapes[1]) || len(shapes[0]) != 4 {
		t.Errorf("got pieces of %v and %v", shapes[0], shapes[1])
	}
}

// TestOversizeLine: the end of a line that was cut off is no blank line.
func TestOversizeLine(t *testing.T) {
	text := "data: " + strings.Repeat("x", 8<<20-len("data: ")) + "\ndata: more\n\ndata: after\n\n"
	all := events(t, llm.Endpoint{}, strings.NewReader(text))
	if len(all) != 3 || string(all[1].Bytes()) != "\ndata: more\n\n" || len(all[2].Problems()) != 1 || string(all[2].Bytes()) != "data: after\n\n" {
		t.Errorf("got %d pieces", len(all))
	}
}

// FuzzEvents holds the third law.
func FuzzEvents(f *testing.F) {
	bodies(f, func(path string, data []byte) { f.Add(path, data, uint64(1)) })
	for _, s := range []string{"data: u\r\rdata: v\r\n\r\n", "\r\n\n\r\r\ndata: w\r\n", "\xef\xbb\xbfdata: x\rdata: y\r\n\n", "id: 1\ndata:z\n:\n\n"} {
		f.Add("/v1/chat/completions", []byte(s), uint64(2))
	}
	f.Fuzz(func(t *testing.T, path string, stream []byte, seed uint64) {
		if !strings.HasPrefix(path, "/v1/") || !validPath(path) || strings.ContainsAny(path, "?#%") {
			path = "/"
		}
		ep := endpoint(path)
		whole, sent, data := told(t, ep, bytes.NewReader(stream))
		if !bytes.Equal(sent, stream) {
			t.Fatalf("got bytes %q; want %q", sent, stream)
		}
		for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(stream)), &ragged{stream, rand.New(rand.NewPCG(seed, 0))}} {
			if split, _, _ := told(t, ep, r); split != whole {
				t.Fatalf("%q: split otherwise:\n%s\nwhole:\n%s", stream, split, whole)
			}
		}
		if want := specified(stream); !slices.Equal(data, want) {
			t.Fatalf("%q: got data %q; want %q", stream, data, want)
		}
	})
}

// told returns what the Docs of a stream are, their bytes and their plain data.
func told(t *testing.T, ep llm.Endpoint, r io.Reader) (text string, sent []byte, data []string) {
	var b strings.Builder
	for _, d := range events(t, ep, r) {
		b.WriteString("event\n")
		describe(&b, d)
		sent = append(sent, d.Bytes()...)
		for _, s := range d.Segments() {
			if s.Stream == "data" && isPlain(s.Text) {
				data = append(data, s.Text)
			}
		}
	}
	return b.String(), sent, data
}

// isPlain reports whether data cannot be taken for JSON.
func isPlain(data string) bool {
	data = strings.TrimLeft(data, " \t\r\n")
	return data != "" && 'u' <= data[0] && data[0] <= 'z'
}

// specified is the specification's algorithm, as written, for streams that end
// where we say; it returns the plain data of the events.
func specified(stream []byte) (all []string) {
	text := strings.TrimPrefix(string(stream), "\xef\xbb\xbf") + "\n\n"
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	buffer := ""
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			if data := strings.TrimSuffix(buffer, "\n"); isPlain(data) {
				all = append(all, data)
			}
			buffer = ""
			continue
		}
		if name, value, _ := strings.Cut(line, ":"); name == "data" {
			buffer += strings.TrimPrefix(value, " ") + "\n"
		}
	}
	return all
}

// ragged reads in pieces of random length.
type ragged struct {
	rest []byte
	rand *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+r.rand.IntN(7))], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
