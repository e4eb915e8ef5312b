package inspect_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infershield/infershield/inspect"
)

var engine = sync.OnceValue(func() *inspect.Engine { return inspect.New(inspect.Detectors()...) })

var roles = []inspect.Role{inspect.User, inspect.System, inspect.Tool, inspect.Model}

// sorted orders findings as Scan does.
func sorted(found []inspect.Finding) []inspect.Finding {
	slices.SortStableFunc(found, func(a, b inspect.Finding) int {
		return strings.Compare(key(a), key(b))
	})
	return found
}

func key(f inspect.Finding) string {
	return fmt.Sprintf("%08d %08d %s %.9f %v %v", f.Start, f.End, f.Rule, f.Score, f.Views, f.Features)
}

// holds reports whether a stream of src holds text back for f.
func holds(src inspect.Source, f inspect.Finding) bool {
	if src.Hold == 0 {
		return f.Category == inspect.Secret || f.Category == inspect.PII || f.Category == inspect.Exfiltration
	}
	return inspect.HoldFor(f.Category) != inspect.HoldFor() && src.Hold|inspect.HoldFor(f.Category) == src.Hold
}

// streamed writes pieces to a stream and returns all findings, having checked
// what each Write promised.
func streamed(src inspect.Source, pieces []string) ([]inspect.Finding, error) {
	s := engine().Stream(src)
	var all []inspect.Finding
	written, promised := 0, 0
	for _, piece := range pieces {
		found, safe := s.Write(piece)
		written += len(piece)
		if safe < promised || safe > written {
			return nil, fmt.Errorf("safe is %d after %d bytes and a safe of %d", safe, written, promised)
		}
		if err := kept(src, found, promised, written); err != nil {
			return nil, err
		}
		promised = safe
		all = append(all, found...)
	}
	found := s.Close()
	if err := kept(src, found, promised, written); err != nil {
		return nil, err
	}
	return append(all, found...), nil
}

func kept(src inspect.Source, found []inspect.Finding, promised, written int) error {
	for _, f := range found {
		if holds(src, f) && f.Start < promised {
			return fmt.Errorf("%v begins before %d, which was promised", f, promised)
		}
		if f.Start < 0 || f.End <= f.Start || f.End > written {
			return fmt.Errorf("%v lies outside the %d bytes written", f, written)
		}
	}
	return nil
}

// checkSplit fails unless the pieces give what the whole text gives.
func checkSplit(t interface {
	Helper()
	Fatalf(string, ...any)
}, src inspect.Source, pieces []string) {
	t.Helper()
	whole := strings.Join(pieces, "")
	want := sorted(engine().Scan(inspect.Source{Role: src.Role, Call: src.Call, Memory: src.Memory}, whole)) // Hold changes no finding
	got, err := streamed(src, pieces)
	if err != nil {
		t.Fatalf("%v in %q", err, pieces)
	}
	if diff := cmp.Diff(want, sorted(got)); diff != "" {
		t.Fatalf("role %v, split %q: whole (-) and stream (+) differ:\n%s", src.Role, pieces, diff)
	}
}

// byteByByte cuts text into single bytes.
func byteByByte(text string) []string {
	pieces := make([]string, len(text))
	for i := range len(text) {
		pieces[i] = text[i : i+1]
	}
	return pieces
}

func TestStreamLawByteByByte(t *testing.T) {
	for i, c := range corpora(t) {
		for k, role := range roles {
			checkSplit(t, inspect.Source{Role: role, Hold: holdSets[(i+k)%len(holdSets)]}, byteByByte(c.text))
		}
	}
}

// holdSets are what callers may mask.
var holdSets = []inspect.Hold{
	0, inspect.HoldFor(), inspect.HoldFor(inspect.Secret), inspect.HoldFor(inspect.PII), inspect.HoldFor(inspect.Exfiltration),
	inspect.HoldFor(inspect.Secret, inspect.PII), inspect.HoldFor(inspect.Secret, inspect.Exfiltration),
}

