package inspect

import "strings"

// call is a function one of whose arguments is a password or a key.
type call struct {
	literal string // lower-case, up to where the arguments begin
	arg     int    // which of the arguments, from 0 on
}

var calls = []call{
	{literal: "basicauth(", arg: 1}, {literal: "basic_auth(", arg: 1}, {literal: "auth=(", arg: 1}, {literal: "auth = (", arg: 1},
	{literal: "basic_auth=(", arg: 1}, {literal: "networkcredential(", arg: 1}, {literal: "passwordcredentials(", arg: 1},
	{literal: "passwordauthentication(", arg: 1}, {literal: "passwordauthenticationtoken(", arg: 1},
	{literal: "getconnection(", arg: 2}, {literal: "mysqli(", arg: 2}, {literal: "mysqli_connect(", arg: 2}, {literal: "mysql_connect(", arg: 2},
	{literal: "->connect(", arg: 2}, {literal: "new pdo(", arg: 2}, {literal: "login(", arg: 1}, {literal: "mysqldb.connect(", arg: 2},
	{literal: "pymysql.connect(", arg: 2}, {literal: "pymssql.connect(", arg: 2},
	{literal: "jwt.sign(", arg: 1}, {literal: "jwt.verify(", arg: 1}, {literal: "jwt.encode(", arg: 1}, {literal: "jwt.decode(", arg: 1},
	{literal: "createhmac(", arg: 1}, {literal: "convertto-securestring ", arg: 0}, {literal: "convertto-securestring -string ", arg: 0},
}

// secretArguments finds secrets that stand where a function or a statement of SQL
// wants one.
func secretArguments() []trigger {
	all := []trigger{
		{literal: "identified by ", fold: true, match: identified},
		{literal: "identified with ", fold: true, match: identifiedWith},
		{literal: "@tcp(", back: passwordBytes, backMax: 64, shown: solidShown, match: dataSource},
		{literal: "@unix(", back: passwordBytes, backMax: 64, shown: solidShown, match: dataSource},
	}
	for _, c := range calls {
		all = append(all, trigger{literal: c.literal, fold: true, match: c.match})
	}
	return all
}

// match is the trigger function of every call.
func (c call) match(w *window) {
	i := w.n
	for range c.arg {
		end, ok := argument(w, i)
		if !ok {
			return
		}
		i = w.run(end+1, blankBytes, 40)
	}
	if b := w.at(i); b == '"' || b == '\'' || b == '`' {
		passwordAt(w, i)
	}
}

// argument returns where the comma is that ends the argument at offset i.
func argument(w *window, i int) (int, bool) {
	const most = 160
	depth := 0
	for end := i + most; i < end; i++ {
		switch b := w.at(i); b {
		case 0, '\n':
			return 0, false
		case '"', '\'', '`':
			i = w.run(i+1, quotedBytes[b], most)
			if w.at(i) != b {
				return 0, false
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return 0, false
			}
		case ',':
			if depth == 0 {
				return i, true
			}
		}
	}
	return 0, false
}

// identified is "IDENTIFIED BY 'password'" of SQL.
func identified(w *window) { passwordAt(w, w.n) }

// identifiedWith is the same with the name of a method between.
func identifiedWith(w *window) {
	i := w.run(w.n, wordBytes, 40)
	if w.fold(i, " by ") {
		passwordAt(w, i+len(" by "))
	}
}

// dataSource is the password in a data source name of Go's MySQL driver:
// user:password@tcp(host)/database.
func dataSource(w *window) {
	start := w.back(0, passwordBytes, 64)
	colon := strings.IndexByte(w.slice(start, 0), ':')
	if start += colon + 1; colon < 1 || -start < 4 {
		return
	}
	if value := w.slice(start, 0); !mockPassword(value) && !reference(value) {
		w.take(Secret, "url_credentials", 0.85, start, 0)
	}
}
