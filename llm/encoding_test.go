package llm_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/infershield/infershield/llm"
)

// encode writes text in one encoding; "flate" is deflate without zlib's header.
func encode(t testing.TB, encoding string, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, err = flate.NewWriter(&b, flate.BestCompression)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	default:
		t.Fatalf("encoding %q", encoding)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var encodings = []struct{ header, encoding string }{
	{"gzip", "gzip"}, {"x-gzip", "gzip"}, {" GZip ", "gzip"},
	{"deflate", "zlib"}, {"deflate", "flate"}, {"br", "br"}, {"zstd", "zstd"},
}

func decode(header string, r io.Reader, limit int64) ([]byte, error) {
	d, err := llm.Decoder(header, r, limit)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(d)
}

func TestDecoder(t *testing.T) {
	text := chatRequest(64 << 10)
	for _, tt := range encodings {
		t.Run(tt.header+"/"+tt.encoding, func(t *testing.T) {
			body := encode(t, tt.encoding, text)
			for _, r := range []io.Reader{bytes.NewReader(body), iotest.OneByteReader(bytes.NewReader(body))} {
				got, err := decode(tt.header, r, int64(len(text)))
				if err != nil || !bytes.Equal(got, text) {
					t.Errorf("got %d bytes, %v; want %d", len(got), err, len(text))
				}
			}
			if got, err := decode(tt.header, bytes.NewReader(body), int64(len(text)-1)); !errors.Is(err, llm.ErrTooLarge) || len(got) != len(text)-1 {
				t.Errorf("over the limit: got %d bytes, %v; want %v", len(got), err, llm.ErrTooLarge)
			}
			if _, err := decode(tt.header, bytes.NewReader(body[:len(body)/2]), 1<<20); err == nil {
				t.Error("a truncated body was decoded without an error")
			}
			if _, err := decode(tt.header, bytes.NewReader(append(bytes.Clone(body), "hidden"...)), 1<<20); err == nil {
				t.Error("data after the body was passed over")
			}
			if got, err := decode(tt.header, strings.NewReader(""), 1<<20); err != nil || len(got) > 0 {
				t.Errorf("empty: got %q, %v", got, err)
			}
		})
	}
}

func TestDecoderLists(t *testing.T) {
	const text = "twice"
	body := encode(t, "br", encode(t, "gzip", []byte(text)))
	for _, tt := range []struct {
		header string
		body   []byte
	}{
		{"gzip, br", body},
		{"identity, gzip,, BR", body},
		{"", []byte(text)},
		{"identity", []byte(text)},
	} {
		if got, err := decode(tt.header, bytes.NewReader(tt.body), 100); err != nil || string(got) != text {
			t.Errorf("%q: got %q, %v; want %q", tt.header, got, err, text)
		}
	}
	for _, header := range []string{"compress", "gzip, dcb", "gzip;q=1", "gzip,gzip,gzip,gzip,gzip"} {
		var unknown *llm.EncodingError
		if _, err := llm.Decoder(header, strings.NewReader(""), 1); !errors.As(err, &unknown) {
			t.Errorf("%q: got %v; want an EncodingError", header, err)
		}
	}
}

// TestDecoderBomb: a body out of proportion is stopped long before the limit.
func TestDecoderBomb(t *testing.T) {
	zeros := make([]byte, 16<<20)
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		got, err := decode(encoding, bytes.NewReader(encode(t, encoding, zeros)), 1<<30)
		if !errors.Is(err, llm.ErrBomb) {
			t.Errorf("%s: got %v; want %v", encoding, err, llm.ErrBomb)
		}
		if len(got) > 8<<20 {
			t.Errorf("%s: %d bytes were decoded first", encoding, len(got))
		}
	}
	// Repetition alone is no bomb while it is small.
	prose := bytes.Repeat([]byte(prose), 12000)[:1<<20]
	if _, err := decode("br", bytes.NewReader(encode(t, "br", prose)), 1<<30); err != nil {
		t.Errorf("a megabyte of repeated prose: %v", err)
	}
}

// TestDecoderStreams: what has arrived can be read before more does.
func TestDecoderStreams(t *testing.T) {
	reads := make(chan struct{})
	r, w := io.Pipe()
	go func() {
		z := gzip.NewWriter(w)
		for range 3 {
			_, _ = io.WriteString(z, chatEvent) // an error shows on the other side
			_ = z.Flush()
			<-reads
		}
	}()
	d, err := llm.Decoder("gzip", r, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	stream := endpoint("/v1/chat/completions").Events(d)
	for range 3 {
		if doc, err := stream.Next(); err != nil || string(doc.Bytes()) != chatEvent {
			t.Fatalf("got %v, %v", doc, err)
		}
		reads <- struct{}{}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, tt := range encodings {
		f.Add(tt.header, encode(f, tt.encoding, []byte(prose)))
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		const limit = 4 << 20
		if got, _ := decode(header, bytes.NewReader(body), limit); len(got) > limit {
			t.Errorf("got %d bytes", len(got))
		}
	})
}
