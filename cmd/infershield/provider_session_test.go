package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// wsEvent is as much of any event as the tests look at.
type wsEvent struct {
	Type     string `json:"type"`
	Delta    string `json:"delta"`
	Response struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"response"`
	Session struct{ Model, Instructions string } `json:"session"`
	Error   struct{ Type, Code, Message string } `json:"error"`
}

// wsClient is a WebSocket of a test.
type wsClient struct {
	t    *testing.T
	conn *websocket.Conn
	read []string // every message so far
}

// openSocket opens a WebSocket by transport, with the client's key.
func openSocket(t *testing.T, transport http.RoundTripper, url string, mode websocket.CompressionMode) *wsClient {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: transport},
		HTTPHeader:      http.Header{"Authorization": {"Bearer " + clientKey}},
		CompressionMode: mode, CompressionThreshold: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(socketMessageMax)
	return &wsClient{t: t, conn: conn}
}

func (c *wsClient) send(format string, args ...any) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// until reads events as far as the first of the type, and returns it and the
// text of all deltas that are words.
func (c *wsClient) until(kind string) (last wsEvent, text string) {
	c.t.Helper()
	for {
		_, message, err := c.conn.Read(c.t.Context())
		if err != nil {
			c.t.Fatalf("waiting for %s: %v, after %q", kind, err, c.read)
		}
		c.read = append(c.read, string(message))
		var e wsEvent
		if err := json.Unmarshal(message, &e); err != nil {
			c.t.Fatalf("%v in %s", err, message)
		}
		if strings.HasSuffix(e.Type, ".delta") && e.Type != "response.output_audio.delta" {
			text += e.Delta
		}
		if e.Type == kind {
			return e, text
		}
	}
}

func (c *wsClient) close() {
	c.t.Helper()
	if err := c.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		c.t.Errorf("closing the WebSocket: %v", err)
	}
}

var compressions = map[string]websocket.CompressionMode{
	"plain": websocket.CompressionDisabled, "context takeover": websocket.CompressionContextTakeover, "no context takeover": websocket.CompressionNoContextTakeover,
}

func TestProviderResponsesSocket(t *testing.T) {
	p := newProvider(t, providerConfig{Deflate: true})
	for name, mode := range compressions {
		t.Run(name, func(t *testing.T) {
			c := openSocket(t, p.client(t, "http/1.1").Transport, "wss://"+p.addr()+"/v1/responses", mode)
			c.send(`{"type":"response.create","model":"gpt-5","generate":false,"input":[]}`)
			warm, text := c.until("response.completed")
			if text != "" {
				t.Errorf("got %q; want no words where none were to be generated", text)
			}
			c.send(`{"type":"response.create","previous_response_id":%q,"input":[{"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"input_text","text":"good morning"}]}]}`, warm.Response.ID)
			first, text := c.until("response.completed")
			if text != "You said: good morning" || first.Response.ID == warm.Response.ID {
				t.Errorf("got %q as %s; want the last item repeated, as another response than %s", text, first.Response.ID, warm.Response.ID)
			}
			c.send(`{"type":"response.create","input":"call it","tool_choice":"required","tools":[{"type":"function","name":"lookup"}]}`)
			if _, text = c.until("response.completed"); text != `{"input":"You said: call it"}` {
				t.Errorf("got %q; want the arguments of a call", text)
			}
			c.send(`{"type":"response.create","previous_response_id":"resp_unknown","input":"x"}`)
			if e, _ := c.until("error"); e.Error.Code != "previous_response_not_found" {
				t.Errorf("got %+v; want previous_response_not_found", e)
			}
			c.close()
			seen := p.sightings()[len(p.sightings())-1]
			if len(seen.Heard) != 4 || !slices.Equal(seen.Said, c.read) {
				t.Errorf("got %d messages heard and %d said, read %d; want 4, and the same ones", len(seen.Heard), len(seen.Said), len(c.read))
			}
		})
	}
}

