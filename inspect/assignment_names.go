package inspect

// keyword is a part of names that secrets are assigned to.
type keyword struct {
	literal string // lower-case
	rule    string
	// more may follow in the same word: "pass" goes on to "password".
	more []string
	// judge is for values that no provider's format explains; nil means that
	// such a value is none.
	judge func(a assignment, value string) float64
	// whole says that no letter may stand right before the literal.
	whole bool
	// qualifiers, where there are some, are words of which the name must hold
	// one for judge to be asked: a key opens a cache more often than a door.
	qualifiers []string
}

var keywords = []keyword{
	{literal: "pass", rule: "password_assignment", more: []string{"word", "wd", "phrase", "wort", "code"}, judge: judgePassword},
	{literal: "pwd", rule: "password_assignment", judge: judgePassword},
	{literal: "pw", rule: "password_assignment", judge: judgePassword, whole: true},
	{literal: "psk", rule: "password_assignment", judge: judgePassword, whole: true},
	{literal: "secret", rule: "secret_assignment", judge: judgeSecret},
	{literal: "token", rule: "token_assignment", judge: judgeToken},
	{literal: "creds", rule: "secret_assignment", judge: judgeToken},
	{literal: "contribsys__com"},
	{literal: "credential", rule: "secret_assignment", judge: judgeToken},
	{literal: "key", rule: "api_key_assignment", judge: judgeToken, qualifiers: keyQualifiers},
	{literal: "auth", rule: "secret_assignment", judge: judgeAuth},
	{literal: "webhook", rule: "secret_assignment"},
	{literal: "client_id"}, {literal: "clientid"}, {literal: "client-id"},
	{literal: "access_id"}, {literal: "accessid"}, {literal: "access-id"},
	{literal: "account_sid"}, {literal: "project_id"},
	{literal: "api key", rule: "api_key_assignment", judge: judgeToken},
	{literal: "access key", rule: "api_key_assignment", judge: judgeToken},
	{literal: "mot de passe", rule: "password_assignment", judge: judgePassword},
	{literal: "contraseña", rule: "password_assignment", judge: judgePassword},
	{literal: "contrasena", rule: "password_assignment", judge: judgePassword},
	{literal: "senha", rule: "password_assignment", judge: judgePassword, whole: true},
	{literal: "wachtwoord", rule: "password_assignment", judge: judgePassword},
	{literal: "hasło", rule: "password_assignment", judge: judgePassword},
	{literal: "lösenord", rule: "password_assignment", judge: judgePassword},
	{literal: "пароль", rule: "password_assignment", judge: judgePassword},
	{literal: "Пароль", rule: "password_assignment", judge: judgePassword},
	{literal: "密码", rule: "password_assignment", judge: judgePassword},
	{literal: "密碼", rule: "password_assignment", judge: judgePassword},
	{literal: "パスワード", rule: "password_assignment", judge: judgePassword},
	{literal: "비밀번호", rule: "password_assignment", judge: judgePassword},
}

var keyQualifiers = []string{
	"api", "access", "secret", "private", "auth", "encrypt", "sign", "licen", "master", "account", "app", "service", "storage",
	"subscription", "shared", "client", "consumer", "server", "admin", "deploy", "aes", "hmac", "jwt", "session", "crypt", "webhook", "token",
	"security", "rest", "live", "root",
}

// tailStops are words that, after the keyword, name something about a secret.
var tailStops = []string{
	"id", "ids", "name", "names", "type", "types", "count", "counts", "len", "length", "size", "limit", "max", "min", "path", "file", "filename",
	"dir", "url", "uri", "field", "header", "label", "prefix", "suffix", "regex", "regexp", "pattern", "policy", "hash", "hashes", "digest", "expiry",
	"expires", "expiration", "ttl", "timeout", "arn", "version", "format", "algorithm", "alg", "issuer", "endpoint", "placeholder", "hint", "ref",
	"reference", "usage", "sha", "sha256", "md5", "checksum", "fingerprint", "thumbprint", "index", "idx", "offset", "pos", "position", "date", "time",
	"error", "message", "msg", "text", "title", "description", "help", "desc", "strength", "rotation", "age", "scope", "scopes", "mode", "method",
	"provider", "server", "service", "store", "manager", "source", "location", "kind", "class", "func", "handler", "exists", "enabled", "required",
	"valid", "validator", "encoder", "generator", "strategy", "selector", "locator", "xpath", "element", "param", "parameter", "property", "attribute",
	"attr", "input", "button", "dialog", "page", "screen", "view", "form", "env", "var", "variable", "namespace", "group", "role", "tag", "comment",
	"template", "status", "state", "flow", "grant", "map", "list", "set", "table", "column", "row", "code", "codes", "event", "word", "words", "board", "frame", "cert", "certificate", "pub", "public",
}

