package inspect

// token is one provider's format: a literal, then a body of known bytes and
// length.
type token struct {
	rule    string
	literal string
	bytes   *set
	min     int // of the body
	max     int // of the body; a longer run of its bytes is none
	// open is how many bytes of the body are no secret: the key's number.
	open int
	// score says how sure a match is; 0 means 0.95.
	score float64
	// check, where there is one, judges the body and returns the score, 0 for
	// none. It sees the body only.
	check func(body string) float64
	// then, where there is one, looks at what follows a match that ends there.
	then func(w *window, end int)
}

// tokenScore is for a literal that nothing else begins with and a body that
// looks random.
const tokenScore = 0.95

// tokens finds the secrets that name themselves: see the tables
// in tokens_table.go and tokens_more.go.
func tokens() Detector {
	d := Detector{name: "tokens", masks: masksSecret, ahead: 1024, could: couldHex}
	for _, table := range [][]token{tokenTable, moreTokens} {
		for _, t := range table {
			d.triggers = append(d.triggers, trigger{literal: t.literal, left: wordBytes, match: t.match})
		}
	}
	d.triggers = append(d.triggers,
		trigger{literal: ":A", back: digitBytes, backMax: 16, shown: 16, match: telegramToken},
		trigger{literal: "-us", back: hexBytes, backMax: 33, shown: 16, match: mailchimpKey},
		trigger{literal: ".atlasv1.", back: alnumBytes, backMax: 14, shown: 14, match: terraformToken},
		trigger{literal: "Q~", back: azureBytes, backMax: 4, shown: 4, match: azureSecret},
		trigger{literal: "00D", left: wordBytes, match: salesforceToken},
		trigger{literal: "|", back: digitBytes, backMax: 17, shown: 17, match: facebookApp},
		trigger{literal: ".", back: tokenBytes, backMax: 28, shown: 28, match: discordToken},
	)
	return d
}

// match is the trigger function of every row.
func (t token) match(w *window) {
	if t.open > 0 {
		w.show(w.n + t.open)
	}
	end := w.run(w.n, t.bytes, t.max+1)
	if n := end - w.n; n < t.min || n > t.max || wordBytes[w.at(end)] {
		return // too short, too long, or the beginning of another word
	}
	body := w.slice(w.n, end)
	if placeholder(body) {
		return
	}
	score := t.score
	if t.check != nil {
		score = t.check(body)
	}
	if score == 0 && t.check == nil {
		score = tokenScore
	}
	if score > 0 {
		w.take(Secret, t.rule, score, 0, end)
		if t.then != nil {
			t.then(w, end)
		}
	}
}

// awsSecret finds the secret that stands beside the ID of a key: 40 bytes of
// base64 without a name, as in a list of accounts or the arguments of a call.
func awsSecret(w *window, end int) {
	const reach, size = 64, 40
	for i := end; i < end+reach; i++ {
		if b := w.at(i); !stdB64Bytes[b] {
			if b == 0 {
				return
			}
			continue
		}
		j := w.run(i, stdB64Bytes, size+1)
		if value := w.slice(i, j); j-i == size && cased(value) > 0 && !placeholder(value) {
			w.take(Secret, "aws_secret_access_key", tokenScore, i, j)
			return
		}
		i = j
	}
}

// telegramToken is a bot's number, a colon and 35 characters that begin AA, or
// A where the text speaks of a bot.
func telegramToken(w *window) {
	start := w.back(0, digitBytes, 17)
	if -start < 5 || -start > 16 || wordBytes[w.at(start-1)] && !w.has(start-len("bot"), "bot") {
		return
	}
	end := w.run(w.n, tokenBytes, 35)
	known := -start >= 8 && -start <= 10 && w.at(w.n) == 'A'
	if end != w.n+34 || !known && !w.context(start, 64, "telegr", "bot") {
		return
	}
	if body := w.slice(w.n, end); mixed(body) && !placeholder(body) {
		w.take(Secret, "telegram_bot_token", tokenScore, start, end)
	}
}

