package mitm_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// eachProtocol runs f for {h1,h2 client} × {h1,h2 upstream}.
func eachProtocol(t *testing.T, f func(t *testing.T, client2, upstream2 bool)) {
	t.Helper()
	for _, client2 := range []bool{false, true} {
		for _, upstream2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("client=h%d,upstream=h%d", version(client2), version(upstream2)), func(t *testing.T) {
				f(t, client2, upstream2)
			})
		}
	}
}

func version(is2 bool) int {
	if is2 {
		return 2
	}
	return 1
}

const base = "https://" + apiHost

func TestMatrixBytesAndHeaders(t *testing.T) {
	eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
		var gz bytes.Buffer
		zw := gzip.NewWriter(&gz)
		_, _ = zw.Write([]byte(strings.Repeat("compressed as the provider made it ", 100)))
		_ = zw.Close()
		var seen *http.Request
		var sum [32]byte
		g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			sum, seen = sha256.Sum256(b), r
			w.Header()["Date"] = nil
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("X-Odd", "  kept; as=is ")
			w.Header().Add("Set-Cookie", "a=1")
			w.Header().Add("Set-Cookie", "b=2")
			_, _ = w.Write(gz.Bytes())
		})})
		body := []byte(`{"a":  "exactly\u0020so" }` + "\n")
		req, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/v1/x%2Fy/z?b=2&a=1&a=%20", bytes.NewReader(body))
		req.Header["User-Agent"] = []string{""}
		req.Header.Set("Authorization", "Bearer abc")
		req.Header.Set("Accept-Language", "de;q=0.5, en")
		resp, err := g.client(client2, g.ours.pool).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, gz.Bytes()) {
			t.Errorf("response body differs: %d bytes; want %d", len(got), gz.Len())
		}
		if resp.ProtoMajor != version(client2) || seen.ProtoMajor != version(upstream2) {
			t.Errorf("protocols %d and %d; want %d and %d", resp.ProtoMajor, seen.ProtoMajor, version(client2), version(upstream2))
		}
		if sum != sha256.Sum256(body) {
			t.Error("request body differs upstream")
		}
		if got, want := seen.RequestURI, "/v1/x%2Fy/z?b=2&a=1&a=%20"; got != want {
			t.Errorf("request target %q; want %q", got, want)
		}
		if seen.Host != apiHost {
			t.Errorf("host %q; want %q", seen.Host, apiHost)
		}
		for _, added := range []string{"User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Accept-Encoding"} {
			if v, ok := seen.Header[added]; ok {
				t.Errorf("upstream saw %s: %q, which the client did not send", added, v)
			}
		}
		if got := seen.Header.Get("Authorization"); got != "Bearer abc" {
			t.Errorf("Authorization %q", got)
		}
		if resp.Header["Date"] != nil || resp.Header["Via"] != nil {
			t.Errorf("response header added: %v", resp.Header)
		}
		if got := resp.Header["Set-Cookie"]; len(got) != 2 {
			t.Errorf("Set-Cookie %q; want two", got)
		}
		if resp.ContentLength != int64(gz.Len()) {
			t.Errorf("Content-Length %d; want %d", resp.ContentLength, gz.Len())
		}
	})
}

func TestMatrixStreamsEventByEvent(t *testing.T) {
	for _, kind := range []string{"text/event-stream", "application/x-ndjson", "audio/mpeg"} {
		t.Run(kind, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
				next := make(chan struct{})
				g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", kind)
					for i := range 5 {
						fmt.Fprintf(w, "data: %d\n\n", i)
						_ = http.NewResponseController(w).Flush()
						select {
						case <-next: // the next event leaves only after this one arrived
						case <-r.Context().Done():
							return
						}
					}
				})})
				req, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/stream", strings.NewReader("{}"))
				resp, err := g.client(client2, g.ours.pool).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				br := bufio.NewReader(resp.Body)
				for i := range 5 {
					line, err := br.ReadString('\n')
					if err != nil || line != fmt.Sprintf("data: %d\n", i) {
						t.Fatalf("event %d: %q, %v", i, line, err)
					}
					_, _ = br.ReadString('\n')
					next <- struct{}{}
				}
				if _, err := br.ReadByte(); err != io.EOF {
					t.Errorf("end: %v; want EOF", err)
				}
			})
		})
	}
}

