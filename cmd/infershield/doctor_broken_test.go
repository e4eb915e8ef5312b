//go:build unix

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
)

// ailment is one machine, broken on purpose.
type ailment struct {
	name   string
	sicken func(t *testing.T) *patient
	wrong  []string // all that is wrong then; the fix of the first heals it
	fix    string   // what its fix holds
}

func ailments() []ailment {
	return []ailment{
		{"missing variable", missingVariable, []string{"env.proxy"}, `eval "$(infershield env)"`},
		{"untrusted CA", untrustedCA, []string{"env.ca", "client.curl"}, `eval "$(infershield env)"`},
		{"loose key", looseKey, []string{"ca.key"}, "chmod 600 "},
		{"loose key in .env", looseDotenv, []string{"key.files"}, "chmod 600 .env"},
		{"port taken", portTaken, []string{"proxy.port", "env.proxy"}, "export INFERSHIELD_LISTEN="},
		{"expired leaf", expiredLeaf, []string{"proxy.leaf", "ca.expiry"}, "; infershield serve &"},
		{"wrong clock", wrongClock, []string{"clock"}, "sudo timedatectl set-ntp true"},
		{"dead upstream", deadUpstream, []string{"provider.reachable"}, "unset INFERSHIELD_CONNECT_TO; kill "},
		{"provider in NO_PROXY", providerInNoProxy, []string{"env.no_proxy", "client.curl", "client.go"}, `eval "$(infershield env)"`},
		{"old CA of the same name", oldCASameName, []string{"ca.old", "env.ca", "client.curl"}, "unset "},
		{"read-only data folder", readOnlyDataFolder, []string{"data.folder", "proxy.running", "env.proxy"}, "chmod 700 "},
		{"settings lost in a child", lostInChild, []string{"env.child"}, ">> \"$HOME\"/.profile"},
		{"another data folder", anotherDataFolder, []string{"proxy.authority"}, "export INFERSHIELD_DATA_DIR="},
		{"authority rotated away", rotatedAway, []string{"env.ca", "client.curl", "client.go"}, `unset CURL_CA_BUNDLE; eval "$(infershield env)"`},
		{"damaged audit database", damagedAudit, []string{"data.audit", "proxy.running", "env.proxy", "env.ca"}, "mv "},
		{"leaked CA in a store", leakedCA, []string{"ca.leaked"}, "infershield ca uninstall --fingerprint "},
		{"NODE_OPTIONS names nothing", deadPreload, []string{"env.files"}, "unset NODE_OPTIONS; "},
	}
}

// Each machine's fault is named, nothing else is called wrong, and the fix heals
// it when it is run as it was printed. What is then still to do, in the order in
// which doctor says it, makes the machine well.
func TestDoctorHealsBrokenMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	for _, a := range ailments() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			p := a.sicken(t)
			found := p.doctor()
			if diff := cmp.Diff(slices.Sorted(slices.Values(a.wrong)), slices.Sorted(slices.Values(found.wrong()))); diff != "" {
				t.Fatalf("what is wrong (-want +got):\n%s\n%s", diff, found)
			}
			named := found.find(a.wrong[0])
			if !strings.Contains(named.Fix, a.fix) {
				t.Errorf("%s: the fix is %q; want one with %q", named.ID, named.Fix, a.fix)
			}
			t.Logf("%s: %s\n  fix: %s", named.ID, named.Summary, named.Fix)
			p.heal(named)
			again := p.doctor()
			if healed := again.find(named.ID); healed.State != doctor.OK {
				t.Fatalf("after %s: %+v", named.Fix, healed)
			}
			p.followTo(t, again)
		})
	}
}

// heal runs a fix as it was printed.
func (p *patient) heal(f doctor.Finding) {
	p.t.Helper()
	p.sh(f.Fix)
	if strings.HasSuffix(f.Fix, "&") {
		p.awaitProxy()
	}
}

// followTo does what is still to do, in order, until nothing is wrong.
func (p *patient) followTo(t *testing.T, found diagnosis) {
	t.Helper()
	for range 3 {
		if found.OK {
			return
		}
		done := []string{""}
		for _, f := range found.Findings {
			if f.State == doctor.Wrong && !slices.Contains(done, f.Fix) {
				done = append(done, f.Fix)
				p.heal(f)
			}
		}
		found = p.doctor()
	}
	if !found.OK {
		t.Errorf("doctor's advice does not lead to health:\n%s", found)
	}
}

func missingVariable(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	p.without(func(name string) bool {
		return strings.HasSuffix(strings.ToLower(name), "_proxy") && !strings.HasPrefix(name, "NODE_")
	})
	return p
}

func untrustedCA(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	p.env["CURL_CA_BUNDLE"] = p.path("upstream.pem") // somebody else's
	return p
}

func looseKey(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	chmod(t, p.path("data/ca-key.pem"), 0o644)
	return p
}

func looseDotenv(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	writeFile(t, p.path(".env"), []byte("OPENAI_API_KEY="+plantedKey()+"\n"))
	p.well()
	chmod(t, p.path(".env"), 0o644)
	return p
}

func portTaken(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.sh("infershield ca export > ca.pem\n" + `eval "$(infershield env)"`)
	l, err := net.Listen("tcp", p.env["INFERSHIELD_LISTEN"])
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- other.Serve(l) }()
	t.Cleanup(func() { _ = other.Close(); <-served })
	return p
}

