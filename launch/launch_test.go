package launch_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/launch"
)

const openAI = "api.openai.com"

// files are paths that need quoting wherever quoting is needed.
var files = launch.Files{
	Added: "/data dir/ca.pem", Bundle: "/data dir/roots.pem", TrustStore: "/data dir/trust.p12", TrustStorePassword: "changeit",
	Preload: "/data dir/preload.cjs", PreloadBun: "/data dir/preload_bun.cjs", PHPDir: "/data dir/php", Wgetrc: "/data dir/wgetrc",
}

func settings() launch.Settings {
	return launch.Settings{Proxy: "http://127.0.0.1:8000", Hosts: []string{openAI}, Files: files}
}

// values is the environment after a plan, by name.
func values(p launch.Plan, environ ...string) map[string]string {
	found := make(map[string]string)
	for _, entry := range p.Environ(environ) {
		name, value, _ := strings.Cut(entry, "=")
		found[name] = value
	}
	return found
}

func TestPlanAddsToWhatTheUserHas(t *testing.T) {
	environ := []string{
		"NODE_OPTIONS=--max-old-space-size=4096", "BUN_OPTIONS=--smol", "JAVA_TOOL_OPTIONS=-Xmx1g", "PHP_INI_SCAN_DIR=/etc/php.d",
		"NO_PROXY=.corp.example,10.0.0.0/8", "HOME=/home/me", "DENO_TLS_CA_STORE=system",
	}
	got := values(settings().Plan(environ), environ...)
	for name, want := range map[string]string{
		"HTTPS_PROXY": "http://127.0.0.1:8000", "http_proxy": "http://127.0.0.1:8000",
		"SSL_CERT_FILE": "/data dir/roots.pem", "NODE_EXTRA_CA_CERTS": "/data dir/ca.pem",
		"NODE_OPTIONS":     `--max-old-space-size=4096 --require "/data dir/preload.cjs"`,
		"BUN_OPTIONS":      `--smol "--preload=/data dir/preload_bun.cjs"`,
		"PHP_INI_SCAN_DIR": "/etc/php.d:/data dir/php",
		"NO_PROXY":         ".corp.example,10.0.0.0/8,localhost,127.0.0.1,::1",
		"HOME":             "/home/me", "DENO_TLS_CA_STORE": "system",
		"JAVA_TOOL_OPTIONS": `-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8000 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8000 ` +
			`-Dhttp.nonProxyHosts=*.corp.example|localhost|127.*|[::1] "-Djavax.net.ssl.trustStore=/data dir/trust.p12" ` +
			`-Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=changeit`,
	} {
		if got[name] != want {
			t.Errorf("%s: got %q; want %q", name, got[name], want)
		}
	}
}

