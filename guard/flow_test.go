package guard_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/policy"
	"pgregory.net/rapid"
)

// streamedTexts are answers in which something must be masked, alone or beside
// what must stay.
var streamedTexts = []string{
	"The key is " + secret + " indeed, and the rest of the text goes on.",
	secret,
	"Two of them: " + secret + ", " + secret + ".",
	"export OPENAI_API_KEY=\"" + secret + "\"\nexport PATH=/usr/bin\npassword: \"tr0ub4dor&3xyz\"\n",
	"postgres://admin:c0rrecthorse9battery@db.example.net:5432/app is where it is; write to jane.roe@example.net.",
	"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq3XfGmZ1\nq0mJ8wM5p2w9x8c7v6b5n4m3\n-----END RSA PRIVATE KEY-----\nThat was it.",
	"Nothing to see here: the committee met on Tuesday, and the budget was agreed on. 日本語 and 🙂 too.",
}

// cut divides text between characters at random.
func cut(t *rapid.T, text string) []string {
	var pieces []string
	from := 0
	for i := range text {
		if i > from && rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
			pieces, from = append(pieces, text[from:i]), i
		}
	}
	return append(pieces, text[from:])
}

// streamOf answers with events.
func (g *rig) streamOf(events string) {
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, streamHeader, "")
		resp.Body, resp.ContentLength = io.NopCloser(iotest.HalfReader(strings.NewReader(events))), -1
		return resp, nil
	}
}

func (g *rig) stream(events string) string {
	g.streamOf(events)
	_, got := g.post(chatURL, `{"stream":true,"messages":[]}`)
	return got
}

// whole returns what a client gets of text in an answer that is not streamed.
func (g *rig) whole(text string) string {
	g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, jsonHeader, chatAnswer(text)), nil }
	_, got := g.post(chatURL, `{"messages":[]}`)
	var body struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal([]byte(got), &body); err != nil {
		g.t.Fatalf("%s: %v", got, err)
	}
	g.forget()
	return body.Choices[0].Message.Content
}

func (g *rig) forget() {
	g.mu.Lock()
	g.records = nil
	g.mu.Unlock()
}

// chatDeltas joins what the events say, by choice.
func chatDeltas(t interface{ Fatalf(string, ...any) }, events string) map[int]string {
	texts := map[int]string{}
	for _, event := range strings.Split(events, "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct {
				Index int
				Delta struct{ Content string }
			}
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		for _, c := range chunk.Choices {
			texts[c.Index] += c.Delta.Content
		}
	}
	return texts
}

func chatEvent(choice int, text string) string {
	return fmt.Sprintf("data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":%d,\"delta\":{\"content\":%s}}]}\n\n", choice, quote(text))
}

// TestStreamIsMaskedAsTheWhole: however an answer is cut into events, and
// whatever other choice comes between, the client gets the text that it would
// have got in one piece, and no event in which nothing was masked is changed.
func TestStreamIsMaskedAsTheWhole(t *testing.T) {
	g := newRig(t, nil)
	want := map[string]string{}
	for _, text := range streamedTexts {
		want[text] = g.whole(text)
	}
	rapid.Check(t, func(t *rapid.T) {
		texts := []string{rapid.SampledFrom(streamedTexts).Draw(t, "text"), rapid.SampledFrom(streamedTexts).Draw(t, "other")}
		pieces := [][]string{cut(t, texts[0]), cut(t, texts[1])}
		var sent []string
		for len(pieces[0])+len(pieces[1]) > 0 {
			choice := rapid.IntRange(0, 1).Draw(t, "choice")
			if len(pieces[choice]) == 0 {
				choice = 1 - choice
			}
			sent = append(sent, chatEvent(choice, pieces[choice][0]))
			pieces[choice] = pieces[choice][1:]
		}
		sent = append(sent, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"},{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", "data: [DONE]\n\n")
		got := g.stream(strings.Join(sent, ""))
		g.forget()
		for choice, text := range texts {
			if said := chatDeltas(t, got)[choice]; said != want[text] {
				t.Fatalf("choice %d: got %q; want %q", choice, said, want[text])
			}
		}
		events := strings.SplitAfter(got, "\n\n")
		if len(events) != len(sent)+1 {
			t.Fatalf("%d events; want %d", len(events)-1, len(sent))
		}
		if texts[0] == want[texts[0]] && texts[1] == want[texts[1]] && got != strings.Join(sent, "") {
			t.Fatalf("a clean stream was changed:\n%s\nwas\n%s", got, strings.Join(sent, ""))
		}
	})
}

