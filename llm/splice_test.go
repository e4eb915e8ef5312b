package llm_test

import (
	"bytes"
	"compress/flate"
	stdgzip "compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	kflate "github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/infershield/infershield/llm"
)

// flusher is what the encoders have in common.
type flusher interface {
	io.WriteCloser
	Flush() error
}

// spliced are the ways in which a server compresses a stream.
var spliced = []struct {
	name, header string
	open         func(io.Writer, int) flusher
}{
	{"gzip", "gzip", func(w io.Writer, level int) flusher { return must(stdgzip.NewWriterLevel(w, level)) }},
	{"gzip with a name", "x-gzip", func(w io.Writer, level int) flusher {
		z := must(stdgzip.NewWriterLevel(w, level))
		z.Name, z.Comment, z.Extra = "stream", "of events", []byte("extra")
		return z
	}},
	{"zlib", "deflate", func(w io.Writer, level int) flusher { return must(zlib.NewWriterLevel(w, level)) }},
	{"bare", "Deflate", func(w io.Writer, level int) flusher { return must(flate.NewWriter(w, level)) }},
	{"zlib of a small window", "deflate", func(w io.Writer, _ int) flusher { return smallWindow(w) }},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// smallWindow writes zlib data whose header allows distances up to 512.
func smallWindow(w io.Writer) flusher {
	_, _ = w.Write([]byte{0x18, 0x19}) // memory does not fail
	return &zlibWriter{must(kflate.NewWriterWindow(w, 512)), w, adler32.New()}
}

type zlibWriter struct {
	*kflate.Writer
	w   io.Writer
	sum hash.Hash32
}

func (z *zlibWriter) Write(p []byte) (int, error) {
	z.sum.Write(p)
	return z.Writer.Write(p)
}

func (z *zlibWriter) Close() error {
	if err := z.Writer.Close(); err != nil {
		return err
	}
	_, err := z.w.Write(z.sum.Sum(nil))
	return err
}

// compressed writes events, with a flush after each where flush says so, and
// returns where each of them ends.
func compressed(open func(io.Writer, int) flusher, level int, events []string, flush func(i int) bool) (raw []byte, ends []int) {
	var b bytes.Buffer
	w := open(&b, level)
	for i, e := range events {
		_ = must(io.WriteString(w, e))
		if flush(i) {
			if err := w.Flush(); err != nil {
				panic(err)
			}
		}
		ends = append(ends, b.Len())
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes(), ends
}

// pass gives every event that comes to change, which returns it or another, and
// returns what is sent on: piece by piece, the last of which is the end.
func pass(t testing.TB, header string, r io.Reader, change func(string) string) [][]byte {
	t.Helper()
	s, err := llm.NewSplice(header, r)
	if err != nil {
		t.Fatal(err)
	}
	var sent [][]byte
	for events := (llm.Endpoint{}).Events(s); ; {
		d, err := events.Next()
		if errors.Is(err, io.EOF) {
			return append(sent, s.End())
		}
		if err != nil {
			t.Fatal(err)
		}
		event := string(d.Bytes())
		if other := change(event); other != event {
			sent = append(sent, s.Replace(len(event), []byte(other)))
		} else {
			sent = append(sent, s.Pass([]byte(event)))
		}
	}
}

// inflated decodes what a client has got so far, as far as it goes.
func inflated(header string, raw []byte) (string, error) {
	r, err := llm.StreamDecoder(header, bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

func eventsOf(r *rand.Rand, n int) (events []string) {
	for i := range n {
		events = append(events, fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%d %x\"}}],\"object\":\"chat.completion.chunk\"}\n\n", i, r.Int64()>>r.IntN(64)))
		if r.IntN(5) == 0 {
			events[i] = "data: " + strings.Repeat(prose, r.IntN(100)) + "\n\n"
		}
	}
	return events
}

// TestSplice: a stream that nobody changes keeps its bytes, each event's as soon
// as they have come. A changed one decodes to what was meant, with the original
// bytes up to the change.
func TestSplice(t *testing.T) {
	for _, tt := range spliced {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(30) {
				r := rand.New(rand.NewPCG(seed, 7))
				events := eventsOf(r, 1+r.IntN(60))
				level := r.IntN(11) - 1
				often := 1 + r.IntN(4)
				flushed := func(i int) bool { return often == 1 || often < 4 && i%often == 0 }
				raw, ends := compressed(tt.open, level, events, flushed)

				sent := pass(t, tt.header, &ragged{raw, r}, func(e string) string { return e })
				for i := range events {
					if got, _ := inflated(tt.header, bytes.Join(sent[:i+1], nil)); flushed(i) && got != strings.Join(events[:i+1], "") {
						t.Fatalf("seed %d: after event %d a client has only %d bytes", seed, i, len(got))
					}
				}
				if !bytes.Equal(bytes.Join(sent, nil), raw) {
					t.Fatalf("seed %d: bytes changed", seed)
				}

				from := r.IntN(len(events))
				i := 0
				var want strings.Builder
				sent = pass(t, tt.header, &ragged{raw, r}, func(e string) string {
					if i >= from && (i == from || r.IntN(3) == 0) {
						e = []string{"", "data: [SECRET_REDACTED]\n\n", strings.Repeat(e, 2), strings.Repeat("long ", 20000)}[r.IntN(4)]
					}
					i++
					want.WriteString(e)
					return e
				})
				out := bytes.Join(sent, nil)
				if got, err := inflated(tt.header, out); err != nil || got != want.String() {
					t.Fatalf("seed %d: %d bytes, %v; want %d", seed, len(got), err, want.Len())
				}
				if from > 0 && flushed(from-1) && !bytes.HasPrefix(out, raw[:ends[from-1]-len("\x00\x00\xff\xff")]) {
					t.Fatalf("seed %d: bytes before the change were changed", seed)
				}
				if got, _ := inflated(tt.header, bytes.Join(sent[:len(sent)-1], nil)); got != want.String() {
					t.Fatalf("seed %d: %d bytes could be read before the end; want %d", seed, len(got), want.Len())
				}
			}
		})
	}
}

// FuzzSplice: any bytes go on as they came, and what was decoded is what the
// decoder says.
func FuzzSplice(f *testing.F) {
	for _, tt := range spliced {
		raw, _ := compressed(tt.open, 6, []string{"data: a\n\n", "data: b\n\n", "data: " + prose + "\n\n"}, func(i int) bool { return i < 2 })
		f.Add(strings.HasPrefix(tt.name, "gzip"), raw, uint64(1))
	}
	f.Fuzz(func(t *testing.T, zipped bool, raw []byte, seed uint64) {
		header := "deflate"
		if zipped {
			header = "gzip"
		}
		r := rand.New(rand.NewPCG(seed, 0))
		read := func(change bool) (text, meant, out []byte, err error) {
			s, err := llm.NewSplice(header, &ragged{raw, r})
			if err != nil {
				t.Fatal(err)
			}
			for buf := make([]byte, 100); ; {
				n, err := s.Read(buf)
				if err != nil || len(text) > 1<<20 {
					return text, meant, append(out, s.End()...), err
				}
				text = append(text, buf[:n]...)
				if change && r.IntN(3) == 0 {
					meant = append(meant, "changed"...)
					out = append(out, s.Replace(n, []byte("changed"))...)
					continue
				}
				meant = append(meant, buf[:n]...)
				out = append(out, s.Pass(buf[:n])...)
			}
		}
		text, _, out, err := read(false)
		if len(text) > 1<<20 {
			return
		}
		if !bytes.HasPrefix(raw, out) || errors.Is(err, io.EOF) && len(out) != len(raw) {
			t.Fatalf("%x: got bytes %x", raw, out)
		}
		if errors.Is(err, io.EOF) {
			// The decoder reads a gzip header more strictly than we do.
			if want, err := inflated(header, raw); want != string(text) && !errors.Is(err, gzip.ErrHeader) {
				t.Fatalf("%x: got %q; want %q, %v", raw, text, want, err)
			}
		}
		_, meant, out, ended := read(true)
		if got, err := inflated(header, out); errors.Is(ended, io.EOF) && got != string(meant) && !errors.Is(err, gzip.ErrHeader) {
			t.Fatalf("%x: changed: got %q, %v; want %q", raw, got, err, meant)
		}
	})
}
