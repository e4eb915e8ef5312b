package llm_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestReframe: after a changed message the later ones do not refer to what the
// receiver never got.
func TestReframe(t *testing.T) {
	const hello, again = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", "\xc1\x05\xf2\x00\x11\x00\x00"
	for _, tt := range []struct {
		name, wire string
		config     llm.FramesConfig
		change     string // the payload that is replaced, by J, or dropped
		want       string
	}{
		{"nothing", hello + again, takeover, "", hello + again},
		{"a plain message", "\x81\x01x" + hello + again, takeover, "x", "\x81\x01J" + hello + again},
		{"a compressed message", hello + again + "\x81\x01x" + again, takeover, "Hello", "\x81\x01J\x81\x01J\x81\x01x\x81\x01J"},
		{"once", frame(0xc1, "\x00\x01\x00\xfe\xffx\x00") + hello + again + "\x81\x01y", takeover, "x", "\x81\x01J\x81\x05Hello\x81\x05Hello\x81\x01y"},
		{"without context takeover", frame(0xc1, "\x00\x01\x00\xfe\xffx\x00") + hello, fresh, "x", "\x81\x01J" + hello},
		{"dropped", frame(0xc1, "\x00\x01\x00\xfe\xffd\x00") + hello, takeover, "", "\x81\x05Hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := llm.NewFrames(tt.config)
			f.Write([]byte(tt.wire))
			var out []byte
			for {
				m, err := f.Next()
				if err != nil {
					t.Fatal(err)
				}
				if m == nil {
					break
				}
				switch string(m.Payload) {
				case tt.change:
					out = append(out, f.Replace(m, []byte("J"))...)
				case "d":
					f.Drop(m)
				default:
					p, err := f.Forward(m)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, p...)
				}
			}
			if string(out) != tt.want {
				t.Errorf("got %q; want %q", out, tt.want)
			}
		})
	}

	f := llm.NewFrames(llm.FramesConfig{Deflate: takeover.Deflate, MessageBytesMax: 20})
	f.Write([]byte(hello + frame(0xc1, strings.Repeat("x", 50))))
	m, _ := f.Next()
	f.Drop(m)
	m, _ = f.Next()
	var broken *llm.FrameError
	if _, err := f.Forward(m); !errors.As(err, &broken) || broken.Code != llm.CloseTooBig {
		t.Errorf("an opaque message behind a dropped one: got %v", err)
	}
}

// TestEncode: our own frames are read back, and no two are masked alike.
func TestEncode(t *testing.T) {
	for _, config := range []llm.FramesConfig{server, client} {
		f := llm.NewFrames(config)
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 100000} {
			payload := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
			one, two := f.Encode(llm.TextMessage, []byte(payload)), f.Encode(llm.TextMessage, []byte(payload))
			if n > 0 && bytes.Equal(one, two) == config.FromClient {
				t.Errorf("%d bytes: the mask is not fresh, or not wanted", n)
			}
			all, err := messages(config, string(one)+string(two))
			if err != nil || len(all) != 2 || string(all[1].Payload) != payload || all[1].Kind != llm.TextMessage {
				t.Errorf("%d bytes: got %v, %v", n, all, err)
			}
		}
		all, err := messages(config, string(f.Close(llm.ClosePolicy, strings.Repeat("€", 100))))
		if err != nil || len(all) != 1 || string(all[0].Payload) != "\x03\xf0"+strings.Repeat("€", 41) {
			t.Errorf("close: got %v, %v", all, err)
		}
	}
}

func TestExtensions(t *testing.T) {
	none, agreed, alone := llm.Deflate{}, llm.Deflate{Agreed: true}, llm.Deflate{Agreed: true, Fresh: true}
	for _, tt := range []struct {
		header         []string
		client, server llm.Deflate
		ok             bool
	}{
		{nil, none, none, true},
		{[]string{""}, none, none, true},
		{[]string{"permessage-deflate"}, agreed, agreed, true},
		{[]string{" permessage-deflate ; client_no_context_takeover"}, alone, agreed, true},
		{[]string{"permessage-deflate; server_no_context_takeover; client_max_window_bits=9; server_max_window_bits=\"10\""}, agreed, alone, true},
		{[]string{"permessage-deflate; server_max_window_bits=16"}, none, none, false},
		{[]string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, none, none, false},
		{[]string{"permessage-deflate; mystery"}, none, none, false},
		{[]string{"permessage-deflate", "permessage-deflate"}, none, none, false},
		{[]string{"permessage-deflate, x-other"}, none, none, false},
		{[]string{"permessage-bzip2"}, none, none, false},
		{[]string{"=;"}, none, none, false},
	} {
		c, s, err := llm.Extensions(http.Header{"Sec-Websocket-Extensions": tt.header})
		if (err == nil) != tt.ok || c != tt.client || s != tt.server {
			t.Errorf("%q: got %v, %v, %v", tt.header, c, s, err)
		}
	}
}