// callArguments joins the arguments of the first call that the events, or the
// body, make.
func callArguments(t interface{ Fatalf(string, ...any) }, answer string) string {
	type calls struct {
		ToolCalls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
	}
	all := ""
	for _, event := range strings.Split(answer, "\n\n") {
		data := strings.TrimPrefix(event, "data: ")
		if !strings.HasPrefix(data, "{") {
			continue
		}
		var chunk struct {
			Choices []struct{ Delta, Message calls }
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		for _, c := range chunk.Choices {
			for _, call := range append(c.Delta.ToolCalls, c.Message.ToolCalls...) {
				all += call.Function.Arguments
			}
		}
	}
	return all
}

// TestArgumentsAreMaskedAsTheWhole: the arguments of a tool call are JSON in a
// string. However they are cut, in the middle of an escape too, what the client
// puts together is JSON, and what it says is the same as in one piece.
func TestArgumentsAreMaskedAsTheWhole(t *testing.T) {
	g := newRig(t, nil)
	var arguments []string
	plain := map[string]string{}
	for _, text := range streamedTexts {
		b, _ := json.Marshal(map[string]any{"cmd": []string{"sh", "-c", text}, "timeout": 10})
		masked := g.whole(text)
		for _, a := range []string{string(b), strings.ReplaceAll(string(b), "/", `\/`), strings.ReplaceAll(string(b), "e", `\u0065`)} {
			arguments, plain[a] = append(arguments, a), masked
		}
	}
	want := map[string]string{}
	for _, a := range arguments {
		g.upstream = func(r *http.Request) (*http.Response, error) {
			return answer(r, jsonHeader, `{"choices":[{"index":0,"message":{"tool_calls":[{"id":"call_1","function":{"name":"shell","arguments":`+quote(a)+`}}]}}]}`), nil
		}
		_, got := g.post(chatURL, `{"messages":[]}`)
		g.forget()
		want[a] = callArguments(t, got)
		var said struct{ Cmd []string }
		if err := json.Unmarshal([]byte(want[a]), &said); err != nil || said.Cmd[2] != plain[a] {
			t.Errorf("%s became %s; want %s", a, want[a], plain[a])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(arguments).Draw(t, "arguments")
		var b strings.Builder
		for _, piece := range cut(t, a) {
			fmt.Fprintf(&b, "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":%s}}]}}]}\n\n", quote(piece))
		}
		b.WriteString("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n")
		got := g.stream(b.String())
		g.forget()
		if said := callArguments(t, got); said != want[a] {
			t.Fatalf("got %s; want %s", said, want[a])
		}
	})
}

// TestMaskedEventsAlone: of a stream with one secret, only the events that spell
// it are changed.
func TestMaskedEventsAlone(t *testing.T) {
	g := newRig(t, nil)
	sent := []string{
		chatEvent(0, "The key"), ": keep-alive\r\n\r\n", chatEvent(0, " is "+secret[:20]), chatEvent(0, secret[20:]+" indeed"),
		chatEvent(0, "."), "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", "data: [DONE]\n\n",
	}
	got := g.stream(strings.Join(sent, ""))
	want := slices.Clone(sent)
	want[2], want[3] = chatEvent(0, " is sk-proj-[OPENAI_API_KEY_REDACTED]"), chatEvent(0, " indeed")
	if got != strings.Join(want, "") {
		t.Errorf("got\n%s; want\n%s", got, strings.Join(want, ""))
	}
	r := g.record()
	if r.Action != "redact" || !slices.Contains(r.Labels, "openai_api_key") || r.HeldBytesMax == 0 ||
		r.BodySHA256.ResponseIn != sum(strings.Join(sent, "")) || r.BodySHA256.ResponseOut != sum(got) {
		t.Errorf("record %+v", r)
	}
}

