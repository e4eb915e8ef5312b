package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// misbehaving adds paths to the provider that do what providers sometimes do.
// Before each event of /v1/test/steps it receives from step.
func misbehaving(step <-chan struct{}) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", next)
		mux.HandleFunc("/v1/test/fail", func(w http.ResponseWriter, _ *http.Request) {
			providerError{Message: "The server had an error.", Type: "server_error"}.write(w, http.StatusInternalServerError)
		})
		mux.HandleFunc("/v1/test/cut", func(w http.ResponseWriter, _ *http.Request) {
			startEvents(w).send("", stepChunk("cut"))
			panic(http.ErrAbortHandler)
		})
		mux.HandleFunc("/v1/test/steps", func(w http.ResponseWriter, r *http.Request) {
			stream := startEvents(w)
			for i := range stepEvents {
				select {
				case <-step:
				case <-r.Context().Done():
					return
				}
				stream.send("", stepChunk(fmt.Sprintf("step %d (of many); ", i)))
			}
			stream.done()
		})
		mux.HandleFunc("/v1/test/gzip", func(w http.ResponseWriter, _ *http.Request) {
			zipped := gzipped(`{"choices":[{"message":{"role":"assistant","content":"A packed answer."}}]}`)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Length", strconv.Itoa(len(zipped)))
			_, _ = w.Write(zipped) // the client may have gone
		})
		mux.HandleFunc("/v1/test/trailers", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Checksum")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"ok":true}`) // the client may have gone
			w.Header().Set("X-Checksum", "abc")
		})
		return mux
	}
}

const (
	stepEvents   = 3
	stepPatience = 30 * time.Second
)

func stepChunk(text string) chatChunk {
	return chatChunk{ID: "chatcmpl-step", Object: "chat.completion.chunk", Choices: []chunkChoice{{Delta: chatDelta{Content: &text}}}}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // a bytes.Buffer never fails
	_ = w.Close()
	return b.Bytes()
}

// exchange is one request that must go through to the byte.
type exchange struct {
	name, method, path string
	header             http.Header
	body               []byte
	status             int
}

func exchanges(t *testing.T) []exchange {
	t.Helper()
	asJSON := http.Header{"Content-Type": {"application/json"}}
	packed := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	var upload bytes.Buffer
	form := multipart.NewWriter(&upload)
	part, err := form.CreateFormFile("file", "birds.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, strings.Repeat("The nightingale sings at night.\n", 100_000)) // 3 MiB into a bytes.Buffer
	_ = form.Close()
	chat := `{"messages":[{"role":"user","content":"Which birds \u0073ing?  "}], "model" : "gpt-4o-mini" }`
	return []exchange{
		{"models", "GET", "/v1/models?limit=3&after=%7e", nil, nil, 200},
		{"odd spelling", "POST", "/v1/chat/completions", asJSON, []byte(chat), 200},
		{"packed request", "POST", "/v1/test/gzip", packed, gzipped(chat), 200},
		{"responses", "POST", "/v1/responses", asJSON, []byte(`{"model":"gpt-4o-mini","input":"Which birds sing?"}`), 200},
		{"responses stream", "POST", "/v1/responses", asJSON, []byte(`{"model":"gpt-4o-mini","input":"Which birds sing?","stream":true}`), 200},
		{"completions", "POST", "/v1/completions", asJSON, []byte(`{"model":"gpt-3.5-turbo-instruct","prompt":"Birds are"}`), 200},
		{"embeddings", "POST", "/v1/embeddings", asJSON, []byte(`{"model":"text-embedding-3-small","input":["owl","wren"]}`), 200},
		{"moderations", "POST", "/v1/moderations", asJSON, []byte(`{"input":"Birds are loud."}`), 200},
		{"speech", "POST", "/v1/audio/speech", asJSON, []byte(`{"model":"tts-1","voice":"alloy","input":"tweet"}`), 200},
		{"upload", "POST", "/v1/files", http.Header{"Content-Type": {form.FormDataContentType()}}, upload.Bytes(), 200},
		{"trailers", "POST", "/v1/test/trailers", asJSON, []byte(`{"a":1}`), 200},
		{"provider's error", "POST", "/v1/test/fail", asJSON, []byte(`{"a":2}`), 500},
		{"unknown endpoint", "POST", "/v1/not/yet/known", asJSON, []byte(`{"deep":{"text":"Which birds sing?"}}`), 404},
	}
}

// TestWireUnchanged sends every kind of exchange through both doors: what one
// end wrote is what the other read, and what the record says.
func TestWireUnchanged(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "passthrough", provider: providerConfig{Wrap: misbehaving(nil)}})
	transport := p.transport(t)
	defer transport.CloseIdleConnections()
	type key struct{ door, path, sum string }
	expected := make(map[key]audit.Digests)
	for door, base := range map[string]string{"connect": "https://api.openai.com", "local": "http://" + p.addr} {
		for _, e := range exchanges(t) {
			name := door + " " + e.name
			before := len(p.provider.sightings())
			resp, answer := p.exchange(t, transport, base, e)
			if resp.StatusCode != e.status {
				t.Errorf("%s: got %d %s; want %d", name, resp.StatusCode, answer, e.status)
			}
			seen := p.provider.sightings()[before:]
			if len(seen) != 1 {
				t.Errorf("%s: got %v at the provider; want one request", name, seen)
				continue
			}
			want := audit.Digests{RequestIn: sumOf(e.body), RequestOut: seen[0].BodySHA256, ResponseIn: seen[0].AnswerSHA256, ResponseOut: sumOf(answer)}
			if seen[0].Path != e.path || want.RequestIn != want.RequestOut || want.ResponseIn != want.ResponseOut {
				t.Errorf("%s: got %v, %+v; want nothing changed", name, seen[0], want)
			}
			if e.name == "trailers" && resp.Trailer.Get("X-Checksum") != "abc" {
				t.Errorf("%s: got trailers %v; want X-Checksum", name, resp.Trailer)
			}
			if len(e.body) == 0 {
				want.RequestIn, want.RequestOut = "", "" // no body, no sum
			}
			path, _, _ := strings.Cut(e.path, "?")
			expected[key{door, path, want.RequestIn}] = want
		}
	}
	records := p.recordList(t)
	if len(records) != len(expected) {
		t.Errorf("got %d records; want %d", len(records), len(expected))
	}
	for _, r := range records {
		want := expected[key{r.Door, r.Path, r.BodySHA256.RequestIn}]
		if r.BodySHA256 != want || r.Action != "allow" || len(r.Coverage) == 0 {
			t.Errorf("%s %s: got %s, %+v, %v; want allow, %+v and some coverage", r.Door, r.Path, r.Action, r.BodySHA256, r.Coverage, want)
		}
	}
}

