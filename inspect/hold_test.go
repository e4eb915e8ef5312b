package inspect_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/infershield/infershield/inspect"
)

// masked is a stream of an answer as the default policy has it.
var masked = inspect.Source{Role: inspect.Model, Hold: inspect.HoldFor(inspect.Secret)}

// deltas cuts text as providers do: words with the blank before them,
// punctuation apart, long words in pieces.
func deltas(text string) []string {
	var pieces []string
	for text != "" {
		n := deltaLen(text, 3+len(pieces)%5)
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces
}

// deltaLen returns the length of the first delta, in which no word is cut to
// more than piece bytes.
func deltaLen(text string, piece int) int {
	blanks := len(text) - len(strings.TrimLeft(text, " "))
	if blanks > 1 && blanks < len(text) { // indentation, less the blank of the word after it
		return min(blanks-1, 16)
	}
	end := blanks
	for end < len(text) && wordByte(text[end]) {
		end++
	}
	if end == blanks { // punctuation, in ones and twos
		end = min(blanks+1, len(text))
		if end < len(text) && text[end] > ' ' && !wordByte(text[end]) {
			end++
		}
		return end
	}
	if end-blanks <= 7 {
		return end
	}
	cut := blanks + piece
	for cut < end && text[cut]&0xc0 == 0x80 {
		cut++ // not in a character
	}
	return cut
}

func wordByte(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_' || b >= 0x80
}

// waits counts the Writes after which a stream of src holds something back.
func waits(src inspect.Source, text string) (held, writes, most int) {
	s := engine().Stream(src)
	written := 0
	for _, delta := range deltas(text) {
		_, safe := s.Write(delta)
		written += len(delta)
		writes++
		if safe < written {
			held++
			most = max(most, written-safe)
		}
	}
	return held, writes, most
}

// honest are paragraphs in which nothing should have to wait.
var honest = prose(4<<10) + `
Der Ausschuss hat am Dienstag über den Haushalt des kommenden Jahres beraten und sich nach einigen Stunden in den meisten Fragen geeinigt.
Wer die Unterlagen noch nicht kennt, findet sie im Archiv; die Zusammenfassung folgt bis Freitag, spätestens aber zum Monatsende.
Le comité s'est réuni mardi pour discuter du budget de l'année à venir et, après quelques heures, s'est accordé sur l'essentiel.
L'année dernière, la réponse était différente : c'est qu'on n'avait pas encore toutes les données nécessaires aux calculs.
El comité se reunió el martes para hablar del presupuesto del próximo año y acordó casi todo después de varias horas de debate.
Комитет собрался во вторник, чтобы обсудить бюджет на будущий год, и после нескольких часов споров договорился почти обо всём.
委员会星期二开会讨论明年的预算，经过几个小时的讨论，大家在大多数问题上达成了一致。报告随后公布。
委員会は火曜日に来年度の予算について話し合い、数時間の議論の末、ほとんどの点で合意した。
`

// records are what a program answers.
const records = `{
  "object": "list", "has_more": false, "first_id": "item_0091", "url": "/v1/items?limit=20&after=item_0090",
  "data": [
    {"id": "item_0091", "created_at": 1730812345, "status": "completed", "price": 12.50, "currency": "EUR", "tags": ["garden", "tools"],
     "owner": {"name": "warehouse-3", "shelf": "B-17", "address": null}, "checked": "2025-11-05T14:32:07.123Z"},
    {"id": "5f0c1d9e-8a47-4c1b-9b1e-0d2f6a7c3e58", "created_at": 1730812399, "status": "in_progress", "price": 8, "currency": "EUR",
     "settings": {"retries": 3, "timeout_ms": 2500, "key": "value", "sort_key": "created_at", "token_count": 4096, "path": "/usr/local/share/items.json"}},
    {"id": "item_0092", "sha": "2c26b46b68ffc68ff99b453c1d30413413422d70", "message": "The item \"spade\" was moved to shelf C-04.", "level": "info"}
  ],
  "usage": {"prompt_tokens": 218, "completion_tokens": 97, "total_tokens": 315}
}
`

// ordinary returns texts of each kind: what is here, and what comes with Go.
func ordinary(t testing.TB) map[string]string {
	t.Helper()
	root := build.Default.GOROOT
	read := func(globs ...string) string {
		var b strings.Builder
		for _, glob := range globs {
			paths, err := filepath.Glob(glob)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				b.Write(data[:min(len(data), 100<<10)])
			}
		}
		return b.String()
	}
	src := func(globs ...string) string {
		for i := range globs {
			globs[i] = filepath.Join(root, "src", globs[i])
		}
		return read(globs...)
	}
	gocode := src("strings/*.go", "net/http/server.go", "net/http/transport.go", "go/types/[a-i]*.go", "encoding/json/*.go", "fmt/*.go")
	return map[string]string{
		"prose":    honest,
		"comments": comments(gocode),
		"code":     gocode,
		"markdown": read(filepath.Join(root, "*.md"), filepath.Join(root, "src/*/README.md"), filepath.Join(root, "src/*/*/README.md"), filepath.Join(root, "src/*/*/*/README.md")),
		"json":     strings.Repeat(records, 20),
		"script":   read(filepath.Join(root, "lib/wasm/*.js"), filepath.Join(root, "misc/*/*.js"), filepath.Join(root, "src/*.bash"), "../scripts/*.sh"),
	}
}

