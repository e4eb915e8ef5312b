package inspect

import "strings"

// exfiltration finds data on its way out: packed into the address of an image
// or a link that the reader's program will fetch, or asked for by a text that
// names the address.
func exfiltration() Detector {
	return Detector{
		name: "exfiltration", held: true, ahead: 1024,
		triggers: []trigger{
			{literal: "](http", fold: true, match: markdownURL},
			{literal: "http://", fold: true, left: alnumBytes, match: sendTo},
			{literal: "https://", fold: true, left: alnumBytes, match: sendTo},
		},
	}
}

const (
	urlMax    = 1000
	opaqueMin = 32 // a shorter value carries little
)

var (
	urlBytes     = setOf("!#-'*-;=?-Z_a-z~[]%")
	captionBytes = setOf(" -Z\\^-~")

	sensitiveList = []string{
		"conversation", "chat history", "message history", "api key", "api_key", "apikey", "password", "credential", "secret", "private key",
		"system prompt", "environment variable", "env var", "session token", "access token", "cookies", "/etc/passwd", "ssh key", "id_rsa",
		"confidential", "personal data", "emails", "inbox", "contents of",
	}
	sendVerbs = []string{"send", "post", "upload", "forward", "transmit", "exfiltrate", "leak", "submit", "deliver", "report"}
)

// markdownURL looks at the address of a Markdown image or link.
func markdownURL(w *window) {
	end := w.run(2, urlBytes, urlMax)
	url := w.slice(2, end)
	_, query, ok := strings.Cut(url, "?")
	if !ok || len(query) < opaqueMin {
		return
	}
	caption := w.back(0, captionBytes, 120)
	image := w.at(caption-1) == '[' && w.at(caption-2) == '!'
	score, rule := 0.0, "data_in_link"
	if image {
		rule = "data_in_image"
	}
	for value := range strings.SplitSeq(query, "&") {
		_, value, _ = strings.Cut(value, "=")
		score = max(score, carried(w, value, image))
	}
	if score > 0 {
		w.report(Exfiltration, rule, score, 2, end)
	}
}

// carried says how sure it is that value carries data out. An image is fetched
// without anybody's doing, a link only when it is clicked.
func carried(w *window, value string, image bool) float64 {
	value = strings.TrimRight(value, "=")
	if len(value) < opaqueMin {
		return 0
	}
	score := 0.0
	w.steps += 2 * len(value)
	switch {
	case strings.Count(value, "%20")+strings.Count(value, "+")+strings.Count(value, "%0A") >= 4:
		score = 0.55 // a sentence
	case plainRun(value) && decode(&w.m.scratch, value) != nil:
		score = 0.85
	case len(value) >= 2*opaqueMin && plainRun(value) && mixed(value):
		score = 0.4 // a signature, or data under a key
	}
	if !image {
		score *= 0.7
	}
	return score
}

func plainRun(s string) bool {
	for i := range len(s) {
		if !encodedBytes[s[i]] {
			return false
		}
	}
	return true
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
