package inspect

// crypts are the hashes of passwords as /etc/shadow, .htpasswd and databases
// keep them: salted, but made to be guessed at by whoever has them. Digests
// without a salt are not among them, because nothing tells them from others.
var crypts = []struct {
	literal string
	body    int // bytes after the literal; salts are of any length up to its limit where it is negative
}{
	{literal: "$2a$", body: 56}, {literal: "$2b$", body: 56}, {literal: "$2y$", body: 56},
	{literal: "$apr1$", body: -22}, {literal: "$1$", body: -22}, {literal: "$5$", body: -43}, {literal: "$6$", body: -86}, {literal: "$y$", body: -43},
	{literal: "$argon2id$", body: -43}, {literal: "$argon2i$", body: -43},
}

var cryptBytes = setOf("A-Za-z0-9./$+=,")

// passwordHashes finds the hashes of passwords.
func passwordHashes() []trigger {
	var all []trigger
	for _, c := range crypts {
		all = append(all, trigger{literal: c.literal, left: wordBytes, match: func(w *window) { passwordHash(w, c.body) }})
	}
	return all
}

func passwordHash(w *window, body int) {
	end := w.run(w.n, cryptBytes, 160)
	value := w.slice(w.n, end)
	switch {
	case body > 0 && len(value) != body:
		return
	case body < 0:
		last := len(value)
		for last > 0 && value[last-1] != '$' {
			last--
		}
		if last < 2 || len(value)-last != -body {
			return // no salt, or another digest
		}
	}
	if digest := value[len(value)-22:]; placeholder(digest) || repeats(digest) || distinct(digest) < 10 {
		return
	}
	w.take(Secret, "password_hash", 0.5, 0, end)
}
