package llm_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// BenchmarkCompressedStream reads a stream of events of which each is flushed,
// as a decoder does that only reads, and as Splice does that passes them on.
func BenchmarkCompressedStream(b *testing.B) {
	events := make([]string, 200)
	for i := range events {
		events[i] = chatEvent
	}
	raw, _ := compressed(spliced[0].open, gzip.DefaultCompression, events, func(int) bool { return true })
	for _, bb := range []struct {
		name string
		read func(io.Reader) (io.Reader, error)
	}{
		{"decoder", func(r io.Reader) (io.Reader, error) { return llm.StreamDecoder("gzip", r) }},
		{"splice", func(r io.Reader) (io.Reader, error) {
			s, err := llm.NewSplice("gzip", r)
			return &passing{s}, err
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(chatEvent) * len(events)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := bb.read(bytes.NewReader(raw))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); err != nil || n == 0 {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// passing passes everything on.
type passing struct{ *llm.Splice }

func (p *passing) Read(b []byte) (int, error) {
	n, err := p.Splice.Read(b)
	p.Pass(b[:n])
	return n, err
}

// BenchmarkFrames reads a message of the size of an event.
func BenchmarkFrames(b *testing.B) {
	message := []byte(frame(0x81, responsesEvent))
	f := llm.NewFrames(server)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		f.Write(message)
		if m, err := f.Next(); m == nil || err != nil {
			b.Fatal(m, err)
		}
	}
}

// BenchmarkNested reads the deltas of a tool call's arguments.
func BenchmarkNested(b *testing.B) {
	arguments := `{"path":"/tmp/report.txt","text":"` + strings.Repeat(`One line of it, with \"quotes\".\n`, 40) + `"}`
	b.SetBytes(int64(len(arguments)))
	b.ReportAllocs()
	for b.Loop() {
		var n llm.Nested
		for rest := arguments; rest != ""; {
			k := min(6, len(rest))
			n.Write(rest[:k])
			n.Settled(func(*llm.Literal) int { return 0 })
			rest = rest[k:]
		}
	}
}