// exchange sends e and reads the whole answer.
func (p *proxyProcess) exchange(t *testing.T, transport http.RoundTripper, base string, e exchange) (*http.Response, []byte) {
	t.Helper()
	resp := p.begin(t, transport, base, e)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s%s: %v", base, e.path, err)
	}
	return resp, answer
}

func (p *proxyProcess) begin(t *testing.T, transport http.RoundTripper, base string, e exchange) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), e.method, base+e.path, bytes.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	if e.header != nil {
		req.Header = e.header.Clone()
	}
	req.Header.Set("Authorization", "Bearer "+clientKey)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s%s: %v", base, e.path, err)
	}
	return resp
}

// TestWireCut checks that an answer which the provider cuts short never looks
// complete, and that the record says so.
func TestWireCut(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "passthrough", provider: providerConfig{Wrap: misbehaving(nil)}})
	transport := p.transport(t)
	defer transport.CloseIdleConnections()
	for _, base := range []string{"https://api.openai.com", "http://" + p.addr} {
		resp := p.begin(t, transport, base, exchange{method: "POST", path: "/v1/test/cut", body: []byte(`{"a":1}`)})
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			t.Errorf("%s: got a clean end after %q; want an error", base, answer)
		}
	}
	for _, r := range p.recordList(t) {
		if r.Error == "" {
			t.Errorf("got %+v; want the error in the record", r)
		}
	}
}

// TestWireSteps checks that events come one by one, with inspection on: each is
// there before the provider is let go on to the next.
func TestWireSteps(t *testing.T) {
	step := make(chan struct{}, 1) // the answer to begin comes with the first event
	p := serve(t, serveOptions{keyMode: "passthrough", provider: providerConfig{Wrap: misbehaving(step)}})
	transport := p.transport(t)
	defer transport.CloseIdleConnections()
	for _, base := range []string{"https://api.openai.com", "http://" + p.addr} {
		step <- struct{}{}
		resp := p.begin(t, transport, base, exchange{method: "POST", path: "/v1/test/steps", body: []byte(`{"stream":true}`)})
		patience := time.AfterFunc(stepPatience, func() { resp.Body.Close() }) // so that an event held back fails the test, and does not hang it
		lines := bufio.NewScanner(resp.Body)
		for i := range stepEvents {
			if i > 0 {
				step <- struct{}{}
			}
			found := false
			for !found && lines.Scan() {
				found = strings.Contains(lines.Text(), fmt.Sprintf("step %d", i))
			}
			if !found {
				t.Fatalf("%s: the stream ended before step %d: %v", base, i, lines.Err())
			}
		}
		patience.Stop()
		resp.Body.Close()
	}
}
