package inspect

import (
	"bytes"
	"slices"
	"strings"
)

// exfiltration finds data on its way out: packed into the address of an image
// or a link that the reader's program will fetch, or asked for by a text that
// names the address.
func exfiltration() Detector {
	return Detector{
		name: "exfiltration", masks: masksExfiltration, ahead: 1024,
		triggers: []trigger{
			{literal: "http://", fold: true, left: alnumBytes, match: address},
			{literal: "https://", fold: true, left: alnumBytes, match: address},
		},
	}
}

const urlMax = 1000

var (
	urlBytes     = setOf("!#-'*-;=?-Z_a-z~[]%")
	captionBytes = setOf(" -Z\\^-~\x80-\xff")

	sensitiveList = []string{
		"conversation", "chat history", "message history", "api key", "api_key", "apikey", "password", "credential", "secret", "private key",
		"system prompt", "environment variable", "env var", "session token", "access token", "cookies", "/etc/passwd", "ssh key", "id_rsa",
		"confidential", "personal data", "emails", "inbox", "contents of",
	}
	sendVerbs    = []string{"send", "post", "upload", "forward", "transmit", "exfiltrate", "leak", "submit", "deliver", "append"}
	sendPronouns = []string{"it", "them", "these", "this", "that", "those", "everything"}
)

// address looks at the address at offset 0.
func address(w *window) {
	sendTo(w)
	place := placeOf(w)
	if place == bareAddress && w.role != Model && w.role != Tool {
		return
	}
	end := w.run(0, urlBytes, urlMax)
	url := strings.TrimRight(w.slice(0, end), trailing)
	if w.short || len(url) < addressMin || w.m.memory.knows(url) {
		return
	}
	c := cargo{w: w, place: place}
	c.weigh(url)
	if c.score > 0 {
		w.report(Exfiltration, c.rule, c.score, 0, len(url))
	}
}

// sendTo looks for an instruction to send something that should stay to the
// address at offset 0: a verb, then what to send, or "it" where a sentence
// before has said what.
func sendTo(w *window) {
	if w.role == System || !w.context(0, 24, " to ", " at ", "to:", "url") {
		return
	}
	var room [sendReach]byte
	near := room[:copy(room[:], w.slice(-sendReach, 0))]
	w.steps += 8 * len(near)
	for i, b := range near {
		near[i] = lower(b)
	}
	order := near[lastSentence(near):]
	verb := wordOf(order, sendVerbs)
	if verb < 0 {
		return
	}
	what := order[verb:]
	if wordOf(what, sendPronouns) >= 0 {
		what = near
	}
	if !slices.ContainsFunc(sensitiveList, func(s string) bool { return bytes.Contains(what, []byte(s)) }) {
		return
	}
	score := 0.45
	if w.role == Tool {
		score = 0.8
	}
	w.report(Exfiltration, "send_to_url", score, 0, w.run(0, urlBytes, urlMax))
}

const sendReach = 160

// lastSentence returns where the sentence begins that text ends in.
func lastSentence(text []byte) int {
	for i := len(text) - 2; i > 0; i-- {
		switch text[i] {
		case '.', '!', '?', ';':
			if blankBytes[text[i+1]] {
				return i + 1
			}
		case '\n':
			if text[i+1] == '\n' {
				return i + 1
			}
		case '{', '}', '`', '"', '=':
			return i + 1
		}
	}
	return 0
}

// wordOf returns where the first of the words stands by itself in text, or
// -1.
func wordOf(text []byte, words []string) int {
	for i := 0; i < len(text); i++ {
		if !alnumBytes[text[i]] || i > 0 && wordBytes[text[i-1]] {
			continue
		}
		end := i
		for end < len(text) && wordBytes[text[end]] {
			end++
		}
		if slices.Contains(words, string(text[i:end])) {
			return i
		}
		i = end
	}
	return -1
}
