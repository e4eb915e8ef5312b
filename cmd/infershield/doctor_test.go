//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
)

// On a machine where all is well nothing is called wrong or worth a look, with
// every client that this machine has.
func TestDoctorOnAHealthyMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("starts every client of this machine")
	}
	p := newPatient(t, providerConfig{})
	folders := []string{p.bin, "/usr/bin"} // Debian's Python has what test-deps installed
	for _, runtime := range []string{"node18", "node20", "node22", "node24", "deno", "bun"} {
		folder, err := filepath.Abs("../../.cache/" + runtime + "/node_modules/.bin")
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, folder)
	}
	p.env["PATH"] = strings.Join(append(folders, os.Getenv("PATH")), string(os.PathListSeparator))
	p.well()
	found := p.doctor()
	if !found.OK {
		t.Errorf("a healthy machine is called ill:\n%s", found)
	}
	for _, f := range found.Findings {
		if f.State == doctor.Warn {
			t.Errorf("a healthy machine has a warning: %+v", f)
		}
		t.Logf("%-8s %s: %s", f.State, f.ID, f.Summary)
	}
	if f := found.find("client.curl"); f.State != doctor.OK {
		t.Errorf("curl was not tried: %+v", f)
	}
}

// On a machine where nothing is set up yet doctor says what to do, in order, and
// that leads to health.
func TestDoctorOnANewMachine(t *testing.T) {
	p := newPatient(t, providerConfig{})
	delete(p.env, "KEY_MODE")
	cmd := exec.Command(p.bin+"/infershield", "doctor") //nolint:gosec // the tests' own
	cmd.Args[0], cmd.Dir, cmd.Env = "infershield", p.dir, p.environ()
	text, _ := cmd.Output() // it ends with 1; the next run checks that
	_, todo, _ := strings.Cut(string(text), "What to do, in this order:\n")
	todo, _, _ = strings.Cut(todo, "\n\n")
	want := "  1. export KEY_MODE=auto\n  2. infershield serve &\n  3. eval \"$(infershield env)\""
	if diff := cmp.Diff(want, todo); diff != "" {
		t.Errorf("(-want +got):\n%s\nin:\n%s", diff, text)
	}
	p.followTo(t, p.doctor())
}

// Neither the text nor the JSON holds the key, or a part of it, wherever it came
// from.
func TestDoctorSaysNoKey(t *testing.T) {
	key := plantedKey()
	for name, arrange := range map[string]func(p *patient){
		"environment": func(p *patient) { p.env["OPENAI_API_KEY"] = key },
		".env":        func(p *patient) { writeFile(t, p.path(".env"), []byte("OPENAI_API_KEY="+key+"\n")) },
		"file": func(p *patient) {
			writeFile(t, p.path("key"), []byte(key))
			p.env["OPENAI_API_KEY_FILE"] = p.path("key")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t, providerConfig{})
			p.env["KEY_MODE"] = "server"
			arrange(p)
			for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}} {
				cmd := exec.Command(p.bin+"/infershield", args...) //nolint:gosec // as above
				cmd.Dir, cmd.Env = p.dir, p.environ()
				text, _ := cmd.CombinedOutput() // something is wrong on it
				if !strings.Contains(string(text), "server, with a key from ") {
					t.Errorf("the key was not seen:\n%s", text)
				}
				if strings.Contains(string(text), key[3:11]) || strings.Contains(string(text), key[len(key)-8:]) {
					t.Errorf("%v: the output holds a part of the key", args)
				}
			}
		})
	}
}

// A URL given as a flag can hold a token. It is repeated neither from doctor's
// own flags nor from those of the proxy that runs.
func TestDoctorRepeatsNoToken(t *testing.T) {
	const token = "T0KENT0KEN"
	for name, flag := range map[string]string{
		"webhook":     "--webhook http://127.0.0.1:9/" + token,
		"syslog":      "--syslog=unix:///" + token,
		"otlp":        "--otlp http://127.0.0.1:9/" + token,
		"opinion-url": "--opinion-url=http://127.0.0.1:9/?key=" + token,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, providerConfig{})
			fixes := func(want string) {
				t.Helper()
				found := p.doctor(append([]string{"--only", "proxy"}, strings.Fields(flag)...)...)
				if text := fmt.Sprintf("%+v", found); !strings.Contains(text, want) || strings.Contains(text, token) {
					t.Errorf("found %s; want %q, and nothing of the token", text, want)
				}
			}
			fixes("serve &")
			p.sh("infershield serve " + flag + " &")
			p.awaitProxy()
			p.env["INFERSHIELD_INTERCEPT"] = "api.example.com"
			fixes("; infershield serve &")
		})
	}
}

// While a rotation's overlap lasts what was exported before is good, and doctor
// says until when.
func TestDoctorDuringAnOverlap(t *testing.T) {
	p := newPatient(t, providerConfig{})
	p.well()
	p.sh("infershield ca export > ca.pem; export CURL_CA_BUNDLE=$PWD/ca.pem; infershield ca rotate")
	p.awaitAuthority(ca.Fingerprint(readCert(t, p.path("data/ca.pem"))))
	found := p.doctor()
	if f := found.find("env.ca"); !found.OK || f.State != doctor.Warn || !strings.Contains(f.Detail, "CURL_CA_BUNDLE names ") {
		t.Errorf("%+v", f)
	}
	p.sh(found.find("env.ca").Fix)
	if f := p.doctor("--only", "env.ca").find("env.ca"); f.State != doctor.OK {
		t.Errorf("after its fix: %+v", f)
	}
}
