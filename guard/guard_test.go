package guard_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/keys"
	"github.com/infershield/infershield/policy"
)

// spelt looks a header up as it is spelt, which Header.Get does not.
func spelt(h http.Header, name string) string { return strings.Join(h[name], ",") }

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func TestAllowedExchangeIsUntouched(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		g := newRig(t, nil)
		prompt, reply := chatPrompt("What is a system prompt? Mail me at jane@example.com."), chatAnswer("A text.")
		h := jsonHeader.Clone()
		var more []string
		if encoding != "" {
			prompt, reply = gzipped(prompt), gzipped(reply)
			h.Set("Content-Encoding", encoding)
			more = []string{"Content-Encoding", encoding}
		}
		g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, h, reply), nil }
		resp, got := g.post(chatURL, prompt, append(more, "X-Agent-Id", "ci", "X-Session-ID", "s1", "X-Own", "kept")...)
		if got != reply || string(g.saw) != prompt {
			t.Error("bodies differ")
		}
		if resp.Header.Get("Content-Encoding") != encoding || len(resp.Header) != len(h) {
			t.Errorf("response header %v; want %v", resp.Header, h)
		}
		if g.header.Get("X-Agent-Id") != "" || g.header.Get("X-Session-Id") != "" || g.header.Get("X-Own") != "kept" {
			t.Errorf("upstream saw %v", g.header)
		}
		r := g.record()
		if r.Action != "allow" || r.Agent != "ci" || r.Session != "s1" || r.Door != "connect" || r.Client != "192.0.2.1" ||
			r.Endpoint != "chat.completions" || r.Model != "gpt-4o-mini" || r.Status != 200 || r.KeyMode != "passthrough" || r.Mode != "block" {
			t.Errorf("record %+v", r)
		}
		if r.BodySHA256.RequestIn != sum(prompt) || r.BodySHA256.ResponseOut != sum(reply) {
			t.Errorf("sums %+v", r.BodySHA256)
		}
		if want := "What is a system prompt? Mail me at [EMAIL_ADDRESS_REDACTED]."; r.PromptExcerpt != want {
			t.Errorf("prompt excerpt %q; want %q", r.PromptExcerpt, want)
		}
		if r.ResponseExcerpt != "A text." || r.RequestBytes != int64(len(prompt)) || r.ResponseBytes != int64(len(reply)) {
			t.Errorf("record %+v", r)
		}
		if !slices.Contains(r.Labels, "pii") || r.Risk >= 40 {
			t.Errorf("labels %v, risk %d; want pii, low", r.Labels, r.Risk)
		}
	}
}

