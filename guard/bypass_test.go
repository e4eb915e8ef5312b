package guard_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/policy"
)

// TestLabelsDoNotHideText sends the attack under labels that name no text.
func TestLabelsDoNotHideText(t *testing.T) {
	for _, label := range []string{"image/png", "audio/wav", "application/octet-stream", "application/pdf", "multipart/form-data; boundary=x", "font/x", ""} {
		g := newRig(t, nil)
		resp, _ := g.post(chatURL, chatPrompt(attack), "Content-Type", label)
		if resp.StatusCode != 403 || g.calls != 0 {
			t.Errorf("%q: %d; want 403", label, resp.StatusCode)
		}
		g.record()
		resp, _ = g.post(chatURL, gzipped(chatPrompt(attack)), "Content-Type", label, "Content-Encoding", "gzip")
		if resp.StatusCode != 403 || g.calls != 0 {
			t.Errorf("%q, compressed: %d; want 403", label, resp.StatusCode)
		}
		g.record()
	}
}

func TestWideTextIsNotPassedOver(t *testing.T) {
	units := utf16.Encode([]rune(chatPrompt(attack)))
	for name, order := range map[string][2]int{"little": {0, 1}, "big": {1, 0}} {
		body := make([]byte, 2*len(units))
		for i, u := range units {
			body[2*i+order[0]], body[2*i+order[1]] = byte(u), byte(u>>8)
		}
		g := newRig(t, nil)
		resp, _ := g.post(chatURL, string(body))
		if resp.StatusCode != 403 {
			t.Errorf("%s endian: %d; want 403", name, resp.StatusCode)
		}
		if r := g.record(); !slices.Contains(r.Labels, "undecodable") {
			t.Errorf("%s endian: labels %v", name, r.Labels)
		}
	}
}

// TestExcerptsAreMaskedWhereThingsStood mixes what is masked on the way with
// what is masked in the excerpt alone.
func TestExcerptsAreMaskedWhereThingsStood(t *testing.T) {
	g := newRig(t, nil)
	g.post(chatURL, chatPrompt("key "+secret+" mail bob.smith@acme.org ssn 536-22-8734 end"))
	want := "key [OPENAI_API_KEY_REDACTED] mail [EMAIL_ADDRESS_REDACTED] ssn [US_SSN_REDACTED] end"
	if r := g.record(); r.PromptExcerpt != want {
		t.Errorf("excerpt %q; want %q", r.PromptExcerpt, want)
	}
}

// TestOwnKeyNeverComesBack has an upstream that tells the key it was given, in
// a form that no detector knows.
func TestOwnKeyNeverComesBack(t *testing.T) {
	const own = "plain words as a key"
	masked := func(b []byte) ([]byte, bool) {
		return bytes.ReplaceAll(b, []byte(own), []byte("[secret]")), bytes.Contains(b, []byte(own))
	}
	for name, h := range map[string]http.Header{"whole": jsonHeader, "stream": streamHeader} {
		g := newRig(t, func(c *guard.Config) { c.Masked = masked })
		g.upstream = func(r *http.Request) (*http.Response, error) {
			h = h.Clone()
			h.Set("X-Echo", "Bearer "+own)
			return answer(r, h, "data: "+chatAnswer("You sent "+own)+"\n\n"), nil
		}
		resp, got := g.post(chatURL, chatPrompt("Hi"))
		r := g.record()
		if strings.Contains(got, own) || strings.Contains(resp.Header.Get("X-Echo"), own) || strings.Contains(r.ResponseExcerpt, own) {
			t.Errorf("%s: %s, %v, excerpt %q", name, got, resp.Header, r.ResponseExcerpt)
		}
		if r.Action != "redact" || !slices.Contains(r.Labels, "server_key_returned") {
			t.Errorf("%s: record %+v", name, r)
		}
	}
}

// TestWhatIsNoTextFollowsPolicy: a picture in a request, and a prompt as token
// numbers, are labelled or refused as policy says; a vector in an answer says
// nothing.
func TestWhatIsNoTextFollowsPolicy(t *testing.T) {
	picture := `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` +
		base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 90)...)) + `"}}]}]}`
	for _, tt := range []struct{ url, body string }{
		{chatURL, picture}, {"https://api.openai.com/v1/completions", `{"prompt":[[1212,318,257,1332]]}`},
	} {
		for handling, action := range map[string]string{"allow": "allow", "flag": "allow", "block": "block"} {
			p, err := policy.Parse([]byte("version: 1\nunscannable: {opaque: " + handling + "}\n"))
			if err != nil {
				t.Fatal(err)
			}
			g := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return p } })
			g.post(tt.url, tt.body)
			r := g.record()
			if r.Action != action || slices.Contains(r.Labels, "opaque") != (handling != "allow") {
				t.Errorf("%s: %s: record %+v", handling, tt.body, r)
			}
			if !slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool { return c.State == "opaque" }) {
				t.Errorf("coverage %+v", r.Coverage)
			}
		}
	}
}