func TestStreamLawAnySplit(t *testing.T) {
	all := corpora(t)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "texts") {
			text := rapid.SampledFrom(all).Draw(t, "text").text
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			if rapid.Bool().Draw(t, "whole") {
				from = 0
			}
			b.WriteString(text[from:])
			b.WriteString(rapid.SampledFrom([]string{" ", "", "\n", ". ", "\"", "-", "@", "1", "eyJ"}).Draw(t, "glue"))
		}
		pieces := cut(b.String(), func(most int) int { return rapid.IntRange(1, min(most, 5000)).Draw(t, "n") })
		checkSplit(t, inspect.Source{Role: rapid.SampledFrom(roles).Draw(t, "role"), Hold: rapid.SampledFrom(holdSets).Draw(t, "hold")}, pieces)
	})
}

func cut(text string, next func(most int) int) []string {
	var pieces []string
	for text != "" {
		n := next(len(text))
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces
}

func FuzzStream(f *testing.F) {
	for i, c := range corpora(f) {
		f.Add(c.text, uint64(i)*0x9e3779b97f4a7c15, uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64, role uint8) {
		if len(text) > 16<<10 {
			return
		}
		checkSplit(t, sourceBy(role), pieces(text, seed))
	})
}

// A stream keeps some kilobytes, however much is written and however little of
// it can be decided.
func TestStreamMemory(t *testing.T) {
	const streams, perStream = 16, 64 << 10
	for _, unit := range []string{"plain words ", "A", "-----BEGIN PRIVATE KEY-----\nQUJD", "1 ", "eyJ", "\u200b", "ignore all "} {
		text := strings.Repeat(unit, 64<<10/len(unit))
		before := heap()
		var open [streams]*inspect.Stream
		for i := range open {
			open[i] = engine().Stream(inspect.Source{})
			open[i].Write(text)
		}
		if kept := (heap() - before) / streams; kept > perStream {
			t.Errorf("%q: a stream keeps %d bytes; want up to %d", unit, kept, perStream)
		}
		runtime.KeepAlive(open)
	}
}

func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

func TestScanOrder(t *testing.T) {
	var b strings.Builder
	for _, c := range corpora(t) {
		b.WriteString(c.text + "\n\n")
	}
	found := engine().Scan(inspect.Source{}, b.String())
	if len(found) < 50 {
		t.Fatalf("got %d findings in all corpora; want 50 or more", len(found))
	}
	if !slices.IsSortedFunc(found, func(a, b inspect.Finding) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		if a.End != b.End {
			return a.End - b.End
		}
		return strings.Compare(a.Rule, b.Rule)
	}) {
		t.Error("findings are not ordered by Start, End, Rule")
	}
	for _, f := range found {
		if f.Score <= 0 || f.Score > 1 || f.Rule != strings.ToLower(f.Rule) {
			t.Errorf("got %+v; want a score above 0 and up to 1, and a lower-case rule", f)
		}
	}
}

func TestScanConcurrently(t *testing.T) {
	all := corpora(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, c := range all {
				c.check(t)
			}
		})
	}
	wg.Wait()
}

// Ordinary prose must go out as it comes: at the end of each word nothing, or
// next to nothing, is held.
func TestHeldInProse(t *testing.T) {
	s := engine().Stream(inspect.Source{Role: inspect.Model})
	held, words, most, written := 0, 0, 0, 0
	for _, word := range strings.SplitAfter(prose(8<<10), " ") {
		_, safe := s.Write(word)
		written += len(word)
		held += written - safe
		most = max(most, written-safe)
		words++
	}
	if mean := float64(held) / float64(words); mean > 1 || most > 24 {
		t.Errorf("held %.2f bytes on average and %d at most after a word; want up to 1 and 24", mean, most)
	}
}
