package ca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/infershield/infershield/ca"
)

func TestWriteTrustStore(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	one, two := open(t, t.TempDir(), "one.test").Root(), open(t, t.TempDir(), "two.test").Root()
	store := written(t, func(w io.Writer) error {
		return a.WriteTrustStore(w, "a word", []*x509.Certificate{one, a.Root(), two})
	})
	certs, err := pkcs12.DecodeTrustStore(store, "a word")
	if err != nil {
		t.Fatal(err)
	}
	if len(certs) != 3 || !certs[0].Equal(one) || !certs[1].Equal(two) || !certs[2].Equal(a.Root()) {
		t.Errorf("got %d certificates; want the two and ours last, each once", len(certs))
	}
	if _, _, err := pkcs12.Decode(store, "a word"); err == nil {
		t.Error("there is a key in it")
	}
	if err := a.WriteTrustStore(io.Discard, "", nil); err == nil {
		t.Error("no password: got no error")
	}
}

func TestJavaReadsTheTrustStore(t *testing.T) {
	keytool, openssl := need(t, "keytool"), need(t, "openssl")
	a := open(t, t.TempDir(), openAI)
	roots, err := ca.SystemRoots()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trust.p12")
	write(t, path, written(t, func(w io.Writer) error { return a.WriteTrustStore(w, ca.TrustStorePassword, roots) }))

	out, err := run(exec.CommandContext(t.Context(), keytool, "-list", "-keystore", path, "-storepass", ca.TrustStorePassword, "-J-Duser.language=en"))
	if err != nil {
		t.Fatalf("keytool: %v\n%s", err, out)
	}
	if got, want := strings.Count(out, "trustedCertEntry"), len(roots)+1; got != want {
		t.Errorf("keytool lists %d trusted certificates; want %d", got, want)
	}
	if strings.Contains(out, "PrivateKeyEntry") || !strings.Contains(out, a.Fingerprint()) {
		t.Errorf("keytool: want our root and no key\n%s", out)
	}
	out, err = run(exec.CommandContext(t.Context(), openssl, "pkcs12", "-in", path, "-passin", "pass:"+ca.TrustStorePassword))
	if err != nil || strings.Contains(out, "PRIVATE") || strings.Count(out, "BEGIN CERTIFICATE") != len(roots)+1 {
		t.Errorf("openssl pkcs12: %v, %d certificates", err, strings.Count(out, "BEGIN CERTIFICATE"))
	}
}

// plistValues are the values of a property list, each after the name of its key.
func plistValues(t *testing.T, plist []byte) map[string][]string {
	t.Helper()
	values := make(map[string][]string)
	var key, text string
	for dec := xml.NewDecoder(bytes.NewReader(plist)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text = string(token)
		case xml.EndElement:
			switch token.Name.Local {
			case "key":
				key = text
			case "string", "data", "integer":
				values[key] = append(values[key], text)
			}
		}
	}
}

func TestWriteProfile(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, openAI)
	profile := written(t, a.WriteProfile)
	values := plistValues(t, profile)
	if got, want := values["PayloadType"], []string{"com.apple.security.root", "Configuration"}; !slices.Equal(got, want) {
		t.Errorf("types: got %v; want %v", got, want)
	}
	if got := values["PayloadContent"]; len(got) != 1 || got[0] != base64.StdEncoding.EncodeToString(a.Root().Raw) {
		t.Errorf("content: got %v; want the root in DER", got)
	}
	ids := values["PayloadUUID"]
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("UUIDs: got %v; want two", ids)
	}
	for _, id := range ids {
		if !regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`).MatchString(id) {
			t.Errorf("UUID %s is not of version 8", id)
		}
	}
	if !bytes.Equal(profile, written(t, open(t, dir, openAI).WriteProfile)) {
		t.Error("a second export differs")
	}
	if other := plistValues(t, written(t, open(t, t.TempDir(), openAI).WriteProfile)); slices.Contains(other["PayloadIdentifier"], values["PayloadIdentifier"][0]) ||
		slices.Contains(other["PayloadUUID"], ids[0]) {
		t.Error("another authority has the same identifiers, and would replace this one on a device")
	}
}

func TestPythonReadsTheProfile(t *testing.T) {
	python := need(t, "python3")
	a := open(t, t.TempDir(), openAI)
	path := filepath.Join(t.TempDir(), "ca.mobileconfig")
	write(t, path, written(t, a.WriteProfile))
	out, err := run(exec.CommandContext(t.Context(), python, "-c", `
import hashlib, plistlib, sys
profile = plistlib.load(open(sys.argv[1], "rb"))
assert profile["PayloadRemovalDisallowed"] is False and profile["PayloadVersion"] == 1, profile
print(hashlib.sha256(profile["PayloadContent"][0]["PayloadContent"]).hexdigest().upper())`, path))
	if err != nil || strings.TrimSpace(out) != strings.ReplaceAll(a.Fingerprint(), ":", "") {
		t.Errorf("got %s, %v; want the fingerprint of the root", out, err)
	}
}
