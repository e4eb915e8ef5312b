package inspect

// emails finds e-mail addresses (RFC 5321, as people write them).
func emails() Detector {
	return Detector{
		name: "emails", held: true, ahead: 256,
		triggers: []trigger{{literal: "@", back: localBytes, backMax: 64, match: email}},
	}
}

var (
	localBytes  = setOf("A-Za-z0-9._%+'-")
	domainBytes = setOf("A-Za-z0-9.-")
)

// fileEndings look like top-level domains where an "@" is part of a file name,
// as in icon@2x.png.
var fileEndings = []string{"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "ts", "css", "json", "md", "html", "go", "py", "tgz", "jar", "service", "local"}

func email(w *window) {
	start := w.back(0, localBytes, 64)
	for start < 0 && !isAlnum(w.at(start)) {
		start++ // a quote or a dash before the address
	}
	if start == 0 || !isAlnum(w.at(-1)) && w.at(-1) != '_' {
		return
	}
	end := w.run(w.n, domainBytes, 190)
	for end > w.n && !isAlnum(w.at(end-1)) {
		end-- // the full stop of the sentence
	}
	score := domainScore(w.slice(w.n, end))
	if score == 0 || inAddress(w, start) || w.fold(start, "git@") {
		return
	}
	w.take(PII, "email_address", score, start, end)
	tally(w, start, end)
}

// domainScore returns how sure it is that s is the domain of an address.
func domainScore(s string) float64 {
	dot := -1
	label := 0
	for i := range len(s) {
		if s[i] != '.' {
			label++
			continue
		}
		if label == 0 || label > 63 || s[i-1] == '-' {
			return 0
		}
		dot, label = i, 0
	}
	if dot < 1 || s[0] == '-' || label < 2 || label > 24 {
		return 0
	}
	top := s[dot+1:]
	for i := range len(top) {
		if !alphaBytes[top[i]] && !foldPrefix(top, "xn--") {
			return 0
		}
	}
	for _, ending := range fileEndings {
		if foldEqual(top, ending) {
			return 0
		}
	}
	if foldEqual(top, "example") || foldEqual(top, "invalid") || foldEqual(top, "test") || containsFold(s, "example.") {
		return 0.4 // reserved for documentation
	}
	return 0.9
}

// inAddress reports whether what begins at offset i is the password of a URL.
func inAddress(w *window, i int) bool {
	if b := w.at(i - 1); b != ':' && b != '/' {
		return false
	}
	start := w.back(i, userBytesColon, 100)
	return w.has(start-2, "//") || w.has(start, "//")
}

var userBytesColon = setOf("A-Za-z0-9._~%+:-")
