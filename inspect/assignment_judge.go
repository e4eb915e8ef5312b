package inspect

import "strings"

// The judges say how sure it is that a value is a secret, from 0 to 1, when
// only its name and its own look tell.

// judgeToken is for names such as "token", "secret" and "api key": such values
// are made by machines.
func judgeToken(a assignment, value string) float64 {
	h := shapeOf(value)
	switch {
	case len(value) < 10 || h.others > len(value)/3:
		return 0
	case len(value) < 60 && strings.Contains(value, " "):
		return 0
	case uuid(value):
		if !randomUUID(value) {
			return 0
		}
		return 0.6
	case h.digits == 0 && (len(value) < 20 || h.upper < 3 || h.lower < 3 || h.marks > 0):
		return 0
	case strings.Count(value, ".") == 1 && h.marks+h.letters()+h.digits == len(value) && h.digits < 3 && h.pairs > 8 && h.common*100 >= h.pairs*65:
		return 0 // package.NAME
	case !a.quoted && strings.Contains(value, ".") && h.pairs > 5 && h.common*100 >= h.pairs*72:
		return 0 // a field of something
	case foldPrefix(value, "0x"):
		return 0
	case h.letters() == 0 || h.letters() < 2 && h.marks > 0:
		return 0
	case h.wordlike() && h.digits*4 < len(value):
		return 0
	case h.turns < 3 || distinct(value) < 7:
		return 0
	case len(value) < 16 && h.marks > 0 && h.pairs > 3 && h.common*2 >= h.pairs:
		return 0 // names of versions and of things
	case h.marks > 1 && h.upper == 0 && h.digits < 3 && h.common*100 >= h.pairs*60:
		return 0 // snake_case2
	}
	bits := entropy(value)
	if bits < 2.9 || len(value) >= 24 && bits < 3.1 {
		return 0
	}
	switch {
	case a.loose && (len(value) < 14 || h.turns < 6):
		return 0
	case h.wordlike() || h.pairs > 0 && h.marks > 2 && h.common*100 >= h.pairs*72:
		return 0.5
	case len(value) < 16:
		return 0.6
	}
	return 0.8
}

// judgeSecret is judgeToken for names such as "secret", whose values some people
// make up themselves.
func judgeSecret(a assignment, value string) float64 {
	if score := judgeToken(a, value); score > 0 || !a.quoted || a.loose {
		return score
	}
	h := shapeOf(value)
	if h.digits < 2 || h.upper == 0 || h.marks > 0 || len(value) > 24 || containsFold(value, "secret") || containsFold(value, "key") {
		return 0
	}
	return min(0.5, judgePassword(a, value))
}

// judgePassword is for names such as "password", whose values people make up:
// what is nothing but a word is not taken for one.
func judgePassword(a assignment, value string) float64 {
	h := shapeOf(value)
	kinds := 0
	for _, n := range []int{h.lower, h.upper, h.digits, h.others} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case kinds == 1 && a.quoted && !a.loose && !mockPassword(value):
		return judgePlain(h, value)
	case len(value) < 6 || len(value) > 128 || kinds < 2 || h.letters() == 0:
		return 0
	case !a.quoted && h.others == 0 && member(value):
		return 0
	case mockPassword(value) || strings.Contains(value, " "):
		return 0
	case h.digits == 0 && h.others == 0 && (h.wordlike() || h.turns < 3 || h.marks > 0):
		return 0 // camelCase, snake_case
	case !a.quoted && (h.digits == 0 || h.wordlike() && h.marks > 0 || h.turns < 2 && len(value) < 8):
		return 0
	case h.marks > 0 && h.wordlike() && h.digits+h.others < 3:
		return 0
	case h.lower == 0 && h.others == 0 && h.marks > 0 && h.digits < 3:
		return 0 // A_CONSTANT2
	case !a.quoted && h.lower == 0 && h.others == 0 && h.wordlike():
		return 0
	case a.loose && (h.digits == 0 || h.turns < 2 || h.turns < 3 && h.digits < 2 || h.wordlike() && (h.others == 0 || h.upper == 0)):
		return 0
	case h.others > 2*len(value)/3 || h.wordlike() && h.others == 1 && strings.Contains(value[1:len(value)-1], "="):
		return 0
	case value[0] == '/' || h.marks > 1 && h.others == 0 && h.pairs > 5 && h.common*100 >= h.pairs*72:
		return 0 // a path, words with numbers
	case h.wordlike():
		return 0.6
	}
	return 0.8
}

