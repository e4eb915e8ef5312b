package inspect

// Between a name and its value stands an operator, or what languages and people
// write in place of one.

// operator walks from the end of a name to the first byte of the value, and
// returns the quote that opens it, or 0.
func operator(w *window, i int, a *assignment) (start int, quote byte, ok bool) {
	closed := false
	i, closed = closing(w, i)
	w.notBefore(i + 1)
	b := w.at(i)
	switch {
	case b == '(':
		i, a.loose = i+1, true
		return opening(w, i, true)
	case b == '<' && w.at(i+1) == '/':
		return nextElement(w, i)
	case b == '=' || b == ':' || b == '?' || b == '|' || b == '!' || b == '<' || b == '-':
		return assigner(w, i)
	case b == '.' && w.at(i+1) == '=':
		return assigner(w, i+1)
	case b == '>':
		if at := w.back(0, assignedBytes, nameMax); closed || w.at(at-1) == '<' {
			i = w.run(i+1, blankBytes, 40)
			return opening(w, i, false)
		}
		return 0, 0, false
	case b == ',':
		if !closed && w.at(w.back(0, assignedBytes, nameMax)-1) != '(' {
			return 0, 0, false // strcpy(password, "x") is one
		}
		i = w.run(i+1, blankBytes, 24)
		if j, ok := pairName(w, i); ok {
			return assigner(w, j)
		}
		a.loose = true // an argument, or only the next string of a list
		return opening(w, i, true)
	case b == 0xef && w.has(i, "："):
		return opening(w, w.run(i+len("："), spaceBytes, 4), false)
	case b != ' ' && b != '\t' && b != '\r' && b != '\n':
		return 0, 0, false
	}
	return afterSpace(w, i, closed, a)
}

// nextElement walks from the end of an element that holds a name, which is
// followed by one that holds the value.
func nextElement(w *window, i int) (int, byte, bool) {
	end := w.run(i+2, tagBytes, 32)
	if w.at(end) != '>' || w.at(w.back(0, assignedBytes, nameMax)-1) != '>' {
		return 0, 0, false
	}
	open := w.run(end+1, blankBytes, 24)
	if w.at(open) != '<' {
		return 0, 0, false
	}
	end = w.run(open+1, tagBytes, 32)
	if w.at(end) != '>' || end == open+1 {
		return 0, 0, false
	}
	return opening(w, w.run(end+1, blankBytes, 24), false)
}

// closing walks over what may close a name: a quote (escaped or not), a bracket.
func closing(w *window, i int) (int, bool) {
	from := i
	if w.at(i) == '[' { // char password[32] =
		if end := w.run(i+1, digitBytes, 5); w.at(end) == ']' {
			return end + 1, false
		}
	}
	if w.at(i) == '\\' {
		i++
	}
	if b := w.at(i); b == '"' || b == '\'' || b == '`' {
		i++
	}
	if b := w.at(i); b == ']' || b == ')' || b == '}' {
		i++
	}
	return i, i > from
}

// afterSpace is operator where space follows the name.
func afterSpace(w *window, i int, closed bool, a *assignment) (int, byte, bool) {
	i = w.run(i, spaceBytes, 24)
	w.notBefore(i)
	b := w.at(i)
	switch {
	case b == '=' || b == ':' || b == '?' || b == '|' || b == '!' || b == '<' || b == '-':
		return assigner(w, i)
	case b == '.' && w.at(i+1) == '=':
		return assigner(w, i+1)
	case b == '\r' || b == '\n':
		if !closed {
			return 0, 0, false
		}
		i = w.run(i, blankBytes, 24)
	case b == '"' || b == '\'': // SQL: PASSWORD 'x'; flags: --password 'x'
		a.loose = !flag(w)
		return opening(w, i, true)
	}
	if closed {
		if j, ok := pairName(w, i); ok {
			return assigner(w, j)
		}
		if w.has(i, "or ") {
			return opening(w, i+len("or "), true)
		}
	}
	switch head := w.back(0, assignedBytes, nameMax); {
	case flag(w):
		if w.has(i, "pass:") {
			i += len("pass:") // openssl
		}
		return opening(w, i, false)
	case w.has(head-4, "ENV ") || head == -len("require") && w.has(head, "require"):
		return opening(w, i, false) // Dockerfile, redis.conf
	case w.at(head-1) == '<' || w.at(head-1) == ':' && w.at(w.back(head-1, alnumBytes, 16)-1) == '<':
		if end := w.run(i, insideTag, 96); w.at(end) == '>' {
			return opening(w, w.run(end+1, blankBytes, 24), false)
		}
	}
	return typed(w, i, a)
}

