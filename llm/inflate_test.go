package llm_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/infershield/infershield/llm"
)

// deflated returns text with a flush after every piece of n bytes.
func deflated(t testing.TB, text []byte, n, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for p := range slices.Chunk(text, n) {
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzInflate: however data is cut, it inflates to what compress/flate says; a
// mark is where another stream may go on.
func FuzzInflate(f *testing.F) {
	text := chatRequest(10 << 10)
	for level := -2; level <= 9; level++ {
		f.Add(deflated(f, text, 700, level), uint64(1))
		f.Add(deflated(f, text, 100000, level), uint64(2))
	}
	f.Add([]byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}, uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		const limit = 100 << 10
		r := flate.NewReader(bytes.NewReader(data))
		want, wantErr := io.ReadAll(io.LimitReader(r, limit))
		if len(want) == limit {
			return
		}
		rand := rand.New(rand.NewPCG(seed, 0))
		for _, pieces := range [][][]byte{{data}, slices.Collect(slices.Chunk(data, 1)), slices.Collect(slices.Chunk(data, 1+rand.IntN(100)))} {
			got, marks, done, err := llm.Inflate(pieces, false)
			var corrupt flate.CorruptInputError
			if errors.As(wantErr, &corrupt) != (err != nil) || done != (wantErr == nil) {
				t.Fatalf("%x: got done %v, %v; want %v", data, done, err, wantErr)
			}
			// A reader may keep what it decoded before an error to itself.
			if !bytes.HasPrefix(got, want) || done && len(got) != len(want) {
				t.Fatalf("%x: got %q; want %q", data, got, want)
			}
			for _, m := range marks[:min(len(marks), 4)] {
				spliced := append(slices.Clone(data[:m[0]]), deflated(t, []byte("other"), 99, 1)...)
				if all, err := io.ReadAll(flate.NewReader(bytes.NewReader(spliced))); err != nil || string(all) != string(got[:m[1]])+"other" {
					t.Fatalf("%x: switched at %v: got %q, %v", data, m, all, err)
				}
			}
		}
	})
}