func TestInjectionIsBlocked(t *testing.T) {
	g := newRig(t, nil)
	resp, got := g.post(chatURL, chatPrompt(attack))
	r := g.record()
	if g.calls != 0 {
		t.Error("the upstream was called")
	}
	if resp.StatusCode != 403 || spelt(resp.Header, "X-InferShield-Blocked") != "true" ||
		spelt(resp.Header, "X-InferShield-Request-Id") != r.ID || spelt(resp.Header, "X-InferShield-Risk-Score") != fmt.Sprint(r.Risk) {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	want := fmt.Sprintf(`{"error":{"message":"Request blocked by InferShield: %s","type":"firewall_block","param":null,"code":"firewall_block","risk_score":%d,"threats":["%s"],"request_id":"%s","phase":"request"}}`,
		strings.Join(r.Labels, ", "), r.Risk, strings.Join(r.Labels, `","`), r.ID)
	if got != want {
		t.Errorf("body\n%s; want\n%s", got, want)
	}
	if r.Action != "block" || r.Risk < 70 || r.Status != 403 || !slices.Contains(r.Labels, "injection") || r.Findings[0].Path != "/messages/1/content" {
		t.Errorf("record %+v", r)
	}
}

func TestOperatorsTextIsNoAttack(t *testing.T) {
	g := newRig(t, nil)
	resp, _ := g.post(chatURL, `{"messages":[{"role":"system","content":`+quote(attack)+`},{"role":"user","content":"Hi"}]}`)
	if r := g.record(); resp.StatusCode != 200 || r.Action != "allow" {
		t.Errorf("%d %+v; want it allowed", resp.StatusCode, r)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for _, encoded := range []bool{false, true} {
		g := newRig(t, nil)
		prompt := chatPrompt("Use " + secret + " twice: " + secret)
		send, more := prompt, []string{}
		if encoded {
			send, more = gzipped(prompt), []string{"Content-Encoding", "gzip"}
		}
		g.upstream = func(r *http.Request) (*http.Response, error) {
			return answer(r, jsonHeader, chatAnswer("It is "+secret+".")), nil
		}
		_, got := g.post(chatURL, send, more...)
		r := g.record()
		if want := strings.ReplaceAll(prompt, secret, "[OPENAI_API_KEY_REDACTED]"); string(g.saw) != want {
			t.Errorf("upstream saw\n%s; want\n%s", g.saw, want)
		}
		if want := chatAnswer("It is sk-proj-[OPENAI_API_KEY_REDACTED]."); got != want {
			t.Errorf("client got\n%s; want\n%s", got, want)
		}
		if g.header.Get("Content-Encoding") != "" {
			t.Error("masked, but still said to be compressed")
		}
		if r.Action != "redact" || r.BodySHA256.RequestIn != sum(send) || r.BodySHA256.RequestOut != sum(string(g.saw)) || r.Risk >= 70 {
			t.Errorf("record %+v", r)
		}
	}
}

func TestAnswersAreMaskedWhenCompressed(t *testing.T) {
	g := newRig(t, nil)
	h := jsonHeader.Clone()
	h.Set("Content-Encoding", "gzip")
	g.upstream = func(r *http.Request) (*http.Response, error) {
		return answer(r, h, gzipped(chatAnswer(secret))), nil
	}
	resp, got := g.post(chatURL, chatPrompt("Hi"))
	if want := chatAnswer("sk-proj-[OPENAI_API_KEY_REDACTED]"); got != want || resp.Header.Get("Content-Encoding") != "" ||
		resp.ContentLength != int64(len(want)) || resp.Header.Get("Content-Length") != fmt.Sprint(len(want)) {
		t.Errorf("got %s, %v", got, resp.Header)
	}
	g.record()
}

func TestThreateningAnswerIsBlocked(t *testing.T) {
	g := newRig(t, nil)
	g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, jsonHeader, chatAnswer(attack)), nil }
	resp, got := g.post(chatURL, chatPrompt("Hi"))
	if resp.StatusCode != 403 || !strings.Contains(got, `"message":"Response blocked by InferShield: `) || !strings.Contains(got, `"phase":"response"`) {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	if r := g.record(); r.Action != "block" || r.Status != 403 {
		t.Errorf("record %+v", r)
	}
}

func TestModes(t *testing.T) {
	g := newRig(t, settings(policy.Settings{Mode: policy.ModeWarn}))
	prompt := chatPrompt(attack + " " + secret)
	g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, jsonHeader, chatAnswer(secret)), nil }
	if _, got := g.post(chatURL, prompt); got != chatAnswer(secret) || string(g.saw) != prompt {
		t.Error("warn changed something")
	}
	if r := g.record(); r.Action != "allow" || r.Risk < 70 || r.Mode != "warn" || !slices.Contains(r.Labels, "secret") {
		t.Errorf("warn: %+v", r)
	}
	g = newRig(t, settings(policy.Settings{Mode: policy.ModeOff}))
	g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, jsonHeader, chatAnswer(secret)), nil }
	if _, got := g.post(chatURL, prompt); got != chatAnswer(secret) || string(g.saw) != prompt {
		t.Error("off changed something")
	}
	r := g.record()
	if r.Action != "allow" || r.Risk != 0 || r.Mode != "off" || r.PromptExcerpt != "" || r.BodySHA256.RequestIn != sum(prompt) {
		t.Errorf("off: %+v", r)
	}
}

