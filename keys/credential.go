package keys

import (
	"net/http"
	"slices"
	"strings"
)

const (
	authorization = "Authorization"
	subprotocols  = "Sec-Websocket-Protocol"

	// keyProtocol begins the WebSocket subprotocol in which browsers, which
	// cannot set headers on a WebSocket, send their key.
	keyProtocol = "openai-insecure-api-key."
)

// credentialHeaders hold a credential as their whole value.
var credentialHeaders = [...]string{authorization, "Api-Key", "X-Api-Key"}

// moreToScrub is no business of the provider's key, but none of a log's either.
var moreToScrub = [...]string{"Proxy-Authorization", "Cookie", "Set-Cookie"}

// Scrub returns a copy of h without any credential: no API key in whatever
// header or WebSocket subprotocol, no Proxy-Authorization, no cookies. It suits
// request and response headers alike. h is not changed.
func Scrub(h http.Header) http.Header {
	scrubbed := h.Clone()
	strip(scrubbed)
	for name := range scrubbed {
		if isOneOf(name, moreToScrub[:]) {
			delete(scrubbed, name)
		}
	}
	return scrubbed
}

// present reports whether h carries a client's credential.
func present(h http.Header) bool {
	for name, values := range h {
		switch {
		case isOneOf(name, credentialHeaders[:]):
			if slices.ContainsFunc(values, isCredential) {
				return true
			}
		case strings.EqualFold(name, subprotocols):
			for _, line := range values {
				if slices.ContainsFunc(strings.Split(line, ","), holdsKey) {
					return true
				}
			}
		}
	}
	return false
}

// strip removes every credential of the client from h.
func strip(h http.Header) {
	// Names are compared without case: a map filled by assignment may hold
	// "authorization", which Header.Del would not find but HTTP would send.
	for name, values := range h {
		switch {
		case isOneOf(name, credentialHeaders[:]):
			delete(h, name)
		case strings.EqualFold(name, subprotocols):
			stripProtocols(h, name, values)
		}
	}
}

// stripProtocols removes the entries that hold a key. Lines without such an
// entry stay as they are, byte for byte.
func stripProtocols(h http.Header, name string, lines []string) {
	var kept []string
	for _, line := range lines {
		entries := strings.Split(line, ",")
		others := slices.DeleteFunc(slices.Clone(entries), isKeyProtocol)
		if len(others) == len(entries) {
			kept = append(kept, line)
			continue
		}
		if rest := strings.Trim(strings.Join(others, ","), " \t"); strings.Trim(rest, ", \t") != "" {
			kept = append(kept, rest)
		}
	}
	if len(kept) == 0 {
		delete(h, name)
		return
	}
	h[name] = kept
}

// isCredential reports whether the value of a credential header says anything:
// "Bearer" alone is what an SDK without a key sends.
func isCredential(value string) bool {
	value = strings.Trim(value, " \t")
	return value != "" && !strings.EqualFold(value, "Bearer")
}

func isKeyProtocol(entry string) bool {
	entry = strings.TrimLeft(entry, " \t")
	return len(entry) >= len(keyProtocol) && strings.EqualFold(entry[:len(keyProtocol)], keyProtocol)
}

// holdsKey reports whether a subprotocol entry has a key after its prefix.
func holdsKey(entry string) bool {
	return isKeyProtocol(entry) && len(strings.Trim(entry, " \t")) > len(keyProtocol)
}

func isOneOf(name string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
