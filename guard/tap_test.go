package guard_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// flusher is a compressor that can be made to send what it has.
type flusher interface {
	io.WriteCloser
	Flush() error
}

// unspliced are the encodings that cannot be changed in the middle.
var unspliced = map[string]struct {
	encode func(io.Writer) flusher
	decode func(io.Reader) io.Reader
}{
	"br": {
		func(w io.Writer) flusher { return brotli.NewWriter(w) },
		func(r io.Reader) io.Reader { return brotli.NewReader(r) },
	},
	"zstd": {
		func(w io.Writer) flusher { z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)); return z },
		func(r io.Reader) io.Reader { z, _ := zstd.NewReader(r, zstd.WithDecoderConcurrency(1)); return z },
	},
}

func chatDelta(text string) string {
	return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":" + quote(text) + "}}]}\n\n"
}

// TestWhatCannotBeMaskedIsCutBefore: a compressed stream that cannot be changed
// ends before the secret, however much of it came at once.
func TestWhatCannotBeMaskedIsCutBefore(t *testing.T) {
	for encoding, c := range unspliced {
		for _, flush := range []bool{false, true} {
			for _, bad := range []string{secret, attack} {
				var sent bytes.Buffer
				w := c.encode(&sent)
				first := chatDelta("Well then. ")
				for _, event := range []string{first, chatDelta(bad[:20]), chatDelta(bad[20:]), chatDelta(" indeed, and so on.")} {
					_, _ = io.WriteString(w, event)
					if flush {
						_ = w.Flush()
					}
				}
				_ = w.Close()
				got, err := newRig(t, nil).encoded(encoding, &sent)
				plain, _ := io.ReadAll(c.decode(bytes.NewReader(got)))
				if err == nil {
					t.Errorf("%s: ended cleanly with %q", encoding, plain)
				}
				if strings.Contains(string(plain), bad[20:]) || flush && !strings.HasPrefix(string(plain), first) {
					t.Errorf("%s, flushed %v: client got %q; want no more than %q and what is harmless", encoding, flush, plain, first)
				}
			}
		}
	}
}

// TestCleanCompressedEventsAreNotHeld: an event is with the client before the
// next one leaves the upstream, and the bytes are the same.
func TestCleanCompressedEventsAreNotHeld(t *testing.T) {
	for encoding, c := range unspliced {
		upstream, sending := io.Pipe()
		var sent, got bytes.Buffer
		w := c.encode(io.MultiWriter(&sent, sending))
		body := newRig(t, nil).opened(encoding, upstream)
		plain := c.decode(io.TeeReader(body, &got))
		event := chatDelta("The committee met on Tuesday, ")
		next := make(chan bool)
		go func() {
			for range next {
				_, _ = io.WriteString(w, event)
				_ = w.Flush()
			}
			_ = w.Close()
			_ = sending.Close()
		}()
		for range 5 {
			next <- true
			b := make([]byte, len(event))
			if _, err := io.ReadFull(plain, b); err != nil || string(b) != event {
				t.Fatalf("%s: %q, %v", encoding, b, err)
			}
		}
		close(next)
		if _, err := io.ReadAll(plain); err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
		if _, err := io.Copy(&got, body); err != nil || !bytes.Equal(got.Bytes(), sent.Bytes()) {
			t.Errorf("%s: %x, %v; want %x", encoding, got.Bytes(), err, sent.Bytes())
		}
		_ = body.Close()
	}
}

// TestIdentityIsNoEncoding: a stream that says so is masked as any other.
func TestIdentityIsNoEncoding(t *testing.T) {
	for encoding, sent := range map[string]string{"identity": chatDelta(secret), "Identity, gzip": gzipped(chatDelta(secret))} {
		got, err := newRig(t, nil).encoded(encoding, strings.NewReader(sent))
		if encoding != "identity" {
			got = gunzipped(t, got)
		}
		if err != nil || !strings.Contains(string(got), "REDACTED") {
			t.Errorf("%s: %q, %v", encoding, got, err)
		}
	}
}

// opened returns the body of a streamed answer that the upstream sends encoded.
func (g *rig) opened(encoding string, body io.Reader) io.ReadCloser {
	g.t.Helper()
	h := streamHeader.Clone()
	h.Set("Content-Encoding", encoding)
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, h, "")
		resp.Body, resp.ContentLength = io.NopCloser(body), -1
		return resp, nil
	}
	req, _ := http.NewRequestWithContext(g.t.Context(), "POST", chatURL, strings.NewReader(`{"stream":true}`))
	resp, err := g.guard.RoundTrip(req)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.Body
}

func (g *rig) encoded(encoding string, body io.Reader) ([]byte, error) {
	g.t.Helper()
	r := g.opened(encoding, body)
	got, err := io.ReadAll(r)
	_ = r.Close()
	return got, err
}
