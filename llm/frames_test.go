package llm_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/llm"
)

// frame writes one frame as a server does, maskedFrame as a client
// does. The head is the first byte: the bits and the opcode.
func frame(head byte, payload string) string {
	return wire(ws.Header{Fin: head&0x80 != 0, Rsv: head >> 4 & 7, OpCode: ws.OpCode(head & 15), Length: int64(len(payload))}, payload)
}

func maskedFrame(head byte, payload string) string {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	ciphered := []byte(payload)
	ws.Cipher(ciphered, mask, 0)
	return wire(ws.Header{Fin: head&0x80 != 0, Rsv: head >> 4 & 7, OpCode: ws.OpCode(head & 15), Masked: true, Mask: mask, Length: int64(len(payload))}, string(ciphered))
}

func wire(h ws.Header, payload string) string {
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		panic(err)
	}
	return b.String() + payload
}

// messages returns the messages of a direction that arrives in the given pieces.
func messages(config llm.FramesConfig, pieces ...string) (all []*llm.Message, err error) {
	f := llm.NewFrames(config)
	for _, p := range pieces {
		f.Write([]byte(p))
		for {
			m, err := f.Next()
			if err != nil {
				return all, err
			}
			if m == nil {
				break
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// tell describes messages, the pieces of opaque ones joined.
func tell(all []*llm.Message, err error) (lines []string) {
	var open *llm.Message
	for _, m := range all {
		if m.Opaque == llm.OpaqueLarge && m.Kind <= llm.BinaryMessage {
			if open != nil {
				open.Raw = append(open.Raw, m.Raw...)
			} else {
				copied := *m
				open = &copied
				open.Raw = bytes.Clone(m.Raw)
			}
			if m.More {
				continue
			}
			m, open = open, nil
		}
		lines = append(lines, fmt.Sprintf("%d %q %s %x", m.Kind, m.Payload, m.Opaque, m.Raw))
	}
	if open != nil {
		lines = append(lines, "open")
	}
	if err != nil {
		lines = append(lines, err.Error())
	}
	return lines
}

var (
	server = llm.FramesConfig{}
	client = llm.FramesConfig{FromClient: true}
	// both directions with compression, in each of its ways
	takeover = llm.FramesConfig{Deflate: llm.Deflate{Agreed: true}}
	fresh    = llm.FramesConfig{Deflate: llm.Deflate{Agreed: true, Fresh: true}}
)

// TestFrames goes through the examples of RFC 6455, section 5.7, of RFC 7692,
// section 7.2.3, and what else may come.
func TestFrames(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config llm.FramesConfig
		wire   string
		want   []string // kind and payload
	}{
		{"text", server, "\x81\x05Hello", []string{"1 Hello"}},
		{"masked text", client, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", []string{"1 Hello"}},
		{"fragmented", server, "\x01\x03Hel\x80\x02lo", []string{"1 Hello"}},
		{"ping", server, "\x89\x05Hello", []string{"4 Hello"}},
		{"masked pong", client, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", []string{"5 Hello"}},
		{"256 bytes", server, "\x82\x7e\x01\x00" + strings.Repeat("x", 256), []string{"2 " + strings.Repeat("x", 256)}},
		{"64 KiB", server, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 65536), []string{"2 " + strings.Repeat("x", 65536)}},
		{"126 bytes", server, frame(0x82, strings.Repeat("x", 126)), []string{"2 " + strings.Repeat("x", 126)}},
		{"a length longer than it need be", server, "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x\x81\x7e\x00\x01y", []string{"1 x", "1 y"}},
		{"empty", server, "\x81\x00\x82\x00", []string{"1 ", "2 "}},
		{"empty fragments", server, "\x01\x00\x00\x00\x80\x00", []string{"1 "}},
		{"a rune in two fragments", server, frame(0x01, "\xe2\x82") + frame(0x80, "\xac"), []string{"1 €"}},
		{"ping among fragments", server, frame(0x01, "a") + frame(0x89, "p") + frame(0x00, "b") + frame(0x8a, "q") + frame(0x80, "c"), []string{"4 p", "5 q", "1 abc"}},
		{"close", server, frame(0x88, ""), []string{"3 "}},
		{"close with a reason", server, frame(0x88, "\x03\xe8bye"), []string{"3 \x03\xe8bye"}},
		{"close with a private code", server, frame(0x88, "\x0f\xa0"), []string{"3 \x0f\xa0"}},
		{"close with codes of late", server, frame(0x88, "\x03\xf4"), []string{"3 \x03\xf4"}},
		{"after a close", server, frame(0x88, "") + frame(0x81, "x") + "\xff\xff\xff", []string{"3 "}},
		{"a close among fragments", server, frame(0x01, "a") + frame(0x88, ""), []string{"3 "}},
		{"control of 125 bytes", server, frame(0x89, strings.Repeat("x", 125)), []string{"4 " + strings.Repeat("x", 125)}},
		{"not compressed, though it could be", takeover, "\x81\x05Hello", []string{"1 Hello"}},
		{"compressed", takeover, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", []string{"1 Hello"}},
		{"compressed in fragments", takeover, "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", []string{"1 Hello"}},
		{"context takeover", takeover, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", []string{"1 Hello", "1 Hello"}},
		{"no context takeover", fresh, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", []string{"1 Hello", "1 Hello"}},
		{"stored", takeover, "\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", []string{"1 Hello"}},
		{"final block", takeover, "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05\xf2\x00\x11\x00\x00", []string{"1 Hello", "1 Hello"}},
		{"two blocks", takeover, "\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", []string{"1 Hello"}},
		{"compressed nothing", takeover, "\xc1\x01\x00", []string{"1 "}},
		{"a ping while compressed", takeover, "\x41\x03\xf2\x48\xcd\x89\x01p\x80\x04\xc9\xc9\x07\x00", []string{"4 p", "1 Hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := messages(tt.config, tt.wire)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var raw []byte
			for _, m := range all {
				got = append(got, fmt.Sprintf("%d %s", m.Kind, m.Payload))
				raw = append(raw, m.Raw...)
				if m.Opaque != "" || m.More {
					t.Errorf("opaque: %+v", m)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if !strings.Contains(tt.name, "among") && !strings.Contains(tt.name, "while") && !strings.HasPrefix(tt.wire, string(raw)) {
				t.Errorf("got bytes %x; want %x", raw, tt.wire)
			}
			if len(tt.wire) < 100 {
				if split := tell(messages(tt.config, bytewise(tt.wire)...)); !slices.Equal(split, tell(all, nil)) {
					t.Errorf("byte by byte: got %q", split)
				}
			}
		})
	}
}

func TestFrameErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config llm.FramesConfig
		wire   string
		code   int
	}{
		{"a client's frame that is not masked", client, "\x81\x05Hello", 1002},
		{"a server's frame that is masked", server, maskedFrame(0x81, "Hello"), 1002},
		{"opcode 3", server, frame(0x83, ""), 1002},
		{"opcode 7", server, frame(0x87, ""), 1002},
		{"opcode 11", server, frame(0x8b, ""), 1002},
		{"opcode 15", server, frame(0x8f, ""), 1002},
		{"first reserved bit", server, frame(0xc1, "x"), 1002},
		{"second reserved bit", server, frame(0xa1, "x"), 1002},
		{"third reserved bit", takeover, frame(0x91, "x"), 1002},
		{"second reserved bit beside the first", takeover, frame(0xe1, "x"), 1002},
		{"compressed control", takeover, frame(0xc9, "x"), 1002},
		{"compressed continuation", takeover, frame(0x01, "x") + frame(0xc0, "x"), 1002},
		{"fragmented ping", server, frame(0x09, "x"), 1002},
		{"fragmented close", server, frame(0x08, ""), 1002},
		{"ping of 126 bytes", server, frame(0x89, strings.Repeat("x", 126)), 1002},
		{"continuation of nothing", server, frame(0x80, "x"), 1002},
		{"text inside text", server, frame(0x01, "x") + frame(0x81, "y"), 1002},
		{"binary inside text", server, frame(0x01, "x") + frame(0x02, "y"), 1002},
		{"64 bits of length", server, "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 1002},
		{"text that is not UTF-8", server, frame(0x81, "\xff"), 1007},
		{"text that ends in a rune", server, frame(0x01, "\xe2") + frame(0x80, "\x82"), 1007},
		{"a surrogate in text", server, frame(0x81, "\xed\xa0\x80"), 1007},
		{"close of one byte", server, frame(0x88, "\x03"), 1002},
		{"close code 0", server, frame(0x88, "\x00\x00"), 1002},
		{"close code 999", server, frame(0x88, "\x03\xe7"), 1002},
		{"close code 1004", server, frame(0x88, "\x03\xec"), 1002},
		{"close code 1005", server, frame(0x88, "\x03\xed"), 1002},
		{"close code 1006", server, frame(0x88, "\x03\xee"), 1002},
		{"close code 1015", server, frame(0x88, "\x03\xf7"), 1002},
		{"close code 2999", server, frame(0x88, "\x0b\xb7"), 1002},
		{"close code 5000", server, frame(0x88, "\x13\x88"), 1002},
		{"close reason that is not UTF-8", server, frame(0x88, "\x03\xe8\xff"), 1007},
		{"not DEFLATE", takeover, frame(0xc1, "\xff\xff"), 1007},
		{"compressed and cut off in a header", takeover, "\xc1\x07200\x00007", 1007},
		{"compressed and cut off", takeover, "\xc1\x03\xf2\x48\xcd", 1007},
		{"a distance into nothing", fresh, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", 1007},
		{"compressed text that is not UTF-8", takeover, frame(0xc1, "\x00\x01\x00\xfe\xff\xff\x00"), 1007},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.wire}, bytewise(tt.wire)} {
				f := llm.NewFrames(tt.config)
				var m *llm.Message
				var err error
				for _, p := range pieces {
					f.Write([]byte(p))
					for m, err = f.Next(); m != nil; m, err = f.Next() {
					}
				}
				var broken *llm.FrameError
				if !errors.As(err, &broken) || broken.Code != tt.code {
					t.Errorf("got %v; want %d", err, tt.code)
				}
				f.Write([]byte(frame(0x81, "later")))
				if m, again := f.Next(); m != nil || !errors.Is(again, err) {
					t.Errorf("afterwards: got %v, %v", m, again)
				}
			}
		})
	}
}

// TestFrameLimits: what is too long is said so at once, and passes in pieces.
func TestFrameLimits(t *testing.T) {
	limited := func(c llm.FramesConfig) llm.FramesConfig { c.MessageBytesMax = 100; return c }
	long := strings.Repeat("x", 200)
	bomb := string(deflated(t, bytes.Repeat([]byte("a"), 101), 1000, 9))
	bomb = bomb[:len(bomb)-9] // the end of the stream and of the flush
	const hello, again = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", "\xc1\x05\xf2\x00\x11\x00\x00"
	for _, tt := range []struct {
		name   string
		config llm.FramesConfig
		wire   string
		want   []string
	}{
		{"a frame at the limit", limited(server), frame(0x81, long[:98]), []string{long[:98]}},
		{"a frame", limited(server), frame(0x81, long) + frame(0x81, "x"), []string{"too_large", "x"}},
		{"fragments", limited(server), frame(0x01, long[:90]) + frame(0x89, "p") + frame(0x00, long[:90]) + frame(0x89, "q") + frame(0x80, "") + frame(0x82, "x"), []string{"p", "q", "too_large", "x"}},
		{"empty fragments", limited(server), frame(0x01, "") + strings.Repeat(frame(0x00, ""), 100) + frame(0x80, ""), []string{"too_large"}},
		{"compressed as sent", limited(takeover), hello + frame(0xc1, long) + again + frame(0x81, "x"), []string{"Hello", "too_large", "lost_context", "x"}},
		{"compressed as decoded", limited(takeover), hello + frame(0xc1, bomb) + again + frame(0x81, "x"), []string{"Hello", "too_large", "lost_context", "x"}},
		{"compressed by itself", limited(fresh), frame(0xc1, long) + frame(0xc1, bomb) + hello, []string{"too_large", "too_large", "Hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range [][]string{{tt.wire}, bytewise(tt.wire)} {
				all, err := messages(tt.config, pieces...)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, m := range all {
					if !m.More {
						got = append(got, string(m.Payload)+m.Opaque)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			}
		})
	}

	f := llm.NewFrames(llm.FramesConfig{MessageBytesMax: 1 << 20})
	f.Write([]byte("\x81\x7f\x00\x00\x00\x10\x00\x00\x00\x00")) // 64 GB
	if m, err := f.Next(); err != nil || m == nil || !m.More || m.Opaque != llm.OpaqueLarge {
		t.Errorf("the header of a huge frame: got %v, %v", m, err)
	}
	zeros := string(deflated(t, make([]byte, 16<<20), 16<<20, 9))
	all, err := messages(takeover, frame(0xc2, zeros[:len(zeros)-9]))
	if err != nil || len(all) != 1 || all[0].Opaque != llm.OpaqueLarge {
		t.Errorf("a bomb: got %v, %v", all, err)
	}
}

// FuzzFrames: any bytes, however cut, give the same messages, whose bytes are
// what was written.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{"\x81\x05Hello", "\x01\x03Hel\x89\x01p\x80\x02lo", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", "\x88\x02\x03\xe8", frame(0x82, strings.Repeat("x", 300)), maskedFrame(0x81, "Hello") + maskedFrame(0x89, "")} {
		for how := range uint8(8) {
			f.Add([]byte(s), how, uint64(1))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, how uint8, seed uint64) {
		config := llm.FramesConfig{FromClient: how&1 != 0, Deflate: llm.Deflate{Agreed: how&2 != 0, Fresh: how&4 != 0}, MessageBytesMax: 200}
		all, err := messages(config, string(data))
		whole := tell(all, err)
		for _, pieces := range [][]string{bytewise(string(data)), cut(rand.New(rand.NewPCG(seed, 0)), string(data))} {
			if got := tell(messages(config, pieces...)); !slices.Equal(got, whole) {
				t.Fatalf("%x: cut otherwise:\n%s\nwhole:\n%s", data, strings.Join(got, "\n"), strings.Join(whole, "\n"))
			}
		}
		var raw []byte
		controls := false
		for _, m := range all {
			raw = append(raw, m.Raw...)
			controls = controls || m.Kind > llm.BinaryMessage
		}
		if !controls && !bytes.HasPrefix(data, raw) {
			t.Fatalf("%x: got bytes %x", data, raw)
		}
	})
}