// expiredLeaf has a proxy run on past the end of its authority.
func expiredLeaf(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.sh("infershield ca export > ca.pem")
	for life := 6 * time.Second; ; life *= 3 {
		end := endSoon(t, p.path("data"), life)
		p.well()
		authority := readCert(t, p.path("data/ca.pem"))
		if authority.NotAfter.Equal(end) { // else it had ended before the proxy was up
			<-time.After(time.Until(end.Add(time.Second)))
			return p
		}
		if life > time.Minute {
			t.Fatal("the proxy does not start in time")
		}
		p.sh(fmt.Sprintf("kill %d", p.proxyPID()))
	}
}

func wrongClock(t *testing.T) *patient {
	var right atomic.Pointer[string] // a file that the stand-in for timedatectl makes
	p := newPatient(t, providerConfig{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name := right.Load(); name != nil {
				if _, err := os.Stat(*name); err != nil {
					w.Header().Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
				}
			}
			next.ServeHTTP(w, r)
		})
	}})
	p.well()
	set := p.path("clock-is-set")
	right.Store(&set)
	p.script("sudo", `exec "$@"`)
	p.script("timedatectl", `[ "$*" = "set-ntp true" ] && touch '`+set+`'`)
	return p
}

func deadUpstream(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	writeFile(t, p.path(".env"), []byte("INFERSHIELD_CONNECT_TO="+p.env["INFERSHIELD_CONNECT_TO"]+"\n"))
	p.env["INFERSHIELD_CONNECT_TO"] = "api.openai.com:443:" + freePort(t)
	p.well()
	return p
}

func providerInNoProxy(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	p.env["NO_PROXY"] += ",api.openai.com"
	p.env["no_proxy"] += ",api.openai.com"
	return p
}

// oldCASameName has curl trust an authority of our authority's name and another
// key.
func oldCASameName(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	old := readCert(t, p.path("data/ca.pem"))
	writeFile(t, p.path("old.pem"), certFor(t, old, nil))
	p.env["CURL_CA_BUNDLE"] = p.path("old.pem")
	return p
}

// readOnlyDataFolder is another user's account: root may write anywhere.
func readOnlyDataFolder(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	if err := os.Mkdir(p.path("data"), 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		p.uid = 65534
		p.give(t)
	}
	return p
}

func lostInChild(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	writeFile(t, p.path(".profile"), []byte("unset HTTPS_PROXY https_proxy\nexport NO_PROXY='*'")) // without a line's end
	p.env["SHELL"] = "/bin/sh"
	p.well()
	return p
}

func anotherDataFolder(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	p.env["INFERSHIELD_DATA_DIR"] = p.path("other")
	p.sh("infershield ca export > /dev/null")
	return p
}

// rotatedAway has curl trust what was exported by hand before the authority was
// replaced. The proxy takes the new one over while it runs.
func rotatedAway(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.well()
	p.sh("infershield ca export > ca.pem; export CURL_CA_BUNDLE=$PWD/ca.pem; infershield ca rotate --now")
	p.awaitAuthority(ca.Fingerprint(readCert(t, p.path("data/ca.pem"))))
	return p
}

func damagedAudit(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.sh("infershield ca export > /dev/null")
	writeFile(t, p.path("data/audit.db"), []byte("this is no database, and was never one"))
	return p
}

// leakedCA has this user's browsers trust an authority of the Node.js InferShield,
// whose private key is public.
func leakedCA(t *testing.T) *patient {
	needsTool("certutil")(t)
	p := newPatient(t, providerConfig{})
	path, err := exec.LookPath("certutil")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(p.bin, "certutil")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, p.path("leaked.pem"), leakedCert(t))
	if err := os.MkdirAll(p.path(".pki/nssdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.sh("certutil -N --empty-password -d sql:.pki/nssdb && certutil -A -d sql:.pki/nssdb -n proxy -t C,, -i leaked.pem")
	p.well()
	return p
}

func deadPreload(t *testing.T) *patient {
	p := newPatient(t, providerConfig{})
	p.env["NODE_OPTIONS"] = "--require " + p.path("gone.cjs")
	p.well()
	return p
}

// script puts a program on the PATH.
func (p *patient) script(name, line string) {
	p.t.Helper()
	path := filepath.Join(p.bin, name)
	writeFile(p.t, path, []byte("#!/bin/sh\n"+line+"\n"))
	chmod(p.t, path, 0o755)
}

// give makes the account p.uid's, with a binary that it can reach.
func (p *patient) give(t *testing.T) {
	t.Helper()
	chmod(t, filepath.Dir(p.dir), 0o711) // of the test's folders
	link := p.path("bin/infershield")
	binary, err := filepath.EvalSymlinks(link)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(link, b, 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	for _, name := range []string{"", "data", "upstream.pem"} {
		if err := os.Chown(p.path(name), int(p.uid), int(p.uid)); err != nil {
			t.Fatal(err)
		}
	}
}

// proxyPID is the process that answers as the proxy.
func (p *patient) proxyPID() int {
	p.t.Helper()
	proxy := &proxyProcess{addr: p.env["INFERSHIELD_LISTEN"], caFile: p.path("data/ca.pem")}
	return askHello(p.t, proxy.httpClient(p.t), "https://"+ca.CheckHost("api.openai.com")+"/").PID
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