// TestNothingIsHeldInVain: where policy does not act, no event waits.
func TestNothingIsHeldInVain(t *testing.T) {
	g := newRig(t, settings(policy.Settings{Mode: policy.ModeWarn}))
	sent := chatEvent(0, "my key: "+secret[:30]) + chatEvent(0, secret[30:]) + "data: [DONE]\n\n"
	if got := g.stream(sent); got != sent {
		t.Errorf("got %s", got)
	}
	if r := g.record(); r.Action != "allow" || r.HeldBytesMax != 0 || !slices.Contains(r.Labels, "openai_api_key") {
		t.Errorf("record %+v", r)
	}
}

// TestTextThatHangsTogetherForTooLong is released or refused, as policy says of
// what is too large.
func TestTextThatHangsTogetherForTooLong(t *testing.T) {
	for _, handling := range []string{"flag", "block"} {
		p, err := policy.Parse([]byte("version: 1\nrules: [{when: {category: secret}, action: redact}]\nunscannable: " + handling + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		g := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return p } })
		var b strings.Builder
		b.WriteString(chatEvent(0, "token: "+secret[:12]))
		for range 3000 {
			b.WriteString(chatEvent(1, strings.Repeat("All is well. ", 40)))
		}
		got := g.stream(b.String())
		r := g.record()
		if handling == "flag" && got != b.String() {
			t.Errorf("flag: %d bytes; want %d", len(got), b.Len())
		}
		if handling == "block" && (r.Action != "block" || !strings.HasSuffix(got, "\n\n") || len(got) > b.Len()/2) {
			t.Errorf("block: %d bytes, %+v", len(got), r)
		}
		if r.HeldBytesMax < 1<<20 || !slices.Contains(r.Labels, "too_large") {
			t.Errorf("%s: record %+v", handling, r)
		}
	}
}

// TestCompressedStreamsAreMasked: what is clean goes on as it came, from the
// first change on the stream is encoded anew, and stays one stream.
func TestCompressedStreamsAreMasked(t *testing.T) {
	first, rest := chatEvent(0, "All is well. "), []string{chatEvent(0, "The key is "+secret[:20]), chatEvent(0, secret[20:]+" indeed."), "data: [DONE]\n\n"}
	var sent bytes.Buffer
	w := gzip.NewWriter(&sent)
	_, _ = w.Write([]byte(first))
	_ = w.Flush()
	clean := sent.String()
	for _, event := range rest {
		_, _ = w.Write([]byte(event))
		_ = w.Flush()
	}
	_ = w.Close()
	g := newRig(t, nil)
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"gzip"}}, "")
		resp.Body, resp.ContentLength = io.NopCloser(iotest.HalfReader(bytes.NewReader(sent.Bytes()))), -1
		return resp, nil
	}
	_, got := g.post(chatURL, `{"stream":true,"messages":[]}`)
	plain := string(gunzipped(t, []byte(got)))
	if !strings.HasPrefix(got, clean[:len(clean)-5]) || strings.Contains(plain, secret[12:30]) ||
		chatDeltas(t, plain)[0] != "All is well. The key is sk-proj-[OPENAI_API_KEY_REDACTED] indeed." || !strings.HasSuffix(plain, rest[2]) {
		t.Errorf("got %q", plain)
	}
	r := g.record()
	if r.Action != "redact" || r.BodySHA256.ResponseIn != sum(sent.String()) || r.BodySHA256.ResponseOut != sum(got) {
		t.Errorf("record %+v", r)
	}
}

