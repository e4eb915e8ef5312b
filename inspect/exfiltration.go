package inspect

import "strings"

// exfiltration finds data on its way out: packed into the address of an image
// or a link that the reader's program will fetch, or asked for by a text that
// names the address.
func exfiltration() Detector {
	return Detector{
		name: "exfiltration", held: true, ahead: 1024,
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
	sendVerbs = []string{"send", "post", "upload", "forward", "transmit", "exfiltrate", "leak", "submit", "deliver", "report"}
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
// address at offset 0.
func sendTo(w *window) {
	if !w.context(0, 24, " to ", " at ", "to:", "url") {
		return
	}
	if !w.context(0, 160, sendVerbs...) || !w.context(0, 160, sensitiveList...) {
		return
	}
	score := 0.45
	switch w.role {
	case Tool:
		score = 0.8
	case System:
		return
	}
	w.report(Exfiltration, "send_to_url", score, 0, w.run(0, urlBytes, urlMax))
}