func TestMatrixUpload(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	for _, chunked := range []bool{false, true} {
		t.Run("chunked="+strconv.FormatBool(chunked), func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
				g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h := sha256.New()
					n, _ := io.Copy(h, r.Body)
					fmt.Fprintf(w, "%d %x %d", n, h.Sum(nil), r.ContentLength)
				})})
				var rd io.Reader = bytes.NewReader(body)
				length := int64(len(body))
				if chunked {
					rd, length = struct{ io.Reader }{rd}, -1
				}
				req, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/upload", rd)
				resp, err := g.client(client2, g.ours.pool).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("%d %x %d", len(body), sha256.Sum256(body), length); string(got) != want {
					t.Errorf("got %s; want %s", got, want)
				}
			})
		})
	}
}

func TestMatrixTruncationIsVisible(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run("length="+strconv.FormatBool(known), func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
				g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if known {
						w.Header().Set("Content-Length", "1000")
					}
					_, _ = w.Write([]byte("half an ans"))
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				})})
				req, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/cut", nil)
				resp, err := g.client(client2, g.ours.pool).Do(req)
				if err != nil {
					return // visible as well: the cut came before the header went out
				}
				got, err := io.ReadAll(resp.Body)
				if err == nil {
					t.Errorf("read %q to a clean end; want an error", got)
				}
			})
		})
	}
}

func TestMatrixDeadUpstream(t *testing.T) {
	eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
		g := newRig(t, rigOptions{upstream2: upstream2})
		g.upstream.Close()
		req, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/x", strings.NewReader("{}"))
		resp, err := g.client(client2, g.ours.pool).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 502 || !bytes.Contains(b, []byte(`"type":"upstream_error"`)) {
			t.Errorf("got %d %s; want 502 upstream_error", resp.StatusCode, b)
		}
	})
}

func TestMatrixClientCancelReachesUpstream(t *testing.T) {
	for _, phase := range []string{"before the answer", "during the answer"} {
		t.Run(phase, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
				arrived, gone := make(chan struct{}), make(chan struct{})
				g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.ReadAll(r.Body)
					if phase == "during the answer" {
						_, _ = w.Write([]byte("data: 1\n\n"))
						_ = http.NewResponseController(w).Flush()
					}
					close(arrived)
					<-r.Context().Done()
					close(gone)
				})})
				ctx, cancel := context.WithCancel(t.Context())
				req, _ := http.NewRequestWithContext(ctx, "POST", base+"/slow", strings.NewReader("{}"))
				done := make(chan struct{})
				go func() {
					defer close(done)
					resp, err := g.client(client2, g.ours.pool).Do(req)
					if err == nil {
						_, _ = io.ReadAll(resp.Body)
						_ = resp.Body.Close()
					}
				}()
				<-arrived
				cancel()
				<-gone // or the test binary's own timeout
				<-done
			})
		})
	}
}

func TestMatrixTrailers(t *testing.T) {
	eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
		var got atomic.Value
		g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.Copy(io.Discard, r.Body)
			got.Store(r.Trailer.Get("X-Req"))
			_, _ = w.Write([]byte("body"))
			w.Header().Set("X-Sum", "42")
			w.Header().Set(http.TrailerPrefix+"X-Late", "late")
		})})
		pr, pw := io.Pipe()
		req, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/trailers", pr)
		req.Trailer = http.Header{"X-Req": nil}
		go func() {
			_, _ = pw.Write([]byte("hello"))
			req.Trailer.Set("X-Req", "7")
			_ = pw.Close()
		}()
		resp, err := g.client(client2, g.ours.pool).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != nil {
			t.Fatal(err)
		}
		if got.Load() != "7" {
			t.Errorf("request trailer %q; want 7", got.Load())
		}
		if resp.Trailer.Get("X-Sum") != "42" || resp.Trailer.Get("X-Late") != "late" {
			t.Errorf("response trailers %v", resp.Trailer)
		}
	})
}

func TestMatrixMisdirected(t *testing.T) {
	eachProtocol(t, func(t *testing.T, client2, upstream2 bool) {
		var hits atomic.Int32
		g := newRig(t, rigOptions{upstream2: upstream2, handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) })})
		for _, host := range []string{"evil.test", apiHost + ":8443", "user@" + apiHost} {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/", nil)
			req.Host = host
			resp, err := g.client(client2, g.ours.pool).Do(req)
			if err != nil {
				if errors.Is(err, io.ErrUnexpectedEOF) || client2 {
					continue // the HTTP/2 client refuses to send some of these
				}
				t.Fatal(err)
			}
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 421 && resp.StatusCode != 400 {
				t.Errorf("%s: %d %s; want 421", host, resp.StatusCode, b)
			}
		}
		if hits.Load() != 0 {
			t.Errorf("%d requests reached the upstream", hits.Load())
		}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/", nil)
		req.Host = strings.ToUpper(apiHost) + ":443"
		resp, err := g.client(client2, g.ours.pool).Do(req)
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("same host in other words: %v, %v; want 200", resp, err)
		}
	})
}