func TestProviderRealtime(t *testing.T) {
	p := newProvider(t, providerConfig{})
	c := openSocket(t, p.client(t, "http/1.1").Transport, "wss://"+p.addr()+"/v1/realtime?model=gpt-realtime", websocket.CompressionDisabled)
	if e, _ := c.until("session.created"); e.Session.Model != "gpt-realtime" {
		t.Errorf("got %+v; want the model that was asked for", e)
	}
	c.send(`{"type":"session.update","session":{"type":"realtime","instructions":"Be brief.","output_modalities":["text"],"tools":[{"type":"function","name":"lookup"}]}}`)
	if e, _ := c.until("session.updated"); e.Session.Instructions != "Be brief." || e.Session.Model != "gpt-realtime" {
		t.Errorf("got %+v; want the instructions as well as the model", e)
	}
	c.send(`{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"good morning"}]}}`)
	c.until("conversation.item.done")
	for request, want := range map[string]string{
		`{"type":"response.create"}`: "You said: good morning",
		`{"type":"response.create","response":{"output_modalities":["audio"]}}`: "You said: good morning",
		`{"type":"response.create","response":{"tool_choice":"required"}}`:      `{"input":"You said: good morning"}`,
		`{"type":"response.create","response":{"instructions":"good night"}}`:   "You said: good night",
	} {
		c.send("%s", request)
		if e, text := c.until("response.done"); text != want || e.Response.Status != "completed" {
			t.Errorf("%s: got %q, %s; want %q, completed", request, text, e.Response.Status, want)
		}
	}
	c.close()
}

// TestProviderCancel checks that a response in the middle of its words can be
// cancelled, and that the WebSocket goes on.
func TestProviderCancel(t *testing.T) {
	p := newProvider(t, providerConfig{Reply: func(prompt string) reply {
		if prompt == "short" {
			return reply{pieces: []string{"short"}}
		}
		return reply{pieces: []string{"for ", "ever"}, pause: func(ctx context.Context, piece int) error {
			if piece == 0 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
	}})
	c := openSocket(t, p.client(t, "http/1.1").Transport, "wss://"+p.addr()+"/v1/realtime", websocket.CompressionDisabled)
	c.send(`{"type":"response.create","response":{"instructions":"long","output_modalities":["text"]}}`)
	c.until("response.output_text.delta")
	c.send(`{"type":"response.cancel"}`)
	if e, _ := c.until("response.done"); e.Response.Status != "cancelled" {
		t.Errorf("got %+v; want it cancelled", e)
	}
	c.send(`{"type":"response.create","response":{"instructions":"short","output_modalities":["text"]}}`)
	if _, text := c.until("response.done"); text != "short" {
		t.Errorf("got %q; want the next answer", text)
	}
}

// TestProviderReply checks that the stand-in says what it is told to, cut where
// it is told to, by every way of answering.
func TestProviderReply(t *testing.T) {
	told := reply{pieces: []string{"one", "\"tw", "o\"\n", "日本"}}
	p := newProvider(t, providerConfig{Reply: func(string) reply { return told }})
	client := p.client(t, "h2")
	ask := func(path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+p.addr()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+clientKey)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return string(readBody(t, resp))
	}
	for name, answer := range map[string]string{
		"chat":      ask("/v1/chat/completions", `{"stream":true,"n":2,"logprobs":true,"messages":[{"role":"user","content":"x"}]}`),
		"tool":      ask("/v1/chat/completions", `{"stream":true,"messages":[{"role":"user","content":"x"}],"tools":[{"function":{"name":"f"}}]}`),
		"old":       ask("/v1/completions", `{"stream":true,"prompt":"x"}`),
		"responses": ask("/v1/responses", `{"stream":true,"input":"x"}`),
	} {
		for _, piece := range told.pieces {
			quoted := quotedInner(piece)
			if name == "tool" {
				quoted = quotedInner(quoted)
			}
			if !strings.Contains(answer, quoted) {
				t.Errorf("%s: got %s; want %s in it", name, answer, quoted)
			}
		}
		if n := strings.Count(answer, `"token":"one"`); name == "chat" && n != 2 {
			t.Errorf("got %d tokens of the first piece; want one a choice", n)
		}
	}
}
