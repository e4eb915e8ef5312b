package inspect

import "encoding/base64"

var (
	bearerBytes = setOf("A-Za-z0-9._~+/=-")
	// sigBytes are base64 as an address writes it.
	sigBytes      = setOf("A-Za-z0-9%+/=_-")
	userPassBytes = setOf("!#-%*-:=?-Z^_a-z~")
)

// headers finds credentials as HTTP headers, curl and signed addresses carry
// them.
func headers() []trigger {
	return []trigger{
		{literal: "bearer ", fold: true, left: wordBytes, match: bearer},
		{literal: "basic ", fold: true, left: wordBytes, match: basic},
		{literal: "authorization", fold: true, match: authorization},
		{literal: "sig=", fold: true, left: wordBytes, match: sharedSignature},
		{literal: "?code=", match: functionKey}, {literal: "&code=", match: functionKey},
		{literal: "-u ", left: alnumBytes, match: curlUser},
		{literal: "-u\"", left: alnumBytes, match: curlUser},
		{literal: "-u'", left: alnumBytes, match: curlUser},
		{literal: "--user ", match: curlUser},
		{literal: "--user=", match: curlUser},
		{literal: "--proxy-user ", match: curlUser},
	}
}

// bearer is a token in an Authorization header (RFC 6750).
func bearer(w *window) {
	end := w.run(w.n, bearerBytes, 513)
	if n := end - w.n; n < 16 || n > 512 {
		return
	}
	value := w.slice(w.n, end)
	h := shapeOf(value)
	if h.wordlike() && (h.digits*4 < len(value) || h.marks > 2) || h.turns < 3 || distinct(value) < 8 || placeholder(value) || reference(value) {
		return
	}
	w.take(Secret, "authorization_header", 0.8, w.n, end)
}

// authorization is a token that no scheme, or an uncommon one, goes before.
func authorization(w *window) {
	i, _ := closing(w, w.n)
	if b := w.at(i); b != ':' && b != '=' {
		return
	}
	i, _, ok := opening(w, w.run(i+1, spaceBytes, 3), false)
	if !ok {
		return
	}
	for _, scheme := range []string{"token ", "apikey ", "api-key ", "key ", "jwt "} {
		if w.fold(i, scheme) {
			i += len(scheme)
			break
		}
	}
	end := w.run(i, bearerBytes, 513)
	if n := end - i; n < 20 || n > 512 || w.at(end) == ' ' && w.at(end+1) > ' ' {
		return // "Basic realm", "Digest username"
	}
	value := w.slice(i, end)
	if h := shapeOf(value); h.digits < 2 || h.wordlike() || h.turns < 6 || distinct(value) < 8 || placeholder(value) || reference(value) {
		return
	}
	w.take(Secret, "authorization_header", 0.8, i, end)
}

// basic is a user and password in base64 (RFC 7617).
func basic(w *window) {
	end := w.run(w.n, stdB64Bytes, 257)
	if n := end - w.n; n < 8 || n > 256 {
		return
	}
	value := w.slice(w.n, end)
	switch {
	case placeholder(value):
	case decodesToPair(value):
		w.take(Secret, "authorization_header", 0.85, w.n, end)
	case decodesToMock(value):
	case len(value) >= 16 && shapeOf(value).turns >= 6 && w.context(0, 20, "authorization"):
		w.take(Secret, "authorization_header", 0.7, w.n, end) // some clients get the encoding wrong
	}
}

// decodesToPair reports whether s is base64 of a user and a password.
func decodesToPair(s string) bool {
	pair, mock := decodePair(s)
	return pair && !mock
}

// decodesToMock reports whether s is base64 of a user and what only says that a
// password goes there.
func decodesToMock(s string) bool {
	pair, mock := decodePair(s)
	return pair && mock
}

// decodePair reports whether s is base64 of "user:password", and whether that
// password is one that documentation shows.
func decodePair(s string) (pair, mock bool) {
	var in, out [256]byte
	for len(s) > 0 && s[len(s)-1] == '=' {
		s = s[:len(s)-1]
	}
	if len(s) > len(in) {
		return false, false
	}
	n, err := base64.RawStdEncoding.Decode(out[:], in[:copy(in[:], s)])
	if err != nil {
		return false, false
	}
	colon := -1
	for i, b := range out[:n] {
		if b < ' ' || b > '~' {
			return false, false
		}
		if b == ':' && colon < 0 {
			colon = i
		}
	}
	if colon <= 0 || n-colon <= 3 {
		return false, false
	}
	return true, mockPassword(string(out[colon+1 : n]))
}

// sharedSignature is what signs a shared access address of Azure.
func sharedSignature(w *window) {
	end := w.run(w.n, sigBytes, 81)
	if n := end - w.n; n < 43 || n > 80 {
		return
	}
	value := w.slice(w.n, end)
	if h := shapeOf(value); h.turns < 12 || placeholder(value) || !w.context(0, 200, "sv=", "se=", "sp=", "sr=", "api-version") {
		return
	}
	w.take(Secret, "azure_sas_signature", 0.9, w.n, end)
}

// functionKey is the key in the address of a function of Azure's.
func functionKey(w *window) {
	end := w.run(w.n, sigBytes, 81)
	if n := end - w.n; n < 40 || n > 80 || !w.context(0, 160, ".azurewebsites.net/") {
		return
	}
	if value := w.slice(w.n, end); shapeOf(value).turns >= 12 && !placeholder(value) {
		w.take(Secret, "azure_function_key", 0.9, w.n, end)
	}
}

// curlUser is the password of "curl -u user:password".
func curlUser(w *window) {
	i := w.n
	if b := w.at(i); b == '"' || b == '\'' {
		i++
	}
	user := w.run(i, userBytes, 64)
	w.notBefore(user + 1)
	if w.at(user) != ':' || !w.context(0, 200, "curl ", "curl.exe") {
		return
	}
	start := user + 1
	if b := w.at(start); b == '"' || b == '\'' {
		start++
	}
	end := w.run(start, userPassBytes, 129)
	if n := end - start; n < 4 || n > 128 {
		return
	}
	value := w.slice(start, end)
	h := shapeOf(value)
	if mockPassword(value) || reference(value) || h.digits+h.others == 0 && (h.wordlike() || h.turns < 3) {
		return
	}
	w.take(Secret, "curl_user", 0.8, start, end)
}

// judgeAuth is for "auth" and what of it is not a header: base64 of a user and
// password, as Docker and npm keep them, or a token.
func judgeAuth(a assignment, value string) float64 {
	if len(value) >= 12 && decodesToPair(value) {
		return 0.85
	}
	return judgeToken(a, value)
}
