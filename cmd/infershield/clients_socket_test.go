package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// held is one play over a WebSocket.
type held struct {
	play play
	call streamCall
	got  streamed
}

// socketWays are the ways to hold a conversation over a WebSocket with the
// openai package. It opens the Realtime API's over TLS alone, so those go by
// CONNECT alone.
var socketWays = []streamCall{
	{ID: "realtime text", API: "realtime", Modality: "text"},
	{ID: "realtime audio", API: "realtime", Modality: "audio"},
	{ID: "responses connect", API: "responses", Turns: 2},
	{ID: "responses local", API: "responses", Turns: 2, Base: "front"},
}

// TestClientsSocketSDK has the openai package hold every play over its
// WebSockets, compressed and not.
func TestClientsSocketSDK(t *testing.T) {
	needsNPM(t)
	for name, deflate := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			secret := demoKey()
			s := &stage{plays: slices.DeleteFunc(plays(secret), func(p play) bool { return p.choices > 1 })}
			p := serve(t, serveOptions{keyMode: "passthrough", provider: providerConfig{Reply: s.reply, Deflate: deflate}})
			for _, h := range s.hold(t, p) {
				t.Run(h.call.ID, func(t *testing.T) { h.check(t, p, secret) })
			}
			checkSocketRecords(t, p.recordList(t))
			checkCancelled(t, p.provider)
		})
	}
}

// checkSocketRecords wants, of each way, the four plays' actions, both
// directions read, and nothing changed where nothing was done.
func checkSocketRecords(t *testing.T, records []audit.Record) {
	t.Helper()
	actions := map[string]int{}
	for _, r := range records {
		actions[r.Action]++
		for _, surface := range []string{"websocket.request", "websocket.response"} {
			if !slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool { return c.Surface == surface && c.State != "opaque" }) {
				t.Errorf("got %+v; want %s inspected", r, surface)
			}
		}
		same := r.BodySHA256.RequestIn == r.BodySHA256.RequestOut && r.BodySHA256.ResponseIn == r.BodySHA256.ResponseOut
		if r.Status != http.StatusSwitchingProtocols || r.Action == "allow" && !same {
			t.Errorf("got %+v; want a WebSocket, and the sums equal where it was allowed", r)
		}
	}
	ways := len(socketWays)
	if want := map[string]int{"allow": ways, "redact": 2 * ways, "block": ways}; !maps.Equal(actions, want) {
		t.Errorf("got %v; want %v", actions, want)
	}
}

// checkCancelled wants the provider told that nobody wants the rest of what was
// blocked.
func checkCancelled(t *testing.T, p *provider) {
	t.Helper()
	if err := p.close(); err != nil { // so that it has read all there is
		t.Error(err)
	}
	for _, s := range p.sightings() {
		blocked := slices.ContainsFunc(s.Heard, func(m string) bool { return strings.Contains(m, `"blocked (`) })
		if cancelled := slices.Contains(s.Heard, `{"type":"response.cancel"}`); cancelled != blocked {
			t.Errorf("got %q at the provider; blocked: %t, cancelled: %t", s.Heard, blocked, cancelled)
		}
	}
}

func (s *stage) hold(t *testing.T, p *proxyProcess) []held {
	t.Helper()
	var all []held
	var calls []streamCall
	prompts := map[string]string{}
	for _, way := range socketWays {
		for _, play := range s.plays {
			c := way
			c.ID, c.Key, c.Tool = play.name+", "+way.ID, clientKey, play.tool
			c.Prompt = play.name + fmt.Sprintf(" (%s)", c.ID)
			if c.Base != "" {
				c.Base = p.front()
			}
			if play.tool || play.gated {
				c.Turns = 1
			}
			prompts[c.ID] = c.Prompt
			calls = append(calls, c)
			all = append(all, held{play: play, call: c})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := streamProgram("node", "testdata/clients/socket_sdk.cjs")(ctx, t, p, calls, func(id, _ string) {
		select {
		case s.gate(prompts[id]) <- struct{}{}:
		default:
		}
	})
	for i := range all {
		all[i].got = got[i]
	}
	return all
}

func (h held) check(t *testing.T, p *proxyProcess, secret string) {
	t.Helper()
	seen := h.sighting(p.provider)
	if seen == nil {
		t.Fatalf("nobody at the provider heard %q", h.call.Prompt)
	}
	if h.play.action == "block" {
		h.checkBlocked(t)
		return
	}
	if h.got.Error != "" || h.got.Closed != 1000 {
		t.Errorf("got %s %s, closed with %d %s; want no error and 1000", h.got.Error, h.got.Message, h.got.Closed, h.got.Reason)
	}
	texts := h.got.Texts
	if h.play.tool {
		texts = []string{h.got.Arguments}
	}
	if want := max(1, h.call.Turns); len(texts) != want || len(h.got.Repeats) < want {
		t.Errorf("got texts %q, %d repeats; want %d and repeats", texts, len(h.got.Repeats), want)
	}
	for _, text := range append(texts, h.got.Repeats...) {
		if text != h.play.want {
			t.Errorf("got %q; want %q", text, h.play.want)
		}
	}
	if h.play.action == "allow" && !slices.Equal(h.got.Messages, seen.Said) {
		t.Errorf("got %q; want what the provider said: %q", h.got.Messages, seen.Said)
	}
	for i := len("sk-proj-"); i+12 <= len(secret); i++ {
		if all := []byte(strings.Join(h.got.Messages, "\n")); bytes.Contains(all, []byte(secret[i:i+12])) {
			t.Fatalf("a part of the secret is in %s", all)
		}
	}
}

// sighting is the WebSocket on which the provider heard the call's prompt.
func (h held) sighting(p *provider) *sighting {
	for _, s := range p.sightings() {
		for _, message := range s.Heard {
			if strings.Contains(message, quotedInner(h.call.Prompt)) {
				return &s
			}
		}
	}
	return nil
}

// checkBlocked wants the package's ordinary error, from a typed event, and then
// the close code for a breach of policy.
func (h held) checkBlocked(t *testing.T) {
	t.Helper()
	raised := map[string]string{"realtime": "OpenAIRealtimeError", "responses": "WebSocketError"}[h.call.API]
	if h.got.Error != raised || h.got.Code != "firewall_block" || !strings.Contains(h.got.Message, "Response blocked by InferShield: ") || h.got.Closed != 1008 {
		t.Errorf("got %s, code %q, %q, closed with %d %s; want %s with firewall_block, and 1008", h.got.Error, h.got.Code, h.got.Message, h.got.Closed, h.got.Reason, raised)
	}
	if text := strings.Join(h.got.Texts, ""); !strings.HasPrefix(text, h.play.before) || strings.Contains(text, "prompt") {
		t.Errorf("got %q; want what came before the threat, and not all of it", text)
	}
}
