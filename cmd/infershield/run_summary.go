package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/infershield/infershield/doctor"
)

// summarise says in a line what came through, or that nothing did.
func (a *app) summarise(w *way, s seen, err error) {
	c := a.palette(a.stderr)
	say := func(format string, args ...any) {
		fmt.Fprintf(a.stderr, "%s "+format+"\n", append([]any{c.bold("infershield:")}, args...)...)
	}
	if err != nil {
		a.warn("not all of this run may be counted: " + err.Error())
	}
	if s.requests == 0 {
		others := "the program made no connection by way of InferShield"
		if s.connections > 0 {
			others = counted(int64(s.connections), "connection") + " to other hosts passed untouched"
		}
		say("no request to %s; %s", strings.Join(w.hosts, ", "), others)
		a.printHint("if there should have been one, the program may ignore its settings: " + a.command() + " doctor")
		return
	}
	listing := fmt.Sprintf("%s audit list --since %s", a.command(), w.began.UTC().Format(time.RFC3339))
	if dir := filepath.Dir(w.database); !strings.Contains(w.database, "://") && dir != absolute(dataDirDefault(plain(environment(a.environ)))) {
		listing += " --audit " + doctor.Quote(w.database)
	}
	blocked := fmt.Sprintf("%d blocked", s.blocked)
	if s.blocked > 0 {
		blocked = c.red(blocked)
	}
	atLeast := ""
	if s.atLeast {
		atLeast = "at least "
	}
	say("%s%s, %d masked, %s; %s", atLeast, counted(s.requests, "request"), s.masked, blocked, listing)
}

func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
