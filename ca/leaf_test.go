package ca_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/ca"
)

func certificate(t testing.TB, a *ca.Authority, host string) *tls.Certificate {
	t.Helper()
	cert, err := a.Certificate(host)
	if err != nil {
		t.Fatalf("Certificate(%q): %v", host, err)
	}
	return cert
}

func verifyWithGo(t testing.TB, a *ca.Authority, root *x509.Certificate, host string) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(root)
	leaf := certificate(t, a, host).Leaf
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host, CurrentTime: time.Now()}); err != nil {
		t.Errorf("%s: %v", host, err)
	}
}

func TestCertificateShape(t *testing.T) {
	a := open(t, t.TempDir(), openAI, "*.example.com", "127.0.0.1", "::1")
	for host, want := range map[string]string{
		openAI: openAI, "API.OpenAI.com.": openAI, "a.b.example.com": "a.b.example.com",
		"127.0.0.1": "127.0.0.1", "[0::1]": "::1",
	} {
		cert := certificate(t, a, host)
		leaf := cert.Leaf
		if len(cert.Certificate) != 1 || !bytes.Equal(leaf.Raw, cert.Certificate[0]) {
			t.Errorf("%s: got %d certificates; want the leaf alone", host, len(cert.Certificate))
		}
		names := append([]string{}, leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) != 1 || names[0] != want {
			t.Errorf("%s: got names %v; want %s", host, names, want)
		}
		if got := leaf.Subject.String(); got != "" {
			t.Errorf("%s: got subject %q; want none", host, got)
		}
		if got := leaf.NotAfter.Sub(leaf.NotBefore); got > 7*24*time.Hour {
			t.Errorf("%s: got a life of %v; want 7 days at most", host, got)
		}
		if got := time.Since(leaf.NotBefore); got < 23*time.Hour {
			t.Errorf("%s: got valid since %v; want room for a slow clock", host, got)
		}
		if got := leaf.SerialNumber; got.Sign() <= 0 || got.BitLen() > 129 {
			t.Errorf("%s: got serial %v; want a positive one of 128 bits", host, got)
		}
		if len(leaf.ExtKeyUsage) != 1 || leaf.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth || leaf.IsCA {
			t.Errorf("%s: got usage %v, CA %v; want server authentication alone", host, leaf.ExtKeyUsage, leaf.IsCA)
		}
		if !bytes.Equal(leaf.AuthorityKeyId, a.Root().SubjectKeyId) || len(leaf.SubjectKeyId) == 0 {
			t.Errorf("%s: key identifiers do not link to the root", host)
		}
		if certificate(t, a, want) != cert {
			t.Errorf("%s: minted again under its plain spelling", host)
		}
		verifyWithGo(t, a, a.Root(), want)
	}
}

func TestRootShape(t *testing.T) {
	root := open(t, t.TempDir(), openAI).Root()
	if !root.IsCA || root.MaxPathLen != 1 || root.PublicKeyAlgorithm != x509.ECDSA {
		t.Errorf("got CA %v, path %d, %v; want an ECDSA CA that signs one other CA at most, its successor", root.IsCA, root.MaxPathLen, root.PublicKeyAlgorithm)
	}
	if len(root.SubjectKeyId) == 0 || !bytes.Equal(root.SubjectKeyId, root.AuthorityKeyId) {
		t.Error("key identifiers do not link the root to itself")
	}
	critical := map[string]bool{}
	for _, ext := range root.Extensions {
		critical[ext.Id.String()] = ext.Critical
	}
	for oid, name := range map[string]string{"2.5.29.19": "basic constraints", "2.5.29.30": "name constraints", "2.5.29.15": "key usage"} {
		if !critical[oid] {
			t.Errorf("%s: not critical", name)
		}
	}
	if got := fmt.Sprint(root.PermittedDNSDomains, root.ExcludedIPRanges); got != "[api.openai.com infershield.proxy localhost] [0.0.0.0/0 ::/0]" {
		t.Errorf("constraints: got %s", got)
	}
	withAddr := open(t, t.TempDir(), "127.0.0.1", "::1").Root()
	if got := fmt.Sprint(withAddr.PermittedIPRanges, withAddr.ExcludedIPRanges); got != "[127.0.0.1/32 ::1/128] []" {
		t.Errorf("constraints with addresses: got %s", got)
	}
}

func TestCertificateRefusesOtherHosts(t *testing.T) {
	a := open(t, t.TempDir(), openAI, "*.example.com")
	for _, host := range []string{"evil.test", "example.com", "localhost", "127.0.0.1", "", "a\x00.example.com", "*.example.com", "x." + openAI} {
		cert, err := a.Certificate(host)
		if !errors.Is(err, ca.ErrNotCovered) || cert != nil {
			t.Errorf("%q: got %v, %v; want ErrNotCovered", host, cert, err)
		}
		if a.Covers(host) {
			t.Errorf("%q: got covered; want not", host)
		}
	}
}