func TestMissingKey(t *testing.T) {
	g := newRig(t, nil)
	g.upstream = func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("wrapped: %w", keys.ErrMissing) }
	resp, got := g.post(chatURL, chatPrompt("Hi"))
	const want = `{"error":{"message":"Missing Authorization header. In passthrough mode the client must supply Authorization: Bearer <your-api-key>.","type":"authentication_error","param":null,"code":"missing_authorization"}}`
	if resp.StatusCode != 401 || got != want {
		t.Errorf("%d %s; want 401 %s", resp.StatusCode, got, want)
	}
	if r := g.record(); r.Status != 401 || r.Error == "" {
		t.Errorf("record %+v", r)
	}
}

func TestUpstreamFaults(t *testing.T) {
	tests := []struct {
		err  error
		code string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, "upstream_unreachable"},
		{&net.DNSError{Err: "no such host", Name: "api.openai.com", IsNotFound: true}, "upstream_name"},
		{context.DeadlineExceeded, "upstream_timeout"},
		{io.ErrUnexpectedEOF, "upstream_closed"},
	}
	for _, tt := range tests {
		g := newRig(t, nil)
		g.upstream = func(*http.Request) (*http.Response, error) { return nil, tt.err }
		resp, got := g.post(chatURL, chatPrompt("Hi"))
		if resp.StatusCode != 502 || !strings.Contains(got, `"type":"upstream_error"`) || !strings.Contains(got, `"code":"`+tt.code+`"`) {
			t.Errorf("%v: %d %s; want 502 %s", tt.err, resp.StatusCode, got, tt.code)
		}
		if r := g.record(); r.Status != 502 || r.Error != tt.code {
			t.Errorf("record %+v", r)
		}
	}
}

func TestUpstreamErrorsPassThrough(t *testing.T) {
	g := newRig(t, nil)
	body := `{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}`
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, jsonHeader, body)
		resp.StatusCode = 401
		return resp, nil
	}
	if resp, got := g.post(chatURL, chatPrompt("Hi")); resp.StatusCode != 401 || got != body {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	g.record()
}

func TestStreamsPassByteForByte(t *testing.T) {
	events := "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n" +
		": keep-alive\r\n\r\n" +
		chatEvent(0, "Write to jane.roe@exa") + chatEvent(0, "mple.net indeed") +
		"data: [DONE]\n\n"
	for _, encoding := range []string{"", "gzip"} {
		g := newRig(t, nil)
		h, sent := streamHeader.Clone(), events
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
			sent = gzipped(events)
		}
		g.upstream = func(r *http.Request) (*http.Response, error) {
			resp := answer(r, h, "")
			resp.Body, resp.ContentLength = io.NopCloser(iotest.OneByteReader(strings.NewReader(sent))), -1
			return resp, nil
		}
		_, got := g.post(chatURL, `{"stream":true,"messages":[]}`)
		if got != sent {
			t.Errorf("client got %q; want %q", got, sent)
		}
		r := g.record()
		if !r.Stream || !slices.Contains(r.Labels, "email_address") || r.BodySHA256.ResponseOut != sum(sent) || r.Action != "allow" {
			t.Errorf("record %+v", r)
		}
		if want := "Write to [EMAIL_ADDRESS_REDACTED] indeed"; r.ResponseExcerpt != want {
			t.Errorf("excerpt %q; want %q", r.ResponseExcerpt, want)
		}
	}
}

func TestThreateningStreamIsStopped(t *testing.T) {
	first := "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Well then. \"}}]}\n\n"
	for _, encoding := range []string{"", "gzip", "br"} {
		g := newRig(t, nil)
		sent := first
		for _, piece := range strings.SplitAfter(attack, " ") {
			sent += "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":" + quote(piece) + "}}]}\n\n"
		}
		sent += "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" The rest.\"}}]}\n\ndata: [DONE]\n\n"
		h := streamHeader.Clone()
		switch encoding {
		case "gzip":
			sent = gzipped(sent)
		case "br":
			sent = brotlied(sent)
		}
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		g.upstream = func(r *http.Request) (*http.Response, error) {
			resp := answer(r, h, "")
			resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(sent)), -1
			return resp, nil
		}
		req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader(`{"stream":true}`))
		resp, err := g.guard.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		r := g.record()
		if encoding == "gzip" {
			got = gunzipped(t, got)
		}
		if encoding != "br" && (err != nil || !strings.HasPrefix(string(got), first) || strings.Contains(string(got), "The rest") ||
			!strings.HasSuffix(string(got), "\n\n") || !strings.Contains(string(got), `"phase":"response"}}`) || !strings.Contains(string(got), r.ID)) {
			t.Errorf("client got %q, %v; want an error event in the end", got, err)
		}
		if encoding == "br" && r.Error != "stopped by policy" {
			t.Errorf("recorded as %q", r.Error)
		}
		if encoding == "br" && err == nil {
			t.Errorf("a compressed stream ended cleanly: %q", got)
		}
		if r.Action != "block" || r.Risk < 70 || !r.Stream {
			t.Errorf("record %+v", r)
		}
	}
}

