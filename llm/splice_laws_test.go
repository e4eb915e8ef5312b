package llm_test

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/infershield/infershield/llm"
)

// TestSpliceClients: what was changed in the middle is read by zlib itself, in
// curl and in Node.
func TestSpliceClients(t *testing.T) {
	for _, tt := range spliced {
		events := eventsOf(rand.New(rand.NewPCG(3, 3)), 50)
		raw, _ := compressed(tt.open, 6, events, func(i int) bool { return i < 40 })
		var want strings.Builder
		i := 0
		sent := pass(t, tt.header, bytes.NewReader(raw), func(e string) string {
			if i++; i > 10 && i%3 == 0 {
				e = strings.ReplaceAll(e, "content", "[MASKED]")
			}
			want.WriteString(e)
			return e
		})
		t.Run("curl/"+tt.name, func(t *testing.T) {
			if _, err := exec.LookPath("curl"); err != nil {
				t.Skip("curl is missing")
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", tt.header)
				for _, p := range sent {
					_, _ = w.Write(p) // the client says what came
					_ = http.NewResponseController(w).Flush()
				}
			}))
			defer server.Close()
			checkClient(t, exec.CommandContext(t.Context(), "curl", "--silent", "--show-error", "--compressed", server.URL), nil, want.String())
		})
		t.Run("node/"+tt.name, func(t *testing.T) {
			if _, err := exec.LookPath("node"); err != nil {
				t.Skip("node is missing")
			}
			decode := "unzipSync" // gzip or zlib
			if tt.name == "bare" {
				decode = "inflateRawSync"
			}
			script := "process.stdout.write(require('zlib')." + decode + "(require('fs').readFileSync(0)))"
			checkClient(t, exec.CommandContext(t.Context(), "node", "-e", script), bytes.Join(sent, nil), want.String())
		})
	}
}

