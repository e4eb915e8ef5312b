package inspect

import "strings"

// option is a command's option that takes a password, though its name does not
// say so.
type option struct {
	literal string
	// commands are what must stand before it on the line, lower-case.
	commands []string
	// after is what stands before the password in the value, such as the user.
	after string
}

var options = []option{
	{literal: "-p", commands: []string{"mysql", "mariadb", "7z", "sshpass"}},
	{literal: "-p ", commands: []string{"sshpass", "docker login", "podman login", "nerdctl login", "registry login", "oc login", "mongo", "cf login", "az login"}},
	{literal: "-P ", commands: []string{"zip", "sqlcmd", "bcp "}},
	{literal: "-a ", commands: []string{"redis-cli"}},
	{literal: "-w ", commands: []string{"ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami", "ldapdelete"}},
	{literal: "-U ", commands: []string{"smbclient", "rpcclient", "winexe", "crackmapexec"}, after: "%"},
	{literal: "/user:", commands: []string{"net use"}, after: " "},
	{literal: "-b", commands: []string{"htpasswd"}, after: "  "},
}

// commands finds passwords on command lines and in what goes into a pipe.
func commands() []trigger {
	all := []trigger{
		{literal: "echo ", fold: true, left: wordBytes, match: piped},
		{literal: "printf ", left: wordBytes, match: piped},
		{literal: ":5432:", match: passFile},
		{literal: ":thin:", fold: true, match: oracleUser},
	}
	for _, o := range options {
		all = append(all, trigger{literal: o.literal, match: o.match})
	}
	return all
}

// match is the trigger function of every option.
func (o option) match(w *window) {
	i := w.n
	if w.at(-1) != ' ' || o.after == "" && blankBytes[w.at(i)] || !o.follows(w) {
		return
	}
	switch o.after {
	case "":
	case "  ": // htpasswd's other letters, its file and its user
		i = w.run(i, alphaBytes, 8)
		for range 2 {
			i = w.run(i, spaceBytes, 4)
			i = w.run(i, bareBytes, 64)
		}
		i = w.run(i, spaceBytes, 4)
	default:
		for k := 0; k < 64 && w.at(i) > ' ' && w.at(i) != o.after[0]; k++ {
			i++
		}
		if w.at(i) != o.after[0] {
			return
		}
		i++
	}
	passwordAt(w, i)
}

// follows reports whether one of the commands stands before the option.
func (o option) follows(w *window) bool {
	line := w.slice(-160, 0)
	line = line[strings.LastIndexByte(line, '\n')+1:]
	w.steps += len(line)
	for _, command := range o.commands {
		if containsFold(line, command) {
			return true
		}
	}
	return false
}

// passwordAt reports the password that begins at offset i, quoted or not, if it
// looks like one.
func passwordAt(w *window, i int) {
	i, quote, ok := opening(w, i, false)
	a := assignment{start: i, quoted: quote != 0}
	if !ok || !a.value(w, quote) || a.end-a.start < 6 {
		return
	}
	value := w.slice(a.start, a.end)
	w.steps += 64 + len(value)
	if reference(value) || placeholder(value) || sigil(value[0]) {
		return
	}
	if score := judgePassword(a, value); score > 0 {
		w.take(Secret, "password_assignment", score, a.start, a.end)
	}
}

// reading are the commands that read a password from a pipe, and chpasswd,
// which reads "user:password".
var reading = []string{"--password-stdin", "sudo -s", "sudo --stdin", "passwd --stdin", "docker login", "chpasswd"}

// piped is a string that goes into a command which reads a password.
func piped(w *window) {
	i := w.n
	if w.has(i, "-n ") || w.has(i, "-e ") {
		i += len("-n ")
	}
	quote := w.at(i)
	if quote != '"' && quote != '\'' {
		return
	}
	w.notBefore(i + 1)
	end := w.run(i+1, unbroken[quote], 129)
	if w.at(end) != quote {
		return
	}
	pipe := w.run(end+1, spaceBytes, 3)
	if w.at(pipe) != '|' {
		return
	}
	into := w.slice(pipe, w.run(pipe, commandBytes, 96))
	for k, command := range reading {
		if !containsFold(into, command) {
			continue
		}
		if colon := strings.IndexByte(w.slice(i, end), ':'); k == len(reading)-1 && colon > 0 {
			i += colon
			quote = 0
		}
		if value := w.slice(i+1, end); len(value) > 5 && !reference(value) && !placeholder(value) && value[0] != '$' {
			if score := judgePassword(assignment{quoted: quote != 0}, value); score > 0 {
				w.take(Secret, "password_assignment", score, i+1, end)
			}
		}
		return
	}
}

// unbroken is what a password in quotes is made of, by the quote.
var unbroken = map[byte]*set{'"': setOf("!#-~\x80-\xff"), '\'': setOf("!-&(-~\x80-\xff")}

var (
	commandBytes = setOf(" !#-~\"")
	fieldBytes   = setOf("!-9;-~")
)

// passFile is a line of .pgpass: host, port, database, user, password.
func passFile(w *window) {
	database := w.run(w.n, fieldBytes, 64)
	user := w.run(database+1, fieldBytes, 64)
	if w.at(database) != ':' || w.at(user) != ':' || user == database+1 || database == w.n {
		return
	}
	end := w.run(user+1, fieldBytes, 65)
	if b := w.at(end); end-user < 5 || end-user > 64 || b != 0 && b != '\n' && b != '\r' && b != ' ' {
		return
	}
	if value := w.slice(user+1, end); !mockPassword(value) && !reference(value) {
		w.take(Secret, "password_assignment", 0.8, user+1, end)
	}
}

// oracleUser is the user and password of a JDBC address of Oracle's.
func oracleUser(w *window) {
	user := w.run(w.n, userBytes, 64)
	if w.at(user) != '/' || user == w.n {
		return
	}
	end := w.run(user+1, passwordBytes, 64)
	if n := end - user - 1; n < 4 || n > 63 || w.at(end) != '@' {
		return
	}
	if value := w.slice(user+1, end); !mockPassword(value) {
		w.take(Secret, "url_credentials", 0.85, user+1, end)
	}
}