func TestUnscannableAnswersAreRefused(t *testing.T) {
	strict, err := policy.Parse([]byte("version: 1\nunscannable: block\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, upstream := range map[string]func(r *http.Request) *http.Response{
		"websocket of an unknown extension": func(r *http.Request) *http.Response {
			a, _ := net.Pipe()
			h := http.Header{"Upgrade": {"websocket"}, "Sec-Websocket-Extensions": {"x-own-frames"}}
			return &http.Response{StatusCode: 101, Header: h, Body: a, Request: r}
		},
		"stream in an unknown encoding": func(r *http.Request) *http.Response {
			return answer(r, http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"snappy"}}, "x")
		},
		"audio": func(r *http.Request) *http.Response {
			return answer(r, http.Header{"Content-Type": {"audio/mpeg"}}, "x")
		},
	} {
		g := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return strict } })
		g.upstream = func(r *http.Request) (*http.Response, error) { return upstream(r), nil }
		resp, got := g.post(chatURL, "{}")
		if resp.StatusCode != 403 || !strings.Contains(got, `"phase":"response"`) {
			t.Errorf("%s: %d %s; want 403", name, resp.StatusCode, got)
		}
		if r := g.record(); r.Action != "block" || r.Risk != 70 {
			t.Errorf("%s: record %+v; want a block at the threshold", name, r)
		}
	}
}

// TestStreamThatCannotBeDecoded gets what the upstream sent, all of it, or
// nothing more: what is not inspected is not said to be.
func TestStreamThatCannotBeDecoded(t *testing.T) {
	sent := gzipped("data: {\"a\":1}\n\n"+strings.Repeat("data: {\"b\":2}\n\n", 500)) + "trailing garbage"
	for _, handling := range []string{"flag", "block"} {
		p, err := policy.Parse([]byte("version: 1\nunscannable: " + handling + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		g := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return p } })
		g.upstream = func(r *http.Request) (*http.Response, error) {
			resp := answer(r, http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"gzip"}}, "")
			resp.Body, resp.ContentLength = io.NopCloser(iotest.HalfReader(strings.NewReader(sent))), -1
			return resp, nil
		}
		req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader("{}"))
		resp, err := g.guard.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		r := g.record()
		if handling == "flag" && (err != nil || string(got) != sent || r.Action != "allow") {
			t.Errorf("flag: %d bytes, %v, %+v; want all %d", len(got), err, r, len(sent))
		}
		if handling == "block" && (err == nil || r.Action != "block") {
			t.Errorf("block: %v, %+v; want a cut", err, r)
		}
		if !slices.Contains(r.Labels, "undecodable") || slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool {
			return c.Surface == "response.stream" && c.State == "scanned"
		}) {
			t.Errorf("%s: labels %v, coverage %v", handling, r.Labels, r.Coverage)
		}
	}
}

// TestLongCompressedStreamIsWhole unpacks to far more than a body may.
func TestLongCompressedStreamIsWhole(t *testing.T) {
	sent := gzipped(strings.Repeat("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ha \"}}]}\n\n", 40000))
	g := newRig(t, func(c *guard.Config) { c.BodyMax = 1 << 20 })
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"gzip"}}, sent)
		resp.ContentLength = -1
		return resp, nil
	}
	if _, got := g.post(chatURL, `{"stream":true}`); got != sent {
		t.Errorf("%d bytes; want %d", len(got), len(sent))
	}
	if r := g.record(); r.Action != "allow" || r.Error != "" {
		t.Errorf("record %+v", r)
	}
}