// headStops are words that, before the keyword, make it no secret.
var headStops = []string{
	"public", "pub", "publishable", "cache", "sort", "primary", "foreign", "partition", "object", "tokenizer", "bos", "eos", "pad", "unk", "stop", "next",
	"page", "continuation", "sync", "etag", "csrf", "xsrf", "idempotency", "hash", "hashed", "digest", "checksum", "revoked", "expired", "max", "num",
	"bypass", "compass", "first", "single", "multi", "invalid", "wrong", "fake", "mock", "dummy", "example", "author", "oauth2", "change", "non", "not", "lock", "request",
	"action", "update", "cursor", "snapshot", "starting",
}

// match is the trigger function of a keyword.
func (k keyword) match(w *window) {
	if k.whole && alphaBytes[w.at(-1)] || w.has(-len("--- "), "--- PASS: ") {
		return // the last is what go test says of a test
	}
	end := w.run(w.n, assignedBytes, tailMax+1)
	w.notBefore(end + 1)
	tail, ok := k.rest(w.slice(w.n, end))
	if !ok || end > w.n+tailMax || k.qualifiers != nil && holdsPassword(tail) {
		return
	}
	a, quote, ok := readAssigned(w, end)
	if !ok {
		return
	}
	if !a.loose && w.at(a.start-2) != '(' {
		w.skipTo(a.start) // the name is dealt with here, whatever else it holds
	}
	judged := k.judge != nil && !stopped(tail, tailStops) && k.qualified(a.name) && !stopped(a.head, headStops)
	if !judged && !namesProvider(a.name) {
		return // whatever the value is
	}
	if !a.value(w, quote) || a.end-a.start < 6 {
		return
	}
	value := w.slice(a.start, a.end)
	w.steps += 64 + len(value)
	if reference(value) || placeholder(value) || !a.quoted && sigil(value[0]) {
		return
	}
	n, ok, near := namedByProvider(a.name, value)
	if ok {
		w.take(Secret, n.rule, n.score(), a.start, a.end)
		return
	}
	if !judged || near || misfit(a.name, value) || repeats(value) {
		return
	}
	if score := k.judge(a, value); score > 0 {
		w.take(Secret, k.rule, score, a.start, a.end)
	}
}

// rest returns what of the tail comes after the word that the keyword begins,
// and false if that is another word.
func (k keyword) rest(tail string) (string, bool) {
	for _, more := range k.more {
		if foldPrefix(tail, more) {
			tail = tail[len(more):]
			break
		}
	}
	if tail != "" && lower(tail[0]) == 's' && (len(tail) == 1 || !alphaBytes[tail[1]]) {
		tail = tail[1:]
	}
	return tail, tail == "" || tail[0] < 'a' || tail[0] > 'z'
}

// holdsPassword reports whether the tail of a name holds a better keyword: the
// password of a key store is one.
func holdsPassword(tail string) bool {
	return len(tail) >= len("pass") && (containsFold(tail, "pass") || containsFold(tail, "pwd"))
}

func (k keyword) qualified(name string) bool {
	if k.qualifiers == nil {
		return true
	}
	for _, q := range k.qualifiers {
		if containsFold(name, q) {
			return true
		}
	}
	return false
}

// stopped reports whether one of the words of a name is among stops.
func stopped(name string, stops []string) bool {
	for name != "" {
		var word string
		if word, name = firstWord(name); word == "" {
			continue
		}
		for _, stop := range stops {
			if foldEqual(word, stop) {
				return true
			}
		}
	}
	return false
}

// firstWord splits a name where words meet: at a mark, before a hump.
func firstWord(name string) (word, rest string) {
	i := 0
	for i < len(name) && !isAlnum(name[i]) {
		i++
	}
	name = name[i:]
	for i = 0; i < len(name) && isAlnum(name[i]); i++ {
		if i > 0 && upperBytes[name[i]] && !upperBytes[name[i-1]] {
			break
		}
	}
	return name[:i], name[i:]
}