// couldHex reports whether a run may go on to be a key in hexadecimal digits.
func couldHex(run string) bool {
	digits := 0
	for i := range 16 {
		if isDigit(run[i]) {
			digits++
		}
	}
	return 0 < digits && digits < 16
}

// mailchimpKey is 32 hexadecimal digits and the data centre.
func mailchimpKey(w *window) {
	start := w.back(0, hexBytes, 33)
	if -start != 32 || wordBytes[w.at(start-1)] {
		return
	}
	end := w.run(w.n, digitBytes, 3)
	if end == w.n || end > w.n+2 || wordBytes[w.at(end)] || placeholder(w.slice(start, 0)) {
		return
	}
	if !couldHex(w.slice(start, 0)) {
		return
	}
	w.take(Secret, "mailchimp_api_key", tokenScore, start, end)
}

// terraformToken is 14 characters, the literal and 60 to 70 more.
func terraformToken(w *window) {
	start := w.back(0, alnumBytes, 15)
	if -start != 14 {
		return
	}
	end := w.run(w.n, tokenBytes, 81)
	if n := end - w.n; n >= 60 && n <= 80 && !placeholder(w.slice(w.n, end)) {
		w.take(Secret, "terraform_api_token", tokenScore, start, end)
	}
}

// discordToken is a user number in base64, a time and a digest, with dots. The
// number is written in digits, so its base64 begins with M, N or O.
func discordToken(w *window) {
	start := w.back(0, tokenBytes, 29)
	if -start < 24 || -start > 28 {
		return
	}
	if first := w.at(start); first < 'M' || first > 'O' {
		return
	}
	middle := w.run(w.n, tokenBytes, 8)
	if n := middle - w.n; n < 5 || n > 7 || w.at(middle) != '.' {
		return
	}
	end := w.run(middle+1, tokenBytes, 45)
	if n := end - middle - 1; n < 27 || n > 44 {
		return
	}
	if id := w.slice(start, 0); mixed(id) && !placeholder(id) && decodesToDigits(id) {
		w.take(Secret, "discord_bot_token", tokenScore, start, end)
	}
}

// azureSecret is a client secret of Entra: three characters, a digit, "Q~" and
// 31 to 34 more.
func azureSecret(w *window) {
	start := w.back(0, azureBytes, 4)
	if start != -4 || !isDigit(w.at(-1)) || isAlnum(w.at(-5)) {
		return
	}
	end := w.run(w.n, azureBytes, 36)
	for end > w.n && w.at(end-1) == '.' && !isAlnum(w.at(end)) {
		end-- // the end of a sentence
	}
	if n := end - w.n; n < 31 || n > 34 {
		return
	}
	if value := w.slice(start, end); mixed(value) && distinct(value) >= 12 && !placeholder(value) {
		w.take(Secret, "azure_client_secret", tokenScore, start, end)
	}
}

// salesforceToken is an organisation's number, "!" and a session.
func salesforceToken(w *window) {
	org := w.run(w.n, alnumBytes, 16)
	if n := org - w.n; n != 12 && n != 15 || w.at(org) != '!' {
		return
	}
	end := w.run(org+1, bangBytes, 121)
	if n := end - org - 1; n >= 80 && n <= 120 && mixed(w.slice(org+1, end)) && !placeholder(w.slice(org+1, end)) {
		w.take(Secret, "salesforce_token", tokenScore, 0, end)
	}
}

// facebookApp is the token of an app: its number, a bar and its secret.
func facebookApp(w *window) {
	start := w.back(0, digitBytes, 18)
	if -start < 15 || -start > 17 || wordBytes[w.at(start-1)] {
		return
	}
	end := w.run(w.n, tokenBytes, 28)
	if end != w.n+27 {
		return
	}
	if value := w.slice(w.n, end); cased(value) > 0 && !placeholder(value) {
		w.take(Secret, "facebook_token", tokenScore, start, end)
	}
}