func TestFailingInspectionFollowsPolicy(t *testing.T) {
	for _, onError := range []string{"allow", "block"} {
		p, err := policy.Parse([]byte("version: 1\non_error: " + onError + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		panics := 0
		g := newRig(t, func(c *guard.Config) {
			c.Policy = func() *policy.Policy { return p }
			c.Engine = new(inspect.Engine) // of no detectors, and not even made
			c.OnPanic = func() { panics++ }
		})
		resp, got := g.post(chatURL, chatPrompt("Hi"))
		r := g.record()
		if want := map[string]int{"allow": 200, "block": 403}[onError]; resp.StatusCode != want || r.Action != onError {
			t.Errorf("%s: %d %s, %+v; want %d", onError, resp.StatusCode, got, r, want)
		}
		if panics == 0 || !slices.Contains(r.Labels, "inspection_failed") {
			t.Errorf("%s: %d panics counted, labels %v", onError, panics, r.Labels)
		}
	}
}

// TestClientStopsAtTheLastEvent reads as SDKs do: to [DONE], and no further.
func TestClientStopsAtTheLastEvent(t *testing.T) {
	g := newRig(t, nil)
	const sent = "data: {\"choices\":[]}\n\ndata: [DONE]\n\n"
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, streamHeader, "")
		resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(sent)), -1
		return resp, nil
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader("{}"))
	resp, err := g.guard.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, len(sent))); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if r := g.record(); r.Error != "" || r.BodySHA256.ResponseOut != sum(sent) {
		t.Errorf("record %+v; want it whole", r)
	}
}

func TestCutAnswersStayCut(t *testing.T) {
	for _, h := range []http.Header{jsonHeader, streamHeader, {"Content-Type": {"audio/mpeg"}}} {
		g := newRig(t, nil)
		g.upstream = func(r *http.Request) (*http.Response, error) {
			resp := answer(r, h, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`data: {"half`), iotest.ErrReader(io.ErrUnexpectedEOF)))
			resp.ContentLength = -1
			return resp, nil
		}
		req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader("{}"))
		resp, err := g.guard.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if string(got) != `data: {"half` || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: %q, %v; want what came and the error", h, got, err)
		}
		_ = resp.Body.Close()
		if r := g.record(); r.Error != "the upstream cut the answer" || r.BodySHA256.ResponseOut != "" {
			t.Errorf("record %+v", r)
		}
	}
}

func TestClientThatLeaves(t *testing.T) {
	g := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	g.upstream = func(*http.Request) (*http.Response, error) { cancel(); return nil, ctx.Err() }
	req, _ := http.NewRequestWithContext(ctx, "POST", chatURL, strings.NewReader(chatPrompt("Hi")))
	if _, err := g.guard.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("err %v", err)
	}
	if r := g.record(); r.Status != 0 || r.Error != "the client left before the answer" {
		t.Errorf("record %+v", r)
	}
}

func TestBodiesOverTheLimit(t *testing.T) {
	long := chatPrompt(strings.Repeat("a", 2000))
	g := newRig(t, func(c *guard.Config) { c.BodyMax = 1000 })
	if resp, got := g.post(chatURL, long); resp.StatusCode != 413 || g.calls != 0 {
		t.Errorf("%d %s; want 413", resp.StatusCode, got)
	}
	if r := g.record(); r.Action != "block" || !slices.Contains(r.Labels, "too_large") {
		t.Errorf("record %+v", r)
	}
	flagging, err := policy.Parse([]byte("version: 1\nunscannable: flag\n"))
	if err != nil {
		t.Fatal(err)
	}
	g = newRig(t, func(c *guard.Config) {
		c.BodyMax = 1000
		c.Policy = func() *policy.Policy { return flagging }
	})
	reply := chatAnswer(strings.Repeat("b", 2000))
	g.upstream = func(r *http.Request) (*http.Response, error) { return answer(r, jsonHeader, reply), nil }
	if _, got := g.post(chatURL, long); got != reply || string(g.saw) != long {
		t.Error("bodies differ")
	}
	r := g.record()
	if r.Action != "allow" || !slices.Contains(r.Labels, "too_large") || r.BodySHA256.RequestIn != sum(long) || r.BodySHA256.ResponseIn != sum(reply) {
		t.Errorf("record %+v", r)
	}
}