// A plan in an environment that has one already starts from the user's values,
// and Restore gives these back, with what the user has added since then.
func TestPlansDoNotPileUp(t *testing.T) {
	user := []string{"HOME=/home/me", "HTTPS_PROXY=http://corp:3128", "NODE_OPTIONS=--inspect", "SSL_CERT_FILE=/corp.pem"}
	once := settings().Plan(user).Environ(user)
	again := settings()
	again.Proxy = "http://127.0.0.1:9000"
	plan := again.Plan(once)
	if diff := cmp.Diff(again.Plan(user).Environ(user), plan.Environ(once)); diff != "" {
		t.Errorf("a second plan is not what it would be alone (-alone +second):\n%s", diff)
	}
	if diff := cmp.Diff(again.Plan(user).Notes, plan.Notes); diff != "" {
		t.Errorf("notes (-alone +second):\n%s", diff)
	}

	changed := slices.Clone(once)
	for i, entry := range changed {
		if strings.HasPrefix(entry, "NODE_OPTIONS=") {
			changed[i] = entry + " --trace-warnings"
		}
		if strings.HasPrefix(entry, "GIT_SSL_CAINFO=") {
			changed[i] = "GIT_SSL_CAINFO=/mine.pem"
		}
	}
	got := restored(changed)
	want := []string{"GIT_SSL_CAINFO=/mine.pem", "HOME=/home/me", "HTTPS_PROXY=http://corp:3128", "NODE_OPTIONS=--inspect --trace-warnings", "SSL_CERT_FILE=/corp.pem"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

func restored(environ []string) []string {
	set, unset := launch.Restore(environ)
	var left []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		for _, a := range set {
			if a.Name == name {
				entry = name + "=" + a.Value
			}
		}
		if !slices.Contains(unset, name) {
			left = append(left, entry)
		}
	}
	slices.Sort(left)
	return left
}

// A damaged memory is as good as none.
func TestDamagedMemory(t *testing.T) {
	for _, text := range []string{"", "{", `{"t":["a"],"n":{"HOME":[7]}}`, `{"t":["a"],"n":{"HOME":[-1]}}`, `{"n":{"HOME":[]}}`} {
		environ := []string{"HOME=/home/me", launch.SavedVariable + "=" + text}
		if got := restored(environ); !slices.Equal(got, []string{"HOME=/home/me"}) {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestNoProxyLosesWhatCoversAnInterceptedHost(t *testing.T) {
	s := settings()
	s.Hosts = []string{openAI, "*.example.com", "10.1.2.3"}
	covering := "api.openai.com openai.com .openai.com *.openai.com API.OpenAI.com:443 com * example.com a.example.com 10.1.2.3 10.0.0.0/8"
	harmless := "chat.openai.com,notopenai.com,example.org,10.1.2.4,192.168.0.0/16"
	for _, entry := range strings.Fields(covering) {
		plan := s.Plan([]string{"NO_PROXY=" + entry + "," + harmless})
		if got, want := values(plan)["NO_PROXY"], harmless+",localhost,127.0.0.1,::1"; got != want {
			t.Errorf("%s: got %q; want %q", entry, got, want)
		}
		if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "left out "+entry+",") {
			t.Errorf("%s: got notes %q", entry, plan.Notes)
		}
	}
	s.Hosts = []string{"localhost"}
	if got := values(s.Plan(nil))["NO_PROXY"]; got != "127.0.0.1,::1" {
		t.Errorf("with localhost intercepted: got %q", got)
	}
	s.OnlyWay = true
	if got := values(s.Plan([]string{"NO_PROXY=corp.example"}))["no_proxy"]; got != "127.0.0.1,::1" {
		t.Errorf("with no other way out: got %q", got)
	}
}

func TestNotesNameAnotherProxyWithoutItsPassword(t *testing.T) {
	notes := settings().Plan([]string{"HTTPS_PROXY=http://me:hunter2@corp.example:3128"}).Notes
	if len(notes) != 1 || !strings.Contains(notes[0], "corp.example:3128") || strings.Contains(notes[0], "hunter2") {
		t.Errorf("got %q", notes)
	}
}

// root makes a certificate in PEM.
func root(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func names(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, cert.Subject.CommonName)
	}
	return found
}

func TestWriteKeepsTheUsersCertificates(t *testing.T) {
	dir, ours, system, corporate, extra := t.TempDir(), root(t, "ours"), root(t, "system"), root(t, "corporate"), root(t, "extra")
	corporateFile, extraFile := filepath.Join(dir, "corporate.pem"), filepath.Join(dir, "extra.pem")
	for path, data := range map[string][]byte{corporateFile: append(corporate, system...), extraFile: extra} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made := 0
	src := launch.Sources{CA: ours, Bundle: append(bytes.Clone(system), ours...), TrustStore: func(w io.Writer, more []*x509.Certificate) error {
		made++
		for _, cert := range more {
			if _, err := io.WriteString(w, cert.Subject.CommonName+" "); err != nil {
				return err
			}
		}
		return nil
	}}
	write := func(environ ...string) launch.Files {
		t.Helper()
		written, notes, err := launch.Write(filepath.Join(dir, "launch"), environ, src)
		if err != nil || len(notes) > 0 {
			t.Fatalf("got %q, %v", notes, err)
		}
		return written
	}
	plain := write()
	if got := names(t, plain.Bundle); !slices.Equal(got, []string{"system", "ours"}) {
		t.Errorf("bundle: got %v", got)
	}
	mine := write("SSL_CERT_FILE="+corporateFile, "REQUESTS_CA_BUNDLE="+corporateFile, "NODE_EXTRA_CA_CERTS="+extraFile)
	if got := names(t, mine.Bundle); !slices.Equal(got, []string{"corporate", "system", "ours"}) {
		t.Errorf("bundle with the user's: got %v", got)
	}
	if got := names(t, mine.Added); !slices.Equal(got, []string{"ours", "extra"}) {
		t.Errorf("added: got %v", got)
	}
	if got, err := os.ReadFile(mine.TrustStore); err != nil || string(got) != "corporate " {
		t.Errorf("trust store: got %q, %v", got, err)
	}
	if write(); made != 2 {
		t.Errorf("trust stores made: got %d; want 2", made)
	}
	if got := names(t, plain.Bundle); !slices.Equal(got, []string{"system", "ours"}) {
		t.Errorf("the other environment's bundle: got %v", got)
	}
	src.Bundle = append(bytes.Clone(src.Bundle), extra...)
	if write(); made != 3 {
		t.Errorf("trust stores made after a change: got %d; want 3", made)
	}
}

func TestWriteTellsOfFilesItCannotUse(t *testing.T) {
	src := launch.Sources{CA: root(t, "ours"), Bundle: root(t, "system")}
	_, notes, err := launch.Write(t.TempDir(), []string{"SSL_CERT_FILE=/nowhere/corporate.pem"}, src)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "SSL_CERT_FILE") || !strings.Contains(notes[0], "/nowhere/corporate.pem") {
		t.Errorf("got %q, %v", notes, err)
	}
}

func TestJavaTakesAProxyByIPv6(t *testing.T) {
	s := settings()
	s.Proxy = "http://[::1]:8000"
	got := values(s.Plan(nil))["JAVA_TOOL_OPTIONS"]
	if !strings.HasPrefix(got, "-Dhttp.proxyHost=::1 -Dhttp.proxyPort=8000 -Dhttps.proxyHost=::1 -Dhttps.proxyPort=8000 ") {
		t.Errorf("got %q", got)
	}
}

// A path of the user's that begins like ours is theirs.
func TestRestoreLeavesLongerPathsAlone(t *testing.T) {
	environ := settings().Plan(nil).Environ(nil)
	for i, entry := range environ {
		if strings.HasPrefix(entry, "SSL_CERT_FILE=") {
			environ[i] = entry + ".bak"
		}
	}
	if got, want := strings.Join(restored(environ), " "), "SSL_CERT_FILE="+files.Bundle+".bak"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