func TestFirstCallsShareOneMint(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	certs := make([]*tls.Certificate, 50)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range certs {
		wg.Go(func() {
			<-start
			certs[i], _ = a.Certificate(openAI)
		})
	}
	close(start)
	wg.Wait()
	late, err := a.MintAfterMiss(openAI)
	if err != nil {
		t.Fatal(err)
	}
	for i, cert := range append(certs, late) {
		if cert == nil || cert != certs[0] {
			t.Fatalf("call %d: got %p; want %p as the first", i, cert, certs[0])
		}
	}
}

func TestRenewal(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, dir, openAI)
		first := certificate(t, a, openAI)
		life := first.Leaf.NotAfter.Sub(first.Leaf.NotBefore)
		time.Sleep(time.Until(first.Leaf.NotAfter.Add(-life/4)) - time.Second)
		if certificate(t, a, openAI) != first {
			t.Error("before a quarter of its life is left: got another; want the same")
		}
		time.Sleep(time.Second)
		second := certificate(t, a, openAI)
		if second == first || !second.Leaf.NotAfter.After(first.Leaf.NotAfter) {
			t.Error("at a quarter of its life left: got the same; want a later one")
		}
		if certificate(t, a, openAI) != second {
			t.Error("after renewal: got a third; want the second")
		}
		verifyWithGo(t, a, a.Root(), openAI)
		time.Sleep(time.Until(second.Leaf.NotAfter) + time.Hour) // nobody asked for it in time
		verifyWithGo(t, a, a.Root(), openAI)
	})
}

// A leaf of the future, from before the clock was set right, is no leaf to show.
func TestClockSetBack(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	first := certificate(t, a, openAI)
	synctest.Test(t, func(t *testing.T) { // where it is the year 2000
		second := certificate(t, a, openAI)
		if second == first || second.Leaf.NotBefore.After(time.Now()) {
			t.Errorf("got one valid from %v at %v; want another", second.Leaf.NotBefore, time.Now())
		}
	})
}

// In the root's last days a leaf ends with it and is not minted over and over.
func TestLeafEndsWithTheRoot(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, dir, openAI)
		time.Sleep(time.Until(a.Root().NotAfter) - time.Hour)
		first := certificate(t, a, openAI)
		if got, want := first.Leaf.NotAfter, a.Root().NotAfter; !got.Equal(want) {
			t.Errorf("end of the leaf: got %v; want %v, the root's", got, want)
		}
		time.Sleep(time.Hour - time.Second)
		if certificate(t, a, openAI) != first {
			t.Error("in the last second: got another; want the same")
		}
		time.Sleep(2 * time.Second)
		if _, err := a.Certificate(openAI); err == nil || !strings.Contains(err.Error(), "the CA expired on") {
			t.Errorf("after the root: got %v; want an error", err)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	const most = 1024
	a := open(t, t.TempDir(), openAI, "*.example.com")
	used, first := certificate(t, a, openAI), certificate(t, a, "first.example.com")
	for i := range most - 1 {
		certificate(t, a, fmt.Sprintf("h%d.example.com", i))
		if certificate(t, a, openAI) != used {
			t.Fatalf("after %d hosts: the one in use was dropped", i)
		}
	}
	last := fmt.Sprintf("h%d.example.com", most-2)
	if newest := certificate(t, a, last); certificate(t, a, last) != newest {
		t.Error("the newest was dropped; want it kept")
	}
	if certificate(t, a, "first.example.com") == first {
		t.Error("the least recently used was kept; want it dropped")
	}
}

// Law 4: the root's key shows in no print of what holds it.
func TestAuthorityPrintsNoKey(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	block, _ := pem.Decode(read(t, a.KeyPath()))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	d := fmt.Sprint(reflect.ValueOf(parsed).Elem().FieldByName("D"))
	if len(d) < 20 {
		t.Fatalf("got %d digits of the key; want all, to look for them", len(d))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		for _, value := range []any{a, struct{ a *ca.Authority }{a}} {
			if strings.Contains(fmt.Sprintf(verb, value), d) {
				t.Errorf("%s of %T shows the key", verb, value)
			}
		}
	}
}

func TestHitAllocatesNothing(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	certificate(t, a, openAI)
	if got := testing.AllocsPerRun(100, func() { _, _ = a.Certificate(openAI) }); got != 0 {
		t.Errorf("got %v allocations a hit; want 0", got)
	}
}

func BenchmarkCertificateHit(b *testing.B) {
	a := open(b, b.TempDir(), openAI)
	certificate(b, a, openAI)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = a.Certificate(openAI)
	}
}

func BenchmarkCertificateMint(b *testing.B) {
	a := open(b, b.TempDir(), "*.example.com")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		certificate(b, a, fmt.Sprintf("h%d.example.com", i))
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	open(b, dir, openAI)
	for b.Loop() {
		open(b, dir, openAI)
	}
}
