package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/ca"
)

func TestOpenReissuesForAnotherList(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, openAI, "*.example.com", "127.0.0.1")
	oldKey := read(t, first.KeyPath())

	same := open(t, dir, "127.0.0.1", "*.EXAMPLE.com.", "API.openai.com", openAI)
	if got := same.Change(); got.Event != ca.Unchanged {
		t.Errorf("the same set, differently written: got %+v; want unchanged", got)
	}
	second := open(t, dir, openAI, "api.other.test", "10.0.0.1")
	change := second.Change()
	if change.Event != ca.Reissued || change.Why != "the intercept list changed, added: api.other.test 10.0.0.1, removed: example.com 127.0.0.1" {
		t.Errorf("got %+v; want reissued for what was added and removed", change)
	}
	if want := filepath.Join(dir, "ca-1.old.pem"); change.Old != want {
		t.Errorf("old certificate: got %s; want %s", change.Old, want)
	}
	var old bytes.Buffer
	if err := first.WritePEM(&old); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, change.Old), old.Bytes()) {
		t.Errorf("%s is not the old certificate", change.Old)
	}
	if a, b := first.Root().Subject.String(), second.Root().Subject.String(); a == b {
		t.Errorf("both roots are named %s; want another name for each", a)
	}
	if a, b := first.Root().SubjectKeyId, second.Root().SubjectKeyId; bytes.Equal(a, b) {
		t.Error("both roots have the same key")
	}
	for _, name := range list(t, dir) {
		if bytes.Contains(read(t, filepath.Join(dir, name)), oldKey[30:80]) {
			t.Errorf("%s still holds the old key", name)
		}
	}
	if got := second.Covers("a.example.com"); got {
		t.Error("the new list covers a host of the old one")
	}
}

func TestOpenKeepsSixteenOldCertificates(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "ca-x.old.pem"), []byte("somebody else's"))
	for i := range 20 {
		open(t, dir, fmt.Sprintf("host%d.test", i))
	}
	var got []string
	for _, name := range list(t, dir) {
		if strings.HasSuffix(name, ".old.pem") {
			got = append(got, name)
		}
	}
	if len(got) != 17 || !slices.Contains(got, "ca-19.old.pem") || slices.Contains(got, "ca-3.old.pem") || !slices.Contains(got, "ca-4.old.pem") {
		t.Errorf("got %v; want ca-4 to ca-19 and the file that is not ours", got)
	}
}

func TestOpenReissuesWhenExpired(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		first := open(t, dir, openAI)
		if got, bound := time.Until(first.Root().NotAfter), 5*365*24*time.Hour; got > bound {
			t.Errorf("life of a root: got %v; want at most %v", got, bound)
		}
		time.Sleep(time.Until(first.Root().NotAfter))
		if got := open(t, dir, openAI).Change(); got.Event != ca.Unchanged {
			t.Errorf("in its last second: got %+v; want unchanged", got)
		}
		time.Sleep(time.Second)
		second := open(t, dir, openAI)
		if got := second.Change(); got.Event != ca.Reissued || !strings.HasPrefix(got.Why, "it expired on 20") {
			t.Errorf("got %+v; want reissued because it expired", got)
		}
	})
	// Outside of the bubble it is years later.
	if got := open(t, dir, openAI).Change(); got.Event != ca.Reissued {
		t.Errorf("got %+v; want reissued", got)
	}
	synctest.Test(t, func(t *testing.T) {
		if _, err := ca.Open(dir, []string{openAI}); err == nil || !strings.Contains(err.Error(), "set the clock") {
			t.Errorf("with the clock of 2000: got %v; want an error about the clock", err)
		}
	})
}

// Somebody's own CA in the folder is used if it is limited to the list, and
// never overwritten if it is not.
func TestOpenSparesAForeignRoot(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corporate CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	dir := t.TempDir()
	store := func() {
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		write(t, filepath.Join(dir, "ca-key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	}
	store()
	before := read(t, filepath.Join(dir, "ca-key.pem"))
	_, err = ca.Open(dir, []string{openAI})
	if err == nil || !strings.Contains(err.Error(), "InferShield did not make it") {
		t.Errorf("got %v; want an error that spares it", err)
	}
	if !bytes.Equal(read(t, filepath.Join(dir, "ca-key.pem")), before) {
		t.Error("the foreign key was overwritten")
	}

	template.PermittedDNSDomainsCritical = true
	template.PermittedDNSDomains = []string{"localhost", ca.OwnHost, openAI}
	store()
	a := open(t, dir, openAI)
	if got := a.Change(); got.Event != ca.Unchanged {
		t.Errorf("limited to the list: got %+v; want unchanged", got)
	}
	verifyWithGo(t, a, a.Root(), openAI)
}
