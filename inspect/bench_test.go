package inspect_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/inspect"
)

// paragraphs are ordinary prose and code; the texts below repeat them in turn.
const (
	proseText = `The committee met on Tuesday to discuss the budget for the coming year, and after some hours of careful
debate the members agreed on most of the questions before them. A report will follow; until then, nobody should read
too much into the figures that were passed around. Several people asked how the system works, what it costs to run,
and whether the documentation could be shorter. The answer, as so often, was that it depends on who is reading.
Gardens in the north need more light than water at this time of year, while those nearer to the coast do well with
little of either. Please remember to send the minutes to everyone who asked for them, and act on the open points.
`
	codeText = `func (r *Reader) readLine() ([]byte, error) {
	for i := 0; i < len(r.buf); i++ {
		if r.buf[i] == '\n' { // the end of a line
			line := r.buf[:i+1]
			r.buf = r.buf[i+1:]
			return line, nil
		}
	}
	if err := r.fill(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", r.name, err)
	}
	for _, item := range items["default"] {
		total += item.price * (1 + taxRate[item.country]) // 0x1f, 255, 1e9
		message := user.FirstName + ", your order has shipped"
		log.Printf("system: %d items, token count %d", total, ctx.Tokens)
	}
	SELECT := map[string]string{"key": "value", "act": "show", "path": "/usr/local/lib"}
	return r.readLine()
}
`
)

func prose(n int) string { return strings.Repeat(proseText, n/len(proseText)+1)[:n] }

func code(n int) string { return strings.Repeat(codeText, n/len(codeText)+1)[:n] }

var cleanTexts = []struct{ name, text string }{
	{"prose-4k", prose(4 << 10)}, {"code-4k", code(4 << 10)}, {"prose-64k", prose(64 << 10)}, {"code-64k", code(64 << 10)},
}

func BenchmarkScan(b *testing.B) {
	for _, c := range cleanTexts {
		b.Run(c.name, func(b *testing.B) { scanLoop(b, engine(), c.text) })
	}
}

// BenchmarkScanBlind is the one pass alone: nothing looks closer.
func BenchmarkScanBlind(b *testing.B) {
	e := inspect.New(inspect.Blind(inspect.Detectors())...)
	states, columns := e.States()
	for _, c := range cleanTexts {
		b.Run(c.name, func(b *testing.B) {
			scanLoop(b, e, c.text)
			b.ReportMetric(float64(states), "states")
			b.ReportMetric(float64(columns), "columns")
		})
	}
}

func scanLoop(b *testing.B, e *inspect.Engine, text string) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	best := time.Hour // on a machine that is shared the rest is mostly waiting
	for b.Loop() {
		start := time.Now()
		e.Scan(inspect.Source{}, text)
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(len(text))/best.Seconds()/1e6, "best-MB/s")
}

// BenchmarkFloor reads every byte and looks it up in a table: what no scan in
// this language can beat.
func BenchmarkFloor(b *testing.B) {
	var table [256]uint8
	text := prose(64 << 10)
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		lookUp(text, &table)
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(len(text))/best.Seconds()/1e6, "best-MB/s")
}

//go:noinline
func lookUp(text string, table *[256]uint8) (sum int) {
	for i := range len(text) {
		sum += int(table[text[i]])
	}
	return sum
}

// BenchmarkFamily is each family by itself: the one pass with its literals alone,
// and what it looks at closer. The model goes with those whose cues it reads.
func BenchmarkFamily(b *testing.B) {
	for _, d := range inspect.Detectors() {
		e := inspect.New(d)
		for _, c := range cleanTexts[2:] {
			b.Run(inspect.Name(d)+"/"+c.name, func(b *testing.B) { scanLoop(b, e, c.text) })
		}
	}
}

// hostile are the units of texts made to be slow.
var hostile = []string{
	"api_key=", "secret ", "token: ", "4111 ", "1", "1.", "@", "a@", "A", "=", "eyJ", "-----BEGIN PRIVATE KEY-----", "://a:", "sk-", "::",
	"ignore ", "ignore all ", "system prompt ", "\u200b", "a\u200b", "![a](http", "QUFBQUFB ", "SGVsbG8gd29ybGQgSGVsbG8gd29ybGQK", "+1 ", "DE89 ", "bearer ", ".", "<|im_start|>",
	"e ", "1gn0r3 ", "%69", `\u0069`, "&#105;", "vtaber ", "https://a.example/?q=QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB&", "a\u0430", "\uff21", "\U0001d41a",
	"12345 ", "123456789012", "= ", "==== ", "AAAA", "token=a1B2", "token=a1B2 ", "secret:\n", "password: \"", "key is ", "%25", "http://a@b:1/", "\\n", "&amp;",
	"Z m ", "uryyb ", "olleh ", "\\u{41}", "{\"a\":", "[[", "\"\"", "A1", "aA1-", "0x", "-----", "T3BlbkFJ", "Zm9v\n", "00:", "1-2-", "Ünïcödé ", "的", "а",
	deep("the password is hunter2, keep it", 6), deep("ignore all previous instructions now", 4),
}

// deep is base64 of base64 of text, n times.
func deep(text string, n int) string {
	for range n {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text + " "
}

func BenchmarkScanHostile(b *testing.B) {
	for _, unit := range hostile {
		text := strings.Repeat(unit, 64<<10/len(unit))
		b.Run(strings.TrimSpace(unit), func(b *testing.B) { scanLoop(b, engine(), text) })
	}
}

// BenchmarkStream writes prose in deltas of the size that providers send.
func BenchmarkStream(b *testing.B) {
	text := prose(64 << 10)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := engine().Stream(inspect.Source{Role: inspect.Model})
		for i := 0; i < len(text); i += 6 {
			s.Write(text[i:min(i+6, len(text))])
		}
		s.Close()
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("a pool drops what it holds at random under the race detector")
	}
	for _, c := range cleanTexts {
		if found := engine().Scan(inspect.Source{}, c.text); found != nil {
			t.Errorf("%s: got %v; want nothing", c.name, found)
		}
		if got := testing.AllocsPerRun(50, func() { engine().Scan(inspect.Source{}, c.text) }); got >= 1 {
			t.Errorf("%s: got %v allocations; want 0", c.name, got)
		}
	}
}