// TestStreamsInOtherGuises: what a body says of itself, in which dialect its
// deltas come and whether each says that it is the last does not hide what it
// spells.
func TestStreamsInOtherGuises(t *testing.T) {
	event := func(format string) func(string) string {
		return func(text string) string { return "data: " + strings.Replace(format, "%", quote(text), 1) + "\n\n" }
	}
	for _, tt := range []struct {
		name, contentType string
		event             func(string) string
		shown             int // bytes of the key that go out before the stream shows its ways
	}{
		{"no type", "", event(`{"choices":[{"index":0,"delta":{"content":%}}]}`), 0},
		{"plain text", "text/plain", event(`{"choices":[{"index":0,"delta":{"content":%}}]}`), 0},
		{"JSON", "application/json", event(`{"choices":[{"index":0,"delta":{"content":%}}]}`), 0},
		{"octets", "application/octet-stream", event(`{"choices":[{"index":0,"delta":{"content":%}}]}`), 0},
		{"parts", "text/event-stream", event(`{"choices":[{"index":0,"delta":{"content":[{"type":"text","text":%}]}}]}`), 0},
		{"unknown", "text/event-stream", event(`{"choices":[{"index":0,"delta":{"thoughts":{"of":[{"say":%}]}}}]}`), 0},
		{"message", "text/event-stream", event(`{"choices":[{"index":0,"message":{"content":%}}]}`), 0},
		{"text", "text/event-stream", event(`{"choices":[{"index":0,"text":%}]}`), 0},
		{"Gemini", "text/event-stream", event(`{"candidates":[{"content":{"parts":[{"text":%}],"role":"model"}}]}`), 0},
		{"typed", "text/event-stream", event(`{"type":"response.output_text.delta","item_id":"msg_1","delta":%}`), 0},
		{"always last", "text/event-stream", event(`{"choices":[{"index":0,"delta":{"content":%},"finish_reason":"stop"}]}`), 14},
	} {
		g := newRig(t, nil)
		var b strings.Builder
		text := "Here is the key: " + secret + " and that is all of it."
		for i := 0; i < len(text); i += 7 {
			b.WriteString(tt.event(text[i:min(i+7, len(text))]))
		}
		b.WriteString("data: [DONE]\n\n")
		g.upstream = func(r *http.Request) (*http.Response, error) {
			h := http.Header{}
			if tt.contentType != "" {
				h.Set("Content-Type", tt.contentType)
			}
			return answer(r, h, b.String()), nil
		}
		resp, got := g.post(chatURL, `{"stream":true,"messages":[]}`)
		said := strings.Join(regexp.MustCompile(`"((?:of it|[^"\\]){0,30})"`).FindAllString(got, -1), "")
		for _, piece := range []string{secret[8+tt.shown : 8+tt.shown+7], secret[30:37], secret[60:67]} {
			if strings.Contains(strings.ReplaceAll(got, `\u002d`, "-"), piece) || strings.Contains(said, piece) {
				t.Errorf("%s: %q went out: %s", tt.name, piece, got)
				break
			}
		}
		for i := 15; i+7 < len(text)-30; i += 7 {
			if i > 25+tt.shown && strings.Contains(got, quote(text[i:i+7])) {
				t.Errorf("%s: the piece %q went out", tt.name, text[i:i+7])
			}
		}
		if r := g.record(); r.Action != "redact" || resp.ContentLength >= 0 || strings.Contains(r.ResponseExcerpt, secret[10:20]) {
			t.Errorf("%s: length %d, record %+v", tt.name, resp.ContentLength, r)
		}
	}
}

// TestExcerptOfWhatWasCutOff keeps no part of what may have become a secret.
func TestExcerptOfWhatWasCutOff(t *testing.T) {
	for end, mode := range map[error]policy.Mode{io.ErrUnexpectedEOF: policy.ModeBlock, io.EOF: policy.ModeBlock, io.ErrClosedPipe: policy.ModeWarn} {
		g := newRig(t, settings(policy.Settings{Mode: mode}))
		g.upstream = func(r *http.Request) (*http.Response, error) {
			resp := answer(r, streamHeader, "")
			resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(chatEvent(0, "The key is "+secret[:24])), iotest.ErrReader(end))), -1
			return resp, nil
		}
		req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader(`{"stream":true}`))
		resp, err := g.guard.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(resp.Body) // it is cut
		_ = resp.Body.Close()
		if r := g.record(); !strings.HasPrefix(r.ResponseExcerpt, "The key is") || strings.Contains(r.ResponseExcerpt, secret[8:16]) {
			t.Errorf("%s: excerpt %q", mode, r.ResponseExcerpt)
		}
	}
}
