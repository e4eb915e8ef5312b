package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	leafLife  = 7 * 24 * time.Hour // skew included
	leavesMax = 1024               // minted certificates kept
)

// minter signs certificates for hosts and keeps them. All share one key, which
// never leaves the process: a key each would cost more and protect nothing.
type minter struct {
	ca      *pair
	key     *ecdsa.PrivateKey
	keyID   []byte
	cache   *cache
	flights singleflight.Group
}

func newMinter(ca *pair) (*minter, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of certificates: %w", err)
	}
	keyID, err := keyID(key)
	if err != nil {
		return nil, err
	}
	return &minter{ca: ca, key: key, keyID: keyID, cache: newCache(leavesMax)}, nil
}

// cached returns the certificate for a canonical host, or nil if there is none
// or it is due for another.
func (m *minter) cached(host string) *tls.Certificate {
	return m.cache.find(host, time.Now())
}

// mint signs and keeps a certificate for a canonical host. Calls at the same
// time for the same host share one.
func (m *minter) mint(host string) (*tls.Certificate, error) {
	v, err, _ := m.flights.Do(host, func() (any, error) {
		now := time.Now()
		if cert := m.cache.find(host, now); cert != nil {
			return cert, nil // another call was faster
		}
		if now.After(m.ca.cert.NotAfter) {
			return nil, fmt.Errorf("the CA expired on %s: infershield ca rotate makes another", m.ca.cert.NotAfter.Format(time.DateOnly))
		}
		overlap := m.ca.overlap(now)
		cert, err := m.sign(host, now)
		if err != nil {
			return nil, fmt.Errorf("minting a certificate for %s: %w", host, err)
		}
		renewal := m.renewal(cert.Leaf)
		if overlap != nil {
			cert.Certificate = append(cert.Certificate, overlap.cross.Raw)
			if end := overlap.cross.NotAfter; end.Before(renewal) {
				renewal = end
			}
		}
		m.cache.put(host, cert, renewal)
		return cert, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*tls.Certificate), nil
}

// renewal is when a certificate is due for another: at a quarter of its life
// left, or with the root if that ends first, when a new one would gain nothing.
func (m *minter) renewal(leaf *x509.Certificate) time.Time {
	if leaf.NotAfter.Equal(m.ca.cert.NotAfter) {
		return leaf.NotAfter
	}
	return leaf.NotAfter.Add(-leafLife / 4)
}

func (m *minter) sign(host string, now time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(leafLife - skew),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		SubjectKeyId:          m.keyID,
	}
	if template.NotAfter.After(m.ca.cert.NotAfter) {
		template.NotAfter = m.ca.cert.NotAfter
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		template.IPAddresses = []net.IP{addr.AsSlice()}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, m.ca.cert, m.key.Public(), m.ca.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: m.key, Leaf: leaf}, nil
}
