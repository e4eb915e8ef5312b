package llm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/llm"
)

// nested reads text in the given pieces and tells every string in the order of
// their beginnings.
func nested(t testing.TB, pieces ...string) []string {
	t.Helper()
	var n llm.Nested
	var order []*llm.Literal
	texts := map[*llm.Literal]string{}
	ended := map[*llm.Literal]bool{}
	take := func(all []llm.Piece) {
		for _, p := range all {
			if p.First {
				order = append(order, p.Literal)
				texts[p.Literal] = ""
			}
			if _, begun := texts[p.Literal]; !begun || ended[p.Literal] {
				t.Fatalf("%q: a piece %q outside its string", pieces, p.Text)
			}
			texts[p.Literal] += p.Text
			ended[p.Literal] = p.Last
		}
	}
	for _, p := range pieces {
		take(n.Write(p))
	}
	take(n.Close())
	var out []string
	for _, l := range order {
		if !ended[l] {
			t.Fatalf("%q: string %q has no end", pieces, texts[l])
		}
		kind := strings.Repeat(">", l.Level)
		if l.Key {
			kind += "key "
		}
		if l.Escaped {
			kind += "esc "
		}
		out = append(out, kind+texts[l])
	}
	return out
}

func TestNested(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", ``, nil},
		{"plain text", `He said "no\n".`, nil},
		{"object", `{"a": "b", "c\u0041": ["d", {"e": 1}], "f": ""}`, []string{"key a", "b", "key esc cA", "d", "key e", "key f", ""}},
		{"array", " \n[\"a\\tb\",\"\\\"\\\\\\/\"]", []string{"esc a\tb", `esc "\/`, ">esc /"}},
		{"string", `"\ud83d\ude00\u00e9"`, []string{"esc 😀é"}},
		{"byte order mark", "\xef\xbb\xbf[\"a\"]", []string{"a"}},
		{"half a pair", `["\ud83d", "\ud83d\n", "\ude00x", "\ud83d\ud83d\ude00"]`, []string{"esc \ufffd", "esc \ufffd\n", "esc \ufffdx", "esc \ufffd😀"}},
		{"no escapes", `["\q", "\u12", "\u12x4", "\ud83d\u12"]`, []string{`\q`, `\u12`, `\u12x4`, "esc \ufffd\\u12"}},
		{"no end", `["a\n`, []string{"esc a\n"}},
		{"end in an escape", `["a\`, []string{`a\`}},
		{"end in a code", `["a\u00`, []string{`a\u00`}},
		{"end in half a pair", `["a\ud83d\u`, []string{"esc a\ufffd\\u"}},
		{"two documents", `{"a":"b"}{"c":"d"}`, []string{"key a", "b", "key c", "d"}},
		{"repaired by some", `{a: "b", 'c': "d", /* "e" */ f: "g"`, []string{"b", "d", "key e", "g"}},
		{"a document in a string", `{"a": "{\"b\": \"c\\u0041\\n\"}"}`, []string{"key a", `esc {"b": "c\u0041\n"}`, ">key esc b", ">esc cA\n"}},
		{"three levels and no more", in(in(in(in("a")))), []string{"esc " + in(in(in("a"))), ">esc " + in(in("a")), ">>esc " + in("a")}},
		{"white space inside", `["  \n {\"a\":\"b\"}", " x{\"c\":1}"]`, []string{"esc   \n {\"a\":\"b\"}", ">key esc a", ">esc b", `esc  x{"c":1}`}},
		{"deep", strings.Repeat(`{"a":`, 600) + `"b"`, append(slices.Repeat([]string{"key a"}, 512), append(slices.Repeat([]string{"a"}, 88), "b")...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			whole := nested(t, text)
			if diff := cmp.Diff(tt.want, whole); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got := nested(t, strings.Split(text, "")...); !slices.Equal(got, whole) {
				t.Errorf("rune by rune: got %q; want %q", got, whole)
			}
			for cut := range min(len(text), 200) {
				if got := nested(t, text[:cut], text[cut:]); !slices.Equal(got, whole) {
					t.Errorf("cut at %d: got %q; want %q", cut, got, whole)
				}
			}
		})
	}
}

// in returns an array of one string.
func in(text string) string {
	b, err := json.Marshal([]string{text})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// jsonStrings returns the strings of a document as encoding/json reads it.
func jsonStrings(t testing.TB, text string) (all []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if s, ok := token.(string); ok {
			all = append(all, s)
		}
	}
}

// FuzzNested: any split tells the same, and what a strict parser reads too.
func FuzzNested(f *testing.F) {
	for _, s := range []string{`{"a":"\u0041\n"}`, `["\ud83d\ude00","\ud83d"]`, in(in(in("a\n"))), `{a:"b\`, "[\"\xff\\\"", `"\u12`} {
		f.Add(s, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		whole := nested(t, text)
		for _, pieces := range [][]string{bytewise(text), cut(rand.New(rand.NewPCG(seed, 0)), text)} {
			if got := nested(t, pieces...); !slices.Equal(got, whole) {
				t.Fatalf("%q: got %q; want %q", pieces, got, whole)
			}
		}
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) || strings.Count(text, "{")+strings.Count(text, "[") > 500 {
			return
		}
		var got []string
		for _, s := range whole {
			if !strings.HasPrefix(s, ">") {
				got = append(got, strings.TrimPrefix(strings.TrimPrefix(s, "key "), "esc "))
			}
		}
		want := jsonStrings(t, text)
		for i := range want { // as above: a string may begin like a mark of ours
			want[i] = strings.TrimPrefix(strings.TrimPrefix(want[i], "key "), "esc ")
		}
		marked := func(s string) bool { return strings.HasPrefix(s, ">") }
		got, want = slices.DeleteFunc(got, marked), slices.DeleteFunc(want, marked)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got %q; want %q", text, got, want)
		}
	})
}