func TestUndecodableBodies(t *testing.T) {
	bomb := gzipped(strings.Repeat("a", 64<<20))
	for name, tt := range map[string]struct{ encoding, body string }{
		"unknown encoding": {"snappy", "x"},
		"not gzip at all":  {"gzip", chatPrompt("Hi")},
		"bomb":             {"gzip", bomb},
	} {
		g := newRig(t, nil)
		resp, _ := g.post(chatURL, tt.body, "Content-Encoding", tt.encoding)
		if resp.StatusCode != 403 || g.calls != 0 {
			t.Errorf("%s: %d; want 403", name, resp.StatusCode)
		}
		if r := g.record(); !slices.Contains(r.Labels, "undecodable") {
			t.Errorf("%s: record %+v", name, r)
		}
	}
}

func TestOddJSON(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
	}{
		{"first of two keys", `{"messages":[{"role":"user","content":` + quote(attack) + `,"content":"hi"}]}`, 403},
		{"last of two keys", `{"messages":[{"role":"user","content":"hi","content":` + quote(attack) + `}]}`, 403},
		{"after the end", `{"messages":[]} {"messages":[{"role":"user","content":` + quote(attack) + `}]}`, 403},
		{"cut", `{"messages":[{"role":"user","content":` + quote(attack), 403},
		{"harmless but cut", `{"messages":[{"role":"user","content":"hi`, 200},
	}
	for _, tt := range tests {
		g := newRig(t, nil)
		resp, _ := g.post(chatURL, tt.body)
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %d; want %d", tt.name, resp.StatusCode, tt.status)
		}
		if tt.status == 200 && string(g.saw) != tt.body {
			t.Errorf("%s: upstream saw %q", tt.name, g.saw)
		}
		if r := g.record(); !slices.Contains(r.Labels, "malformed_json") {
			t.Errorf("%s: labels %v", tt.name, r.Labels)
		}
	}
}

func TestUnknownEndpointsAreInspected(t *testing.T) {
	g := newRig(t, nil)
	resp, _ := g.post("https://api.openai.com/v9/brand/new", `{"deep":[{"er":{"text":`+quote(attack)+`}}]}`)
	if r := g.record(); resp.StatusCode != 403 || r.Endpoint != "generic" {
		t.Errorf("%d %+v", resp.StatusCode, r)
	}
	resp, _ = g.post("https://api.openai.com/v9/brand/new", `{`+quote(attack)+`:1}`)
	if r := g.record(); resp.StatusCode != 403 {
		t.Errorf("in a key: %d %+v", resp.StatusCode, r)
	}
}

func TestKeysStayOutOfRecords(t *testing.T) {
	g := newRig(t, nil)
	g.post("https://api.openai.com/v1/"+secret+"/x?key="+secret, `{"model":"`+secret+`"}`,
		"X-Agent-Id", secret, "X-Session-ID", "s "+secret, "Authorization", "Bearer "+secret)
	g.record() // the rig greps it
}

func TestBinaryIsOpaque(t *testing.T) {
	g := newRig(t, nil)
	audio := string(bytes.Repeat([]byte{0xff, 0xfb, 0x90}, 1000))
	g.upstream = func(r *http.Request) (*http.Response, error) {
		return answer(r, http.Header{"Content-Type": {"audio/mpeg"}}, audio), nil
	}
	if _, got := g.post("https://api.openai.com/v1/audio/speech", `{"input":"hi"}`); got != audio {
		t.Error("bytes differ")
	}
	if r := g.record(); !slices.Contains(r.Labels, "opaque") || r.BodySHA256.ResponseIn != sum(audio) {
		t.Errorf("record %+v", r)
	}
}

func TestPanicIsRecorded(t *testing.T) {
	g := newRig(t, nil)
	g.upstream = func(*http.Request) (*http.Response, error) { panic("upstream") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		g.post(chatURL, chatPrompt("Hi"))
	}()
	if r := g.record(); r.Error != "internal error" {
		t.Errorf("record %+v", r)
	}
}
