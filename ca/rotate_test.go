package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/ca"
)

const overlap = 10 * 24 * time.Hour

// accepts reports whether a client that trusts root alone accepts what a serves.
func accepts(t testing.TB, a *ca.Authority, root *x509.Certificate, host string) bool {
	t.Helper()
	chain := certificate(t, a, host)
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: host, CurrentTime: time.Now()}
	options.Roots.AddCert(root)
	for _, der := range chain.Certificate[1:] {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		options.Intermediates.AddCert(cert)
	}
	_, err := chain.Leaf.Verify(options)
	return err == nil
}

func rotate(t testing.TB, a *ca.Authority, overlap time.Duration) ca.Change {
	t.Helper()
	change, err := a.Rotate(overlap)
	if err != nil {
		t.Fatalf("Rotate: %v", err)
	}
	return change
}

func TestRotateOverlaps(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, dir, openAI, "*.example.com")
		old, oldKey, oldLeaf := a.Root(), read(t, a.KeyPath()), certificate(t, a, openAI).Leaf
		serving := open(t, dir, openAI, "*.example.com")
		change := rotate(t, a, overlap)
		if change.Event != ca.Reissued || !change.Until.Equal(time.Now().Add(overlap)) || !bytes.Equal(read(t, change.Old), pemOf(old)) {
			t.Errorf("change: got %+v; want reissued, with the old certificate and the end of the overlap", change)
		}
		if old.Subject.String() == a.Root().Subject.String() || bytes.Equal(old.SubjectKeyId, a.Root().SubjectKeyId) {
			t.Error("the new root has the name or the key of the old one")
		}
		for _, name := range list(t, dir) {
			if bytes.Contains(read(t, filepath.Join(dir, name)), oldKey[30:80]) {
				t.Errorf("%s holds the old key", name)
			}
		}
		// Each world accepts what is minted now, and the exports join both.
		for _, root := range []*x509.Certificate{old, a.Root()} {
			for _, host := range []string{openAI, "x.example.com"} {
				if !accepts(t, a, root, host) {
					t.Errorf("%s: a client that trusts %s refuses", host, root.Subject)
				}
			}
		}
		generations, err := ca.Generations(dir)
		if err != nil || len(generations) != 2 || !generations[0].Current || !generations[1].Cert.Equal(old) || generations[1].Path != change.Old {
			t.Errorf("Generations: got %+v, %v; want the new root and the old one", generations, err)
		}
		names := []string{old.Subject.CommonName, a.Root().Subject.CommonName}
		if got := subjects(t, written(t, a.WritePEM)); !slices.Equal(got, names) {
			t.Errorf("WritePEM: got %v; want %v", got, names)
		}
		if got := subjects(t, written(t, a.WriteBundle)); !slices.Equal(got[len(got)-2:], names) {
			t.Errorf("WriteBundle ends in %v; want %v", got[len(got)-2:], names)
		}
		// A process that serves goes on with the old root until it looks.
		if !accepts(t, serving, old, openAI) || !certificate(t, serving, openAI).Leaf.Equal(certificate(t, serving, openAI).Leaf) {
			t.Error("the other process: its clients refuse")
		}
		if _, err := oldLeaf.Verify(x509.VerifyOptions{Roots: pool(old, a.Root()), CurrentTime: time.Now()}); err != nil {
			t.Errorf("an old leaf and the bundle: %v", err)
		}
		if got, err := serving.Refresh(); err != nil || got.Event != ca.Reissued || !got.Until.Equal(change.Until) || !serving.Root().Equal(a.Root()) {
			t.Errorf("Refresh: got %+v, %v; want the new root", got, err)
		}
		if got, err := serving.Refresh(); err != nil || got.Event != ca.Unchanged {
			t.Errorf("second Refresh: got %+v, %v; want unchanged", got, err)
		}
		restarted := open(t, dir, openAI, "*.example.com")
		if !accepts(t, restarted, old, openAI) || !accepts(t, serving, old, openAI) {
			t.Error("after a restart or Refresh, a client that trusts the old root refuses")
		}

		time.Sleep(overlap - time.Second)
		if !accepts(t, serving, old, openAI) {
			t.Error("in the last second of the overlap, a client that trusts the old root refuses")
		}
		time.Sleep(2 * time.Second)
		if accepts(t, serving, old, openAI) || !accepts(t, serving, a.Root(), openAI) {
			t.Error("after the overlap: want the new root alone to be enough")
		}
		if got := certificate(t, serving, openAI).Certificate; len(got) != 1 {
			t.Errorf("after the overlap: got a chain of %d; want the leaf alone", len(got))
		}
		if got := subjects(t, written(t, serving.WritePEM)); !slices.Equal(got, names[1:]) {
			t.Errorf("after the overlap WritePEM: got %v; want %v", got, names[1:])
		}
	})
}

func pool(roots ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, root := range roots {
		p.AddCert(root)
	}
	return p
}

