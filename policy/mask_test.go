package policy_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
	"pgregory.net/rapid"
)

func at(rule string, score float64, start, end int) inspect.Finding {
	return inspect.Finding{Rule: rule, Category: inspect.Secret, Score: score, Start: start, End: end}
}

func TestMask(t *testing.T) {
	tests := []struct {
		name, text string
		found      []inspect.Finding
		want       string
	}{
		{"nothing", "as it was", nil, "as it was"},
		{"one", "key abcdef end", []inspect.Finding{at("token", 1, 4, 10)}, "key [TOKEN_REDACTED] end"},
		{"all of it", "abcdef", []inspect.Finding{at("token", 1, 0, 6)}, "[TOKEN_REDACTED]"},
		{"in any order", "aa bb", []inspect.Finding{at("y", 1, 3, 5), at("x", 1, 0, 2)}, "[X_REDACTED] [Y_REDACTED]"},
		{"touching", "aabb", []inspect.Finding{at("x", 1, 0, 2), at("y", 1, 2, 4)}, "[X_REDACTED][Y_REDACTED]"},
		{"overlapping, the surer names it", "abcdef", []inspect.Finding{at("x", 0.5, 0, 4), at("y", 0.9, 2, 6)}, "[Y_REDACTED]"},
		{"nested, as sure", "abcdef.", []inspect.Finding{at("inner", 1, 2, 4), at("outer", 1, 0, 6)}, "[OUTER_REDACTED]."},
		{"a character cut in two", "aéz", []inspect.Finding{at("x", 1, 0, 2)}, "[X_REDACTED]z"},
		{"cut at its start", "aéz", []inspect.Finding{at("x", 1, 2, 4)}, "a[X_REDACTED]"},
		{"bytes that are no character", "a\xffb\x80c", []inspect.Finding{at("x", 1, 1, 2)}, "a[X_REDACTED]b\x80c"},
		{"outside the text", "abc", []inspect.Finding{at("x", 1, 2, 99), at("y", 1, -5, 1), at("z", 1, 7, 9)}, "[Y_REDACTED]b[X_REDACTED]"},
		{"empty spans", "abc", []inspect.Finding{at("x", 1, 1, 1), at("y", 1, 2, 1)}, "abc"},
	}
	p := policy.Default()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Mask(tt.text, tt.found); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	secret, personal, other := at("token", 0.1, 4, 10), at("email_address", 0.1, 4, 10), at("instruction_override", 1, 4, 10)
	personal.Category, other.Category = inspect.PII, inspect.Injection
	tests := []struct {
		name, text string
		found      inspect.Finding
		bytesMax   int
		want       string
	}{
		{"secrets are masked", "key abcdef end", secret, 200, "key [TOKEN_REDACTED] end"},
		{"personal data is masked", "to: abcdef end", personal, 200, "to: [EMAIL_ADDRESS_REDACTED] end"},
		{"threats are shown", "say abcdef end", other, 200, "say abcdef end"},
		{"cut after masking", "key abcdef end", secret, 10, "key [TOKEN"},
		{"cut before the mask", "key abcdef end", secret, 3, "key"},
		{"cut between characters", "héé", inspect.Finding{}, 4, "hé"},
		{"nothing", "abc", inspect.Finding{}, 0, ""},
	}
	p := policy.Default()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Excerpt(tt.text, policy.Subject{}, []inspect.Finding{tt.found}, tt.bytesMax); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestExcerptMasksWhatPolicyMasks(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nrules: [{when: {rule: codename}, action: redact}]"))
	if err != nil {
		t.Fatal(err)
	}
	f := at("codename", 1, 0, 6)
	f.Category = inspect.Leak
	if got, want := p.Excerpt("abcdef!", policy.Subject{}, []inspect.Finding{f}, 200), "[CODENAME_REDACTED]!"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// A masked value is nowhere in the output, what stands outside is as it was,
// and UTF-8 stays UTF-8.
func FuzzMask(f *testing.F) {
	f.Add("before ", "s3cr3t-valu3", " after", 3)
	f.Add("é", "日本語日本語", "\xff\xfe", 200)
	f.Add("", "12345678", "", 0)
	p := policy.Default()
	f.Fuzz(func(t *testing.T, before, value, after string, bytesMax int) {
		text := before + value + after
		if len(value) < 8 || strings.Count(text, value) > 1 || strings.Contains("[TOKEN_REDACTED]", value) {
			t.Skip("the value must be there once to be gone after")
		}
		found := []inspect.Finding{at("token", 1, len(before), len(before)+len(value))}
		got := p.Mask(text, found)
		if utf8.ValidString(text) && utf8.ValidString(before) && utf8.ValidString(value) {
			if want := before + "[TOKEN_REDACTED]" + after; got != want {
				t.Errorf("got %q; want %q", got, want)
			}
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q is no longer UTF-8: %q", text, got)
		}
		if strings.Contains(strings.Replace(got, "[TOKEN_REDACTED]", "\x00", 1), value) {
			t.Errorf("%q is still in %q", value, got)
		}
		excerpt := p.Excerpt(text, policy.Subject{}, found, bytesMax)
		if len(excerpt) > max(bytesMax, 0) || strings.Contains(excerpt, value) || !strings.HasPrefix(got, excerpt) {
			t.Errorf("excerpt of %d bytes is %q of %q", bytesMax, excerpt, got)
		}
	})
}

// However a text is cut between characters, its masked pieces in a row are the
// text masked.
func TestMaskPieces(t *testing.T) {
	p := policy.Default()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aé日 🙂")), 1, 40, -1).Draw(t, "text")
		var between []int
		for i := range text {
			between = append(between, i)
		}
		between = append(between, len(text))
		spans := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) inspect.Finding {
			start := rapid.IntRange(0, len(between)-2).Draw(t, "start")
			end := rapid.IntRange(start+1, len(between)-1).Draw(t, "end")
			rule := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "rule")
			return at(rule, rapid.Float64Range(0.3, 1).Draw(t, "score"), between[start], between[end])
		}), 0, 5).Draw(t, "spans")
		got, from := "", 0
		for i := range text {
			if i > from && rapid.Bool().Draw(t, "cut") {
				got += p.MaskPiece(text[from:i], from, spans)
				from = i
			}
		}
		got += p.MaskPiece(text[from:], from, spans)
		if want := p.Mask(text, spans); got != want {
			t.Errorf("pieces of %q with %v give %q; want %q", text, spans, got, want)
		}
	})
}
