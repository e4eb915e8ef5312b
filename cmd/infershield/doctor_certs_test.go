//go:build unix

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func readCert(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatalf("no certificate in %s", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// endSoon signs the authority of a data folder anew, with an end that is near.
func endSoon(t *testing.T, dir string, life time.Duration) time.Time {
	t.Helper()
	cert := readCert(t, filepath.Join(dir, "ca.pem"))
	b, err := os.ReadFile(filepath.Join(dir, "ca-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	cert.NotAfter = time.Now().Add(life).UTC().Truncate(time.Second)
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, cert.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert.NotAfter
}

// certFor signs like anew with another key. The certificate is for public, or
// for that other key where it is nil.
func certFor(t *testing.T, like *x509.Certificate, public crypto.PublicKey) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template, issuer := *like, *like
	template.SubjectKeyId, template.AuthorityKeyId = nil, nil
	issuer.PublicKey, issuer.SubjectKeyId = key.Public(), nil
	if public == nil {
		public = key.Public()
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &issuer, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// leakedCert is a root with the public key of one whose private key is public.
// Who signed it is of no matter to a store.
func leakedCert(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../ca/testdata/leaked.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certFor(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "InferShield Proxy CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, public)
}