// typed walks over the word between a name and its value: a type, as in
// "var token string =", or a verb, as in "the password is".
func typed(w *window, i int, a *assignment) (int, byte, bool) {
	if w.at(0) == 'p' && blankBytes[w.at(-1)] && w.context(0, 96, "machine ", "login ") {
		return i, 0, true // .netrc
	}
	if b := w.at(i); (b == '0' || b == '7') && w.at(i+1) == ' ' {
		return opening(w, i+2, false) // of a router: in clear, or nearly so
	}
	const most = 24
	end := w.run(i, typeBytes, most)
	w.show(min(end+1, i+spokenShown))
	if end > i && w.run(i, base64Bytes, most) >= i+most-4 && spoken(w, i) {
		a.loose = true
		return i, 0, true
	}
	if end == i || end == i+most || w.at(end) != ' ' && w.at(end) != ':' {
		return 0, 0, false
	}
	if verb(w.slice(i, end)) {
		if w.at(end) == ':' {
			end++
		}
		start, quote, ok := opening(w, w.run(end, spaceBytes, 3), false)
		a.loose = quote == 0
		return start, quote, ok
	}
	if j := w.run(end, spaceBytes, 4); w.at(j) == '=' || w.at(j) == ':' && w.at(j+1) == '=' {
		return assigner(w, j)
	}
	return 0, 0, false
}

// verb reports whether word joins a name to its value in a sentence.
func verb(word string) bool {
	for _, v := range []string{"is", "was", "ist", "lautet", "est", "es"} {
		if foldEqual(word, v) {
			return true
		}
	}
	return false
}

// spokenShown is how much of a value that stands right after its name is shown,
// or the next word would always have to wait.
const spokenShown = 8

// spoken reports whether a value stands right after its name, as in "use the
// token x": nothing but its look says so.
func spoken(w *window, i int) bool {
	end := w.run(i, base64Bytes, 201)
	if end-i < 20 || end-i > 200 || isAlnum(w.at(end)) {
		return false
	}
	h := shapeOf(w.slice(i, end))
	return h.upper > 2 && h.lower > 2 && h.digits > 1 && h.marks < 4 && h.turns >= 8
}

// flag reports whether the name is a command's option: --token, -Password.
func flag(w *window) bool {
	i := w.back(0, assignedBytes, nameMax)
	return w.at(i) == '-' && !isAlnum(w.at(i-1))
}

// pairName walks over the second half of a pair that names its value: the
// "value": of {"name": "TOKEN", "value": "x"}, and the value= of an attribute.
func pairName(w *window, i int) (int, bool) {
	if b := w.at(i); b == '"' || b == '\'' {
		i++
	}
	for _, word := range []string{"value", "content", "default"} {
		if w.fold(i, word) {
			i += len(word)
			i, _ = closing(w, i)
			i = w.run(i, spaceBytes, 4)
			return i, w.at(i) == '=' || w.at(i) == ':'
		}
	}
	return i, false
}

// assigner walks over one of = == => := ::= : ?= ||= != <- -> and what follows,
// a type between ":" and "=" included.
func assigner(w *window, i int) (int, byte, bool) {
	from := i
	for i < from+4 {
		b := w.at(i)
		if b != '=' && b != ':' && b != '>' && b != '?' && b != '|' && b != '!' && b != '<' && b != '-' {
			break
		}
		if i > from && b == '<' || b == '-' && i > from && w.at(i-1) != '<' && w.at(i-1) != ':' {
			break
		}
		i++
	}
	switch w.slice(from, i) {
	case "=", "==", "===", "=>", ":", ":=", "::", "::=", ":::=", "?=", "||=", "!=", "!==", "<-", "->", ":-":
	case "||", "??":
		return opening(w, w.run(i, blankBytes, 40), true)
	default:
		return 0, 0, false
	}
	value := w.run(i, blankBytes, 40)
	w.notBefore(value)
	if w.at(i-1) != ':' || value == i {
		return opening(w, value, false)
	}
	switch b := w.at(value); {
	case alphaBytes[b] || b == '&': // password: String = "x"
		end := w.run(value, typesBytes, 32)
		if w.at(end) == '=' && w.at(end-1) == ' ' {
			return opening(w, w.run(end+1, spaceBytes, 4), true)
		}
	case b == '|' || b == '>': // a block of YAML
		j := value + 1
		if b := w.at(j); b == '-' || b == '+' {
			j++
		}
		if b := w.at(w.run(j, spaceBytes, 2)); b == '\n' || b == '\r' {
			return opening(w, w.run(j, blankBytes, 40), false)
		}
	}
	return opening(w, value, false)
}