// comments returns the words of the comments in source, which are prose.
func comments(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if _, words, ok := strings.Cut(line, "// "); ok {
			b.WriteString(words)
		}
	}
	return b.String()
}

// waitsLeast is, for each kind of text, of how many Writes one may leave
// something held when secrets are masked.
var waitsLeast = map[string]int{"prose": 1000, "comments": 300, "code": 200, "markdown": 150, "json": 30, "script": 60}

func TestHeldSeldom(t *testing.T) {
	for name, text := range ordinary(t) {
		if len(text) < 2<<10 {
			t.Logf("%s: no text to speak of", name)
			continue
		}
		held, writes, most := waits(masked, text)
		t.Logf("%s: %d of %d writes leave something held, 1 in %d, at most %d bytes", name, held, writes, writes/max(held, 1), most)
		if held*waitsLeast[name] > writes {
			t.Errorf("%s: more than 1 in %d", name, waitsLeast[name])
		}
	}
}

// What was given up as no text must not turn out to be one.
func TestCouldDecode(t *testing.T) {
	encoders := []func([]byte) string{
		hex.EncodeToString, base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString,
		base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString,
		func(b []byte) string {
			var wide []byte
			for _, u := range utf16.Encode([]rune(string(b))) {
				wide = append(wide, byte(u), byte(u>>8))
			}
			return base64.RawStdEncoding.EncodeToString(wide)
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{12,60}`)).Draw(t, "text")
		run := strings.TrimRight(rapid.SampledFrom(encoders).Draw(t, "encoder")([]byte(text)), "=")
		if inspect.Decode(run) == nil {
			t.Skip()
		}
		if n := rapid.IntRange(1, len(run)).Draw(t, "n"); !inspect.CouldDecode(run[:n]) {
			t.Fatalf("%q begins a text, and is given up at %q", run, run[:n])
		}
	})
}

// Long runs, of which a stream has forgotten the beginning, keep the law too.
func TestStreamLawLongRuns(t *testing.T) {
	secret := "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
	for _, n := range []int{40, 180, 250, 300, 2000, 3000} {
		filler := strings.Repeat("q9Z", n/3)
		for _, text := range []string{
			filler + secret[:20] + "\u200b" + secret[20:] + " end",
			filler + "%41" + secret + "%42 end",
			base64.StdEncoding.EncodeToString([]byte(strings.Repeat("plain words ", n/12) + "the token is " + secret + " and no other")),
			strings.Repeat("0123456789abcdef", n/16) + "-us1",
			filler + "." + filler + "@example.com",
		} {
			for _, hold := range holdSets {
				src := inspect.Source{Role: inspect.Model, Hold: hold}
				checkSplit(t, src, byteByByte(text))
				checkSplit(t, src, cut(text, func(most int) int { return min(most, 7) }))
			}
		}
	}
}

// BenchmarkWrite writes deltas as providers send them.
func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"prose", prose(64 << 10)}, {"code", code(64 << 10)}} {
		b.Run(c.name, func(b *testing.B) {
			pieces := deltas(c.text)
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				s := engine().Stream(masked)
				for _, piece := range pieces {
					s.Write(piece)
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(pieces)), "ns/write")
		})
	}
}

// The law on the labelled rows, glued together, which no corpus is as rich as.
func TestStreamLawLabelledData(t *testing.T) {
	dir := os.Getenv("INFERSHIELD_DATA")
	if dir == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	var texts []string
	for _, family := range []string{"secrets", "pii", "injection"} {
		texts = append(texts, rows(t, dir, family)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "texts") {
			b.WriteString(rapid.SampledFrom(texts).Draw(t, "text"))
			b.WriteString(rapid.SampledFrom([]string{" ", "", "\n"}).Draw(t, "glue"))
		}
		src := inspect.Source{Role: rapid.SampledFrom(roles).Draw(t, "role"), Hold: rapid.SampledFrom(holdSets).Draw(t, "hold")}
		checkSplit(t, src, cut(b.String(), func(most int) int { return rapid.IntRange(1, min(most, 40)).Draw(t, "n") }))
	})
}
