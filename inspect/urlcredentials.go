package inspect

// urlCredentials finds passwords in addresses: scheme://user:password@host.
func urlCredentials() Detector {
	return Detector{
		name: "url_credentials", masks: masksSecret, ahead: 300,
		triggers: []trigger{{literal: "://", match: urlCredential}},
	}
}

var (
	userBytes     = setOf("A-Za-z0-9._~%+-")
	passwordBytes = setOf("!#-.0-;=?A-Z^-z~|_$*")
	hostBytes     = setOf("A-Za-z0-9.-")
)

// mockPasswords stand in documentation where a password would.
var mockPasswords = []string{
	"password", "passwd", "pass", "pwd", "secret", "token", "apikey", "api_key", "key", "user", "username", "admin", "root",
	"test", "postgres", "mysql", "guest", "changeit", "mypassword", "pw", "p4ssw0rd", "s3cret", "foo", "bar", "xyz", "abc", "123", "pass123", "password123", "test123", "s3cr3t", "secr3t",
}

func urlCredential(w *window) {
	if !isAlnum(w.at(-1)) {
		return
	}
	user := w.run(w.n, userBytes, 100)
	w.notBefore(user + 1)
	if w.at(user) != ':' {
		return
	}
	end := w.run(user+1, passwordBytes, 128)
	if n := end - user - 1; n < 3 || n > 127 || w.at(end) != '@' {
		return
	}
	if host := w.run(end+1, hostBytes, 2); host == end+1 && w.at(host) != '[' {
		return
	}
	if password := w.slice(user+1, end); !mockPassword(password) {
		w.take(Secret, "url_credentials", 0.85, user+1, end)
	}
}

// mockPassword reports whether s says "password" rather than being one.
func mockPassword(s string) bool {
	for _, word := range mockPasswords {
		if foldEqual(s, word) {
			return true
		}
	}
	if s[0] == '$' || s[0] == '%' && s[len(s)-1] == '%' || s[0] == '*' || s[0] == '{' || s[0] == '[' {
		return true // a variable, or masked already
	}
	return len(s) > 3 && placeholder(s)
}