func bytewise(text string) (pieces []string) {
	for i := range len(text) {
		pieces = append(pieces, text[i:i+1])
	}
	return pieces
}

// cut returns text in pieces of random length, empty ones too.
func cut(r *rand.Rand, text string) (pieces []string) {
	for len(text) > 0 {
		n := min(r.IntN(9), len(text))
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces
}

// masker is a caller: it hides a word in every string, and passes on what no
// word can touch any more.
type masker struct {
	nested  llm.Nested
	strings map[*llm.Literal]*masked
	text    string // not yet passed on
	sent    int    // bytes of the running text that were
	spans   [][2]int
	out     strings.Builder
}

type masked struct {
	text string
	seen int // no word begins before
}

const (
	word = "s\u00e9cret\n\"\U0001F511"
	mask = "[SECRET_REDACTED]"
)

func (m *masker) write(text string) {
	m.text += text
	m.take(m.nested.Write(text))
	m.pass(m.nested.Settled(func(l *llm.Literal) int { return m.strings[l].seen }))
}

func (m *masker) close() string {
	m.take(m.nested.Close())
	m.pass(m.sent + len(m.text))
	return m.out.String()
}

func (m *masker) take(pieces []llm.Piece) {
	for _, p := range pieces {
		s := m.strings[p.Literal]
		if s == nil {
			s = new(masked)
			m.strings[p.Literal] = s
		}
		s.text += p.Text
		for {
			at := strings.Index(s.text[s.seen:], word)
			if at < 0 {
				break
			}
			at += s.seen
			s.seen = at + len(word)
			from, to := p.Literal.Outer(at, s.seen)
			m.spans = append(m.spans, [2]int{from, to})
		}
		for s.seen < len(s.text) && !strings.HasPrefix(word, s.text[s.seen:]) {
			s.seen++
		}
	}
}

// pass writes the running text up to an offset, with masks.
func (m *masker) pass(to int) {
	slices.SortFunc(m.spans, func(a, b [2]int) int { return a[0] - b[0] })
	for len(m.spans) > 0 && m.spans[0][1] <= to {
		at := m.spans[0]
		m.spans = m.spans[1:]
		if at[1] <= m.sent {
			continue // seen at another level
		}
		m.copy(at[0])
		m.out.WriteString(mask)
		m.text, m.sent = m.text[at[1]-m.sent:], at[1]
	}
	if len(m.spans) == 0 {
		m.copy(to)
	}
}

func (m *masker) copy(to int) {
	m.out.WriteString(m.text[:to-m.sent])
	m.text, m.sent = m.text[to-m.sent:], to
}

// TestNestedMask is the law that callers live by: where Outer says, a mask can
// be written while the text is still coming, and only words change.
func TestNestedMask(t *testing.T) {
	for seed := range uint64(800) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := document(r, 3)
		want := strings.ReplaceAll(fmt.Sprintf("%q", leaves(t, text)), fmt.Sprintf("%q", word)[1:len(fmt.Sprintf("%q", word))-1], mask)
		for _, pieces := range [][]string{{text}, bytewise(text), cut(r, text)} {
			m := masker{strings: map[*llm.Literal]*masked{}}
			for _, p := range pieces {
				m.write(p)
			}
			out := m.close()
			if !json.Valid([]byte(out)) {
				t.Fatalf("seed %d: %s\nis no document any more: %s", seed, text, out)
			}
			if got := fmt.Sprintf("%q", leaves(t, out)); got != want {
				t.Fatalf("seed %d: %s\ngot  %s\nwant %s", seed, text, got, want)
			}
		}
	}
}

// leaves returns the strings of a document that are none themselves, and those
// of the strings that are.
func leaves(t testing.TB, text string) (all []string) {
	for _, s := range jsonStrings(t, text) {
		if strings.HasPrefix(s, "{") && json.Valid([]byte(s)) {
			all = append(all, leaves(t, s)...)
		} else {
			all = append(all, s)
		}
	}
	return all
}

// document draws JSON with words in it and documents in its strings.
func document(r *rand.Rand, levels int) string {
	var members []string
	for range 1 + r.IntN(4) {
		text := []string{"plain", "tab\tand quote \"", word, "a" + word + word + "b", word[:4], "s" + word, ""}[r.IntN(7)]
		if levels > 1 && r.IntN(3) == 0 {
			text = document(r, levels-1)
		}
		members = append(members, literal(r, fmt.Sprint("k", len(members)))+" : "+literal(r, text))
	}
	return "{" + strings.Join(members, ",\n") + "}"
}

// literal writes a string, every rune in one of the ways that there are.
func literal(r *rand.Rand, text string) string {
	var b strings.Builder
	for _, c := range text {
		if r.IntN(3) == 0 {
			for _, u := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(&b, `\u%04X`, u)
			}
			continue
		}
		short, _ := json.Marshal(string(c)) // a string cannot fail
		b.Write(short[1 : len(short)-1])
	}
	return `"` + b.String() + `"`
}