func checkClient(t *testing.T, cmd *exec.Cmd, stdin []byte, want string) {
	t.Helper()
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Stderr = t.Output()
	got, err := cmd.Output()
	if err != nil || string(got) != want {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

// TestSpliceMembers: gzip may have several members, and ours ends the one that
// the change is in.
func TestSpliceMembers(t *testing.T) {
	const a, b, c = "data: a\n\n", "data: b\n\n", "data: c\n\n"
	raw := slices.Concat(encode(t, "gzip", []byte(a)), encode(t, "gzip", nil), encode(t, "gzip", []byte(b+c)))
	for _, change := range []string{"", a, b, c} {
		for _, r := range []io.Reader{bytes.NewReader(raw), iotest.OneByteReader(bytes.NewReader(raw))} {
			sent := pass(t, "gzip", r, func(e string) string {
				if e == change {
					return "data: masked\n\n"
				}
				return e
			})
			want := strings.Replace(a+b+c, change+"\x00", "", 1)
			if change != "" {
				want = strings.Replace(a+b+c, change, "data: masked\n\n", 1)
			}
			out := bytes.Join(sent, nil)
			if got, err := inflated("gzip", out); err != nil || got != want {
				t.Errorf("%q changed: got %q, %v; want %q", change, got, err, want)
			}
			if change == "" && !bytes.Equal(out, raw) {
				t.Error("bytes changed")
			}
		}
	}
}

// TestSpliceBegins: something may be put before all that comes.
func TestSpliceBegins(t *testing.T) {
	for _, tt := range spliced {
		raw, _ := compressed(tt.open, 6, []string{"data: a\n\n"}, func(int) bool { return true })
		for _, n := range []int{0, 1, 5, len(raw)} {
			s, err := llm.NewSplice(tt.header, bytes.NewReader(raw[:n]))
			if err != nil {
				t.Fatal(err)
			}
			read, _ := io.ReadAll(s) // the end comes too early
			out := append(s.Replace(len(read), []byte("data: b\n\n")), s.End()...)
			if got, err := inflated(tt.header, out); err != nil || got != "data: b\n\n" {
				t.Errorf("%s after %d bytes: got %q, %v", tt.name, n, got, err)
			}
		}
	}
}

func TestSpliceErrors(t *testing.T) {
	gzipped := encode(t, "gzip", []byte(prose))
	wrongSum, wrongSize := bytes.Clone(gzipped), bytes.Clone(gzipped)
	wrongSum[len(gzipped)-8]++
	wrongSize[len(gzipped)-1]++
	for _, tt := range []struct {
		name, header string
		body         []byte
		want         error // nil for any
	}{
		{"truncated in the header", "gzip", gzipped[:5], io.ErrUnexpectedEOF},
		{"truncated in the data", "gzip", gzipped[:40], io.ErrUnexpectedEOF},
		{"truncated in the trailer", "gzip", gzipped[:len(gzipped)-1], io.ErrUnexpectedEOF},
		{"wrong checksum", "gzip", wrongSum, nil},
		{"wrong size", "gzip", wrongSize, nil},
		{"not gzip", "gzip", []byte("data: a\n\n"), nil},
		{"garbage behind", "gzip", append(bytes.Clone(gzipped), "garbage"...), nil},
		{"garbage behind zlib", "deflate", append(encode(t, "zlib", []byte(prose)), "x"...), llm.ErrTrailing},
		{"a dictionary", "deflate", []byte{0x78, 0xbb, 0, 0, 0, 0}, nil},
		{"not DEFLATE", "deflate", []byte("data: a\n\n"), nil},
		{"a broken connection", "gzip", nil, iotest.ErrTimeout},
	} {
		var r io.Reader = bytes.NewReader(tt.body)
		if tt.body == nil {
			r = iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(gzipped)))
		}
		s, err := llm.NewSplice(tt.header, r)
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(s)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v; want %v", tt.name, err, tt.want)
		}
		if out := append(s.Pass(read), s.End()...); tt.body != nil && !bytes.Equal(out, tt.body) {
			t.Errorf("%s: %d bytes went on; want %d", tt.name, len(out), len(tt.body))
		}
	}
	for _, header := range []string{"br", "zstd"} {
		if _, err := llm.NewSplice(header, nil); !errors.Is(err, llm.ErrSplice) {
			t.Errorf("%s: got %v; want %v", header, err, llm.ErrSplice)
		}
	}
	var unknown *llm.EncodingError
	if _, err := llm.NewSplice("compress", nil); !errors.As(err, &unknown) {
		t.Errorf("compress: got %v; want an EncodingError", err)
	}
	if s, err := llm.NewSplice("gzip", strings.NewReader("")); err != nil {
		t.Error(err)
	} else if read, err := io.ReadAll(s); err != nil || len(read) > 0 {
		t.Errorf("empty: got %q, %v", read, err)
	}
}

// TestSpliceBound: a block that never ends is encoded anew in the end.
func TestSpliceBound(t *testing.T) {
	event := "data: " + strings.Repeat("x", 1<<16) + "\n\n"
	text := strings.Repeat(event, 200)
	raw := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, endless(text)...)
	s, err := llm.NewSplice("gzip", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	events := llm.Endpoint{}.Events(s)
	for i := range 200 {
		d, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Pass(d.Bytes())...)
		if s.Changed() != ((i+1)*len(event) > 8<<20) {
			t.Fatalf("event %d: got changed %v", i, s.Changed())
		}
	}
	if got, _ := inflated("gzip", out); got != text {
		t.Errorf("got %d bytes; want %d", len(got), len(text))
	}
}

// endless writes ASCII text in a block of fixed codes without an end.
func endless(text string) (data []byte) {
	acc, n := uint32(2), 3 // the block's header
	for _, c := range []byte(text) {
		acc |= uint32(bits.Reverse8(c+0x30)) << n
		data = append(data, byte(acc))
		acc >>= 8
	}
	return append(data, byte(acc))
}
