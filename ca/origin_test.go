package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/infershield/infershield/ca"
)

// root makes a root of a name with a public key, which another key signs: who
// looks for it does not verify it.
func root(t *testing.T, name string, public any) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if public == nil {
		public = key.Public()
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x11223344), Subject: pkix.Name{CommonName: name, Organization: []string{"Some"}},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestOrigins(t *testing.T) {
	for name, want := range map[string]ca.Origin{
		"InferShield CA 2026-01-01 01234567": ca.Ours,
		"InferShield Proxy CA":               ca.Original,
		"InferShield Proxy CA 2":             "",
		"Some Company's InferShield CA":      "",
		"NodeMITMProxyCA":                    "", // of other programs as well, each with its own key
	} {
		if got := ca.OriginOf(root(t, name, nil)); got != want {
			t.Errorf("%s: got %q; want %q", name, got, want)
		}
	}
	// The keys that are public tell, whatever the name, and whatever the serial
	// number: x509 parses none that is negative.
	leaked := 0
	for block, rest := pem.Decode(read(t, "testdata/leaked.pem")); block != nil; block, rest = pem.Decode(rest) {
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		der := root(t, "anything", public)
		negative := bytes.Replace(der, []byte{2, 4, 0x11, 0x22, 0x33, 0x44}, []byte{2, 4, 0x91, 0x22, 0x33, 0x44}, 1)
		if _, err := x509.ParseCertificate(negative); err == nil {
			t.Error("x509 parses a negative serial number; then so may we")
		}
		for _, der := range [][]byte{der, negative} {
			if got := ca.OriginOf(der); got != ca.Leaked {
				t.Errorf("got %q; want %q", got, ca.Leaked)
			}
		}
		leaked++
	}
	if leaked != 2 {
		t.Errorf("tried %d keys; want both", leaked)
	}
	for _, rubbish := range [][]byte{nil, {0x30}, {0x30, 0x80}, bytes.Repeat([]byte{0x30}, 100)} {
		if got := ca.OriginOf(rubbish); got != "" {
			t.Errorf("%x: got %q; want nothing", rubbish, got)
		}
	}
}
