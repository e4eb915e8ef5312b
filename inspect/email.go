package inspect

// emails finds e-mail addresses (RFC 5321 and 6531, as people write them).
func emails() Detector {
	return Detector{
		name: "emails", masks: masksPII | masksExfiltration, ahead: 256,
		triggers: []trigger{
			{literal: "@", back: localBytes, backMax: 64, shown: 64, match: email},
			{literal: `"@`, back: quotedLocal, backMax: 64, shown: 64, match: quotedEmail},
			{literal: "[at]", fold: true, back: localBytes, backMax: 64, shown: 64, match: hiddenEmail},
			{literal: "(at)", fold: true, back: localBytes, backMax: 64, shown: 64, match: hiddenEmail},
			{literal: "mail", fold: true, left: setOf("A-Za-df-z0-9"), match: spokenEmail},
		},
	}
}

// localBytes are those before the "@": ASCII, and in UTF-8 the letters from
// Latin to Armenian. The scripts of China and Japan have no spaces, and would
// hold a stream back for nothing.
var (
	localBytes  = setOf("A-Za-z0-9._%+'\x80-\xbf\xc3-\xd6-")
	quotedLocal = setOf("A-Za-z0-9._%+'\"\x80-\xbf\xc3-\xd6-")
	domainBytes = setOf("A-Za-z0-9.-")
	wideDomain  = setOf("A-Za-z0-9.\x80-\xff-")
)

// fileEndings look like top-level domains where an "@" is part of a file name,
// as in icon@2x.png.
var fileEndings = []string{"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "ts", "css", "json", "md", "html", "go", "py", "tgz", "jar", "service", "local"}

func email(w *window) {
	start := localStart(w)
	if start == 0 || !isLocalEnd(w.at(-1)) {
		return
	}
	end, score := domainEnd(w, w.n)
	if score == 0 || inAddress(w, start) || w.fold(start, "git@") {
		return
	}
	w.take(PII, "email_address", score, start, end)
	tally(w, start, end)
}

// localStart returns where the local part begins that ends at offset 0.
func localStart(w *window) int {
	start := w.back(0, localBytes, 64)
	for start < 0 && !isAlnum(w.at(start)) && (w.at(start) < 0xc3 || w.at(start) > 0xd6) {
		start++ // a quote or a dash before the address, or half a letter
	}
	return start
}

func isLocalEnd(b byte) bool { return isAlnum(b) || b == '_' || b >= 0x80 }

// quotedEmail reports an address whose local part is in quotes. A stream has let
// go the first words of one with spaces: they stay.
func quotedEmail(w *window) {
	start := w.back(0, quotedLocal, 64)
	if start == 0 || start == -1 && w.at(-1) == '"' {
		return
	}
	if end, score := domainEnd(w, w.n); score > 0 {
		w.take(PII, "email_address", score, start, end)
	}
}

// domainEnd returns the end of the domain at offset i, and how sure it is one.
func domainEnd(w *window, i int) (end int, score float64) {
	end = w.run(i, domainBytes, 190)
	if w.at(end) >= 0x80 {
		if wide := wideDomainEnd(w, i); wide > end {
			return wide, 0.8
		}
	}
	for end > i && !isAlnum(w.at(end-1)) {
		end-- // the full stop of the sentence
	}
	return end, domainScore(w.slice(i, end))
}

// wideDomainEnd returns the end of the domain at offset i if it has letters
// beyond ASCII, 0 if it has not. The last part is all ASCII or all beyond: what
// follows "com" may be the next word of a script without spaces.
func wideDomainEnd(w *window, i int) int {
	end := w.run(i, wideDomain, 190)
	dot, wide, ascii := 0, 0, 0
	for at := i; at < end; at++ {
		switch b := w.at(at); {
		case b == '.':
			if at == i || w.at(at-1) == '.' {
				return 0
			}
			dot, wide, ascii = at, 0, 0
		case b >= 0x80:
			if wide++; dot > 0 && ascii > 0 || w.has(at, "。") || w.has(at, "，") || w.has(at, "“") || w.has(at, "”") || w.has(at, "\u00a0") {
				end = at
			}
		case dot > 0 && wide > 0:
			end = at
		default:
			ascii++
		}
	}
	if dot == 0 || end < dot+3 || wide == 0 && ascii < 2 || !hasWide(w, i, dot) && !hasWide(w, dot, end) {
		return 0
	}
	return end
}

func hasWide(w *window, i, j int) bool {
	for ; i < j; i++ {
		if w.at(i) >= 0x80 {
			return true
		}
	}
	return false
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