// judgePlain is judgePassword for a value of letters of one case, or of digits,
// alone.
func judgePlain(h shape, value string) float64 {
	switch {
	case h.marks+h.others > 0 || len(value) < 6 || len(value) > 32:
		return 0
	case h.digits > 0 && (len(value) < 7 || distinct(value) < 4 || counting(value)):
		return 0
	case h.digits == 0 && (len(value) < 7 || h.common*2 > h.pairs):
		return 0 // a word
	}
	return 0.5
}

// counting reports whether each digit is one more, or one less, than the last.
func counting(digits string) bool {
	up, down := true, true
	for i := 1; i < len(digits); i++ {
		up = up && (digits[i]-digits[i-1] == 1 || digits[i-1] == '9' && digits[i] == '0')
		down = down && digits[i-1]-digits[i] == 1
	}
	return up || down
}

// member reports whether value is a field of something: names with dots between.
func member(value string) bool {
	dots := 0
	for i := range len(value) {
		switch {
		case value[i] == '.':
			dots++
			if i+1 == len(value) || i == 0 || !alphaBytes[value[i+1]] {
				return false
			}
		case !wordBytes[value[i]]:
			return false
		}
	}
	return dots > 0 && alphaBytes[value[0]]
}

// referring are the beginnings of values that say where a secret is, and of
// what looks random but is no secret.
var referring = []string{
	"./", "../", "~/", "#{", "@{", "${", "{{", "env.", "os.", "process.", "var.", "vars.", "self.", "this.", "secrets.",
	"vault:", "arn:", "ssm:", "ref+", "file:", "sha1", "sha2", "sha3", "sha5", "md5", "h1:", "urn:", "data:", "keyring:", "op://",
	"projects/", "-----", "ssh-rsa", "ssh-ed", "ecdsa-", "aaaab3nza", "http", "bearer ", "basic ", "function", "pk_test", "pk_live",
	"config.", "settings.", "cfg.", "opts.", "args.", "req.", "ctx.",
}

// joining are parts of values that only templates, code and addresses have.
var joining = []string{"://", "${", "$(", "{{", "}}", "%s", "%(", "%v", "%d", "()", "('", "{0", "{1", "|min", "|max", "=>", "->", "::", "<%", "node_modules", ".com/", "/bin/", "[a-", "[A-", "[0-", "[^", "]{", "\\\\"}

var referringByFirst, joiningByFirst = byFirst(referring), byFirst(joining)

// reference reports whether the value points at a secret rather than being one:
// a path, a variable, a template, an address, a hash, the name of a file.
func reference(value string) bool {
	for _, prefix := range referringByFirst[lower(value[0])] {
		if foldPrefix(value, prefix) {
			return true
		}
	}
	for i := range len(value) {
		for _, part := range joiningByFirst[value[i]] {
			if strings.HasPrefix(value[i:], part) {
				return true
			}
		}
	}
	if hexNumber(value) {
		return true
	}
	dot := strings.LastIndexByte(value, '.')
	return dot > 0 && len(value)-dot <= 6 && extension(value[dot+1:])
}

// hexNumber reports whether value is a hexadecimal number of up to 64 bits.
func hexNumber(value string) bool {
	digits, ok := strings.CutPrefix(strings.TrimPrefix(value, "-"), "0x")
	return ok && len(digits) <= 16 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// sigil reports whether b begins a variable, a flag, a path or an expression
// where no quote says that it is text.
func sigil(b byte) bool { return strings.IndexByte("$%&*=!#@/\\.|~<>+:", b) >= 0 }

func extension(s string) bool {
	switch s {
	case "json", "pem", "key", "txt", "yaml", "yml", "go", "py", "js", "ts", "java", "html", "xml", "crt", "cer", "conf", "cfg", "env", "com",
		"md", "png", "svg", "jpg", "php", "rb", "rs", "c", "h", "sh", "p12", "pfx", "jks", "css", "proto", "sql", "csv", "log", "org", "net":
		return true
	}
	return false
}
