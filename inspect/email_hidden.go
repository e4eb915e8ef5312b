package inspect

// hiddenScore is that of an address which is written so that programs miss it:
// below a plain one, for so are other things written.
const hiddenScore = 0.4

// hiddenEmail reports the address around "[at]" or "(at)". With a space before
// it, a stream has let the name go, and the finding begins at the sign.
func hiddenEmail(w *window) {
	start := localStart(w)
	if start == 0 && w.at(-1) != ' ' {
		return
	}
	i := w.n
	if w.at(i) == ' ' {
		i++
	}
	if end := spokenDomain(w, i); end > 0 {
		w.take(PII, "email_address", hiddenScore, start, end)
	}
}

// spokenReach is how far after the word "mail" an address may begin.
const spokenReach = 48

// spokenEmail looks behind the word "mail" for "name at example dot com".
func spokenEmail(w *window) {
	start := w.n
	for i := w.n; i < w.n+spokenReach; i++ {
		switch b := w.at(i); {
		case b == ' ':
			if sign := atSign(w, i+1); sign > 0 && i > start && isAlnum(w.at(i-1)) {
				if end := spokenDomain(w, sign); end > 0 {
					w.take(PII, "email_address", hiddenScore, start, end)
					return
				}
			}
			if w.fold(i, " dot ") || w.fold(i-4, " dot ") {
				continue
			}
			start = i + 1
		case b == ':' || b == '=' || b == '"' || b == '\'' || b == '(' || b == '\t':
			start = i + 1
		case !localBytes[b], b == '.' && w.at(i+1) == ' ':
			return
		}
	}
}

// atSign returns the offset after "at " in one of its forms, 0 if none stands at
// offset i.
func atSign(w *window, i int) int {
	for _, sign := range []string{"at ", "[at] ", "(at) ", "{at} ", "<at> ", "arroba ", "chiocciola "} {
		if w.fold(i, sign) {
			return i + len(sign)
		}
	}
	return 0
}

// spokenDomain returns the end of a domain at offset i whose dots may be
// spelled out, 0 if there is none. "at example.com" needs a bracket before it,
// or it may be where something is to be seen.
func spokenDomain(w *window, i int) int {
	labels := 0
	for labels < 4 {
		end := w.run(i, tokenBytes, 64)
		if end == i {
			return 0
		}
		dot := 0
		for _, form := range []string{" dot ", "[dot]", "(dot)", " [dot] ", " (dot) ", " punto ", " punkt ", " . "} {
			if w.fold(end, form) {
				dot = end + len(form)
			}
		}
		if w.at(end) == '.' && isAlnum(w.at(end+1)) && w.at(i-1) != ' ' {
			dot = end + 1
		}
		if dot == 0 {
			if labels == 0 || end-i < 2 || end-i > 10 || w.run(i, alphaBytes, 11) != end {
				return 0
			}
			return end
		}
		labels++
		i = dot
	}
	return 0
}