func pemOf(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

func TestRotateAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, dir, openAI)
		first := a.Root()
		rotate(t, a, overlap)
		second, files := a.Root(), list(t, dir)
		if _, err := a.Rotate(overlap); !errors.Is(err, ca.ErrOverlapping) {
			t.Errorf("during the overlap: got %v; want ErrOverlapping", err)
		}
		if !a.Root().Equal(second) || !slices.Equal(list(t, dir), files) {
			t.Error("refused, and changed all the same")
		}
		if got := rotate(t, a, 0); !got.Until.IsZero() {
			t.Errorf("without an overlap: got one until %v", got.Until)
		}
		third := open(t, dir, openAI)
		for root, want := range map[*x509.Certificate]bool{first: false, second: false, third.Root(): true} {
			if got := accepts(t, third, root, openAI); got != want {
				t.Errorf("a client that trusts %s accepts: got %v; want %v", root.Subject, got, want)
			}
		}
		if slices.Contains(list(t, dir), "ca-link.pem") {
			t.Error("the link of the overlap before is still there")
		}
		time.Sleep(time.Until(a.Root().NotAfter) - time.Hour)
		if got := rotate(t, a, overlap).Until; time.Until(got) > time.Hour {
			t.Errorf("the overlap ends on %v; want it to end with the old root", got)
		}
	})
}

// A change of the list is a rotation too: for the hosts of both lists clients go
// on, and for no others.
func TestReissueOverlaps(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, openAI, "removed.test").Root()
	a := open(t, dir, openAI, "added.test")
	if a.Change().Until.IsZero() || !accepts(t, a, first, openAI) {
		t.Error("the host of both lists: a client that trusts the old root refuses")
	}
	if accepts(t, a, first, "added.test") {
		t.Error("the old root vouches for a host that it was not made for")
	}
	forged, err := steal(t, a).forge("removed.test")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(forged.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	cross, err := x509.ParseCertificate(certificate(t, a, openAI).Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool(first), Intermediates: pool(cross), DNSName: "removed.test"}); err == nil {
		t.Error("the new key speaks for a removed host by way of the old root")
	}
}

// Killed at any step, a rotation has happened or has not, and either way the
// next start and the next rotation find everything in order.
func TestRotateKilled(t *testing.T) {
	steps := map[string]bool{} // whether the rotation has happened by then
	for _, step := range []string{"the key is written", "the link is written", "the certificate is written"} {
		steps[step] = false
	}
	for _, step := range []string{"the certificate is in place", "the link is in place"} {
		steps[step] = true
	}
	for step, happened := range steps {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			a, serving := open(t, dir, openAI), open(t, dir, openAI)
			old := a.Root()
			if !a.RotateKilledAt(overlap, step) {
				t.Fatal("there is no such step")
			}
			if _, err := serving.Refresh(); err != nil {
				t.Errorf("Refresh: %v", err)
			}
			next := open(t, dir, openAI)
			if got := !next.Root().Equal(old); got != happened {
				t.Errorf("rotated: got %v; want %v", got, happened)
			}
			for _, a := range []*ca.Authority{serving, next} {
				if !accepts(t, a, old, openAI) || !accepts(t, a, next.Root(), openAI) {
					t.Error("a client of one of the two roots refuses")
				}
			}
			rotate(t, next, 0)
			want := []string{"ca-1.old.pem", "ca-2.old.pem", "ca-key.pem", "ca.lock", "ca.pem", "ca.use"}
			if !happened {
				want = slices.Delete(want, 1, 2) // kept once, though twice begun
			}
			if got := list(t, dir); !slices.Equal(got, want) {
				t.Errorf("files: got %v; want %v", got, want)
			}
		})
	}
}

// The last step without an overlap only tidies up: what is left of the overlap
// before leads nowhere.
func TestRotateKilledBeforeTidyingUp(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, openAI)
	rotate(t, a, overlap)
	old := a.Root()
	if !a.RotateKilledAt(0, "the key is in place") || !slices.Contains(list(t, dir), "ca-link.pem") {
		t.Fatal("it was not killed before the link is removed")
	}
	next := open(t, dir, openAI)
	if next.Root().Equal(old) || accepts(t, next, old, openAI) || !accepts(t, next, next.Root(), openAI) {
		t.Error("want the new root, and it alone to be accepted")
	}
}

// Roots of earlier versions may sign no CA below them.
func TestRotateOfAnEarlierRoot(t *testing.T) {
	dir := t.TempDir()
	storeRoot(t, dir, x509.Certificate{Subject: pkix.Name{CommonName: "InferShield CA 2026-01-01 01234567"}, MaxPathLenZero: true})
	a := open(t, dir, openAI)
	if _, err := a.Rotate(overlap); !errors.Is(err, ca.ErrCannotVouch) {
		t.Errorf("with an overlap: got %v; want ErrCannotVouch", err)
	}
	if got := rotate(t, a, 0); got.Event != ca.Reissued || !got.Until.IsZero() {
		t.Errorf("without: got %+v; want reissued", got)
	}
	rotate(t, a, overlap)

	foreign := t.TempDir()
	storeRoot(t, foreign, x509.Certificate{Subject: pkix.Name{CommonName: "Corporate CA"}})
	if _, err := open(t, foreign, openAI).Rotate(0); err == nil {
		t.Error("a root that InferShield did not make was replaced")
	}
}

// storeRoot puts a root for api.openai.com and its key in dir.
func storeRoot(t *testing.T, dir string, template x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.IsCA, template.BasicConstraintsValid = big.NewInt(1), true, true
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.KeyUsage = x509.KeyUsageCertSign
	template.PermittedDNSDomainsCritical = true
	template.PermittedDNSDomains = open(t, t.TempDir(), openAI).Root().PermittedDNSDomains
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
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
