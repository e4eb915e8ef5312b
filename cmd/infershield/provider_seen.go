package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"sync"
)

const keySubprotocol = "openai-insecure-api-key."

// offeredKeys are the credentials of a request, the one that counts first.
func offeredKeys(h http.Header) []string {
	var keys []string
	if key, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok && key != "" {
		keys = append(keys, key)
	}
	for _, name := range []string{"Api-Key", "X-Api-Key"} {
		if key := h.Get(name); key != "" {
			keys = append(keys, key)
		}
	}
	for _, offer := range subprotocols(h) {
		if key, ok := strings.CutPrefix(offer, keySubprotocol); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// sighting is one request as the provider saw it. It prints without its
// credentials; carried says whether a given one was there.
type sighting struct {
	Method, Host, Path string // Path as it stood in the request line, query included
	Proto              string // HTTP/1.1 or HTTP/2.0
	Header, Trailer    http.Header
	Body               []byte // the first providerBodyKept bytes
	BodySHA256         string // of the whole body, in hex
	AnswerSHA256       string // of the answer's body as far as it was written, in hex
	AnswerBytes        int64
	Heard, Said        []string // the messages of a WebSocket, unpacked: the client's, and the events

	keys []string
}

// carried reports whether key was among the request's credentials.
func (s sighting) carried(key string) bool { return slices.Contains(s.keys, key) }

// String leaves out the keys, the header and the body.
func (s sighting) String() string {
	return fmt.Sprintf("%s %s%s %s, %d credentials", s.Method, s.Host, s.Path, s.Proto, len(s.keys))
}

// GoString makes %#v as mute as %v.
func (s sighting) GoString() string { return s.String() }

// visit is a sighting under way. Its owner is the provider.
type visit struct {
	sighting sighting

	mu     sync.Mutex
	answer hash.Hash
	bytes  int64
}

func (p *provider) remember(r *http.Request, body []byte) *visit {
	sum := sha256.Sum256(body)
	v := &visit{answer: sha256.New(), sighting: sighting{
		Method: r.Method, Host: r.Host, Path: r.RequestURI, Proto: r.Proto,
		Header: withoutKeys(r.Header), Trailer: r.Trailer.Clone(),
		Body:       bytes.Clone(body[:min(len(body), providerBodyKept)]),
		BodySHA256: hex.EncodeToString(sum[:]),
		keys:       offeredKeys(r.Header),
	}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.visits) == providerSightingsMax {
		p.visits = slices.Delete(p.visits, 0, 1)
	}
	p.visits = append(p.visits, v)
	return v
}

// sightings are the requests so far, oldest first, at most providerSightingsMax.
func (p *provider) sightings() []sighting {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := make([]sighting, 0, len(p.visits))
	for _, v := range p.visits {
		seen = append(seen, v.snapshot())
	}
	return seen
}

func (v *visit) snapshot() sighting {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sighting
	s.Heard, s.Said = slices.Clone(s.Heard), slices.Clone(s.Said)
	s.AnswerSHA256 = hex.EncodeToString(v.answer.Sum(nil))
	s.AnswerBytes = v.bytes
	return s
}

// heard notes a message of the client's.
func (v *visit) heard(message []byte) { v.keep(&v.sighting.Heard, message) }

// said notes a message to the client, before it goes out.
func (v *visit) said(message []byte) { v.keep(&v.sighting.Said, message) }

func (v *visit) keep(messages *[]string, message []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(*messages) < providerMessagesKept {
		*messages = append(*messages, string(message))
	}
}

// visitOf is the visit that is being answered.
func visitOf(w http.ResponseWriter) *visit {
	for {
		switch v := w.(type) {
		case *seenWriter:
			return v.visit
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			panic("the provider answers through a seenWriter")
		}
	}
}

// withoutKeys is a copy of h without credentials.
func withoutKeys(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Authorization", "Api-Key", "X-Api-Key"} {
		h.Del(name)
	}
	offers := slices.DeleteFunc(subprotocols(h), func(offer string) bool { return strings.HasPrefix(offer, keySubprotocol) })
	h.Del("Sec-WebSocket-Protocol")
	if len(offers) > 0 {
		h.Set("Sec-WebSocket-Protocol", strings.Join(offers, ", "))
	}
	return h
}

func subprotocols(h http.Header) []string {
	var offers []string
	for offer := range strings.SplitSeq(strings.Join(h.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if offer = strings.TrimSpace(offer); offer != "" {
			offers = append(offers, offer)
		}
	}
	return offers
}

// seenWriter notes the answer before it goes out, so that whoever has read an
// answer finds it in the sighting.
type seenWriter struct {
	http.ResponseWriter
	visit *visit
}

func (w *seenWriter) Write(b []byte) (int, error) {
	w.visit.mu.Lock()
	w.visit.answer.Write(b)
	w.visit.bytes += int64(len(b))
	w.visit.mu.Unlock()
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush and hijack.
func (w *seenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
