package inspect

// named is a secret without a mark of its own: only the name before it tells.
type named struct {
	rule    string
	literal string // lower-case, of the name's end
	bytes   *set
	min     int
	max     int
	score   float64
}

var namedTable = []named{
	{"aws_secret_access_key", "secret_access_key", stdB64Bytes, 40, 40, 0.95},
	{"aws_secret_access_key", "secretaccesskey", stdB64Bytes, 40, 40, 0.95},
	{"aws_secret_access_key", "aws_secret_key", stdB64Bytes, 40, 40, 0.95},
	{"azure_storage_key", "accountkey", stdB64Bytes, 86, 88, 0.95},
	{"azure_shared_access_key", "sharedaccesskey", stdB64Bytes, 43, 44, 0.95},
	{"twilio_auth_token", "twilio_auth_token", hexBytes, 32, 32, 0.95},
	{"cloudflare_api_token", "cloudflare_api_token", tokenBytes, 40, 40, 0.95},
	{"datadog_api_key", "dd_api_key", hexBytes, 32, 32, 0.95},
	{"datadog_api_key", "datadog_api_key", hexBytes, 32, 32, 0.95},
	{"heroku_api_key", "heroku_api_key", setOf("0-9a-fA-F-"), 36, 36, 0.9},
	{"discord_bot_token", "discord_token", dottedBytes, 50, 80, 0.9},
	{"authorization_header", "bearer ", setOf("A-Za-z0-9._~+/=-"), 20, 512, 0.7},
	{"authorization_header", "authorization: basic ", stdB64Bytes, 12, 256, 0.8},
}

// namedSecrets finds secrets by the name that they are assigned to.
func namedSecrets() Detector {
	d := Detector{name: "named_secrets", held: true, ahead: 640}
	for _, n := range namedTable {
		d.triggers = append(d.triggers, trigger{literal: n.literal, fold: true, match: n.match})
	}
	return d
}

func (n named) match(w *window) {
	i := w.n
	if w.at(w.n-1) != ' ' {
		var ok bool
		if i, ok = assigned(w, i); !ok {
			return
		}
	}
	end := w.run(i, n.bytes, n.max+1)
	if size := end - i; size < n.min || size > n.max {
		return
	}
	if value := w.slice(i, end); mixed(value) && distinct(value) >= 8 && !placeholder(value) {
		w.take(Secret, n.rule, n.score, i, end)
	}
}

// assigned walks from the end of a name over an assignment, as programs,
// configuration and command lines write it, to the first byte of the value.
func assigned(w *window, i int) (int, bool) {
	if q := w.at(i); q == '"' || q == '\'' || q == '`' {
		i++
	}
	spaced := w.run(i, blankBytes, 4)
	i = spaced
	operator := false
	for k := 0; k < 3; k++ {
		if b := w.at(i); b == '=' || b == ':' || operator && b == '>' {
			operator = true
			i++
		}
	}
	if !operator {
		return 0, false
	}
	i = w.run(i, blankBytes, 4)
	if w.at(i) == '\\' { // a string inside a string
		i++
	}
	if q := w.at(i); q == '"' || q == '\'' || q == '`' {
		i++
	}
	return i, true
}
