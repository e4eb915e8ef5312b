package main

import (
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"infershield": main, "goclient": goClient})
}

// Each script is a session at the command line, in a folder of its own, with
// nothing in the environment that would change the configuration.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each run waits a second at its end
			return os.Mkdir(env.WorkDir+"/home", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"busyport": busyPort,
			"key":      writeKey,
			"long":     writeLong,
			"seed":     seed,
			"tamper":   tamper,
			"status":   status,
		},
	})
}

// status is a script command: `status N CMD…` runs CMD, which must end with
// exit code N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N CMD…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d; want %d", args[1:], got, want)
	}
}

// busyPort is a script command: `busyport VAR` sets VAR to an address that is
// listened on until the script ends.
func busyPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: busyport VAR")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// writeKey is a script command: `key FILE` makes a text with a key in it, which
// a script cannot hold without setting off those who look for such things.
func writeKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: key FILE")
	}
	text := "the key is " + plantedKey() + " and no other\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// plantedKey has the form of a key of OpenAI's, and is none.
func plantedKey() string {
	half := "Zq8Lw2Rt5Yp1Xc7Vb4Nm"
	return "sk" + "-" + half + "T3Blbk" + "FJ" + "Hd6Kf9Js3Ga0Qe5Wu1Ri"
}

// writeLong is a script command: `long FILE` makes two lines of JSON, the first
// of them longer than a mebibyte.
func writeLong(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: long FILE")
	}
	lines := `{"id":1,"text":"` + strings.Repeat("x", 1<<20) + "\"}\n" + `{"id":2,"text":"short"}` + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(lines), 0o600))
}
