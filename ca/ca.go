// Package ca is the local certificate authority: it makes the root, keeps it in
// a folder, mints the certificates that clients see, and writes the root out in
// the formats that clients want. It does not know HTTP.
//
// A root is limited, by critical name constraints, to the intercept list for
// which it was made: who steals its key can impersonate those hosts and no
// others. Another list therefore needs another root. OpenSSL, Go, Node, Python
// and GnuTLS enforce the constraints of a root; Java, as RFC 5280 §6.1 allows,
// does not.
package ca

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// ErrNotCovered is returned for a host that is not on the intercept list.
var ErrNotCovered = errors.New("not on the intercept list")

// Event says what Open did.
type Event uint8

// What Open may have done.
const (
	Unchanged Event = iota // the root was there and still serves
	Created                // there was none: clients must be told to trust this one
	Reissued               // it was replaced: clients must be told to trust the new one
)

// Change is what Open did, and why.
type Change struct {
	Event Event
	Why   string // a clause such as "the intercept list changed"; empty unless Reissued
	Old   string // path of the certificate that was replaced; empty unless Reissued
}

// Authority mints certificates for the hosts of one intercept list. It is safe
// for concurrent use.
type Authority struct {
	hosts  Hosts
	files  folder
	change Change
	root   *x509.Certificate
	leaves *minter
}

// Open loads the root from dir, or makes dir (0700) and the root if there is
// none. A root that has expired, or was made for another intercept list, is
// replaced by one with another name and key; Change tells. Its certificate is
// kept as ca-N.old.pem, its key is not. Several processes may open one folder.
//
// Open refuses a key file that others can read, a key and a certificate that do
// not belong together, and to replace a root that InferShield did not make.
func Open(dir string, hosts []string) (*Authority, error) {
	list, err := ParseHosts(hosts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the CA: %w", err)
	}
	files := folder{dir}
	p, change, err := files.open(list, time.Now())
	if err != nil {
		return nil, err
	}
	leaves, err := newMinter(p)
	if err != nil {
		return nil, err
	}
	return &Authority{hosts: list, files: files, change: change, root: p.cert, leaves: leaves}, nil
}

// Change returns what Open did.
func (a *Authority) Change() Change { return a.change }

// Root returns the root's certificate, which must not be modified.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Fingerprint returns the SHA-256 of the root as openssl and browsers print it:
// upper-case hex, a colon between bytes.
func (a *Authority) Fingerprint() string {
	return strings.ReplaceAll(fmt.Sprintf("% X", fingerprint(a.root)), " ", ":")
}

func fingerprint(cert *x509.Certificate) []byte {
	sum := sha256.Sum256(cert.Raw)
	return sum[:]
}

// Path returns the path of the root's certificate, in PEM.
func (a *Authority) Path() string { return a.files.cert() }

// KeyPath returns the path of the root's private key.
func (a *Authority) KeyPath() string { return a.files.key() }

// Covers reports whether host, which has no port, is on the intercept list, is
// the CheckHost of an entry or OwnHost. Case and a trailing dot do not matter.
func (a *Authority) Covers(host string) bool {
	name, ok := canonical(host)
	return ok && a.covers(name)
}

// Certificate returns the certificate for host, a name or an address without a
// port, minting it at the first call and again when a quarter of its life is
// left. The error wraps ErrNotCovered, and nothing is minted, if host is not on
// the intercept list. The result is shared and must not be modified. Its chain
// does not hold the root, which clients have or do not trust.
func (a *Authority) Certificate(host string) (*tls.Certificate, error) {
	name, ok := canonical(host)
	if !ok {
		return nil, fmt.Errorf("certificate for %q: %w", host, ErrNotCovered)
	}
	if cert := a.leaves.cached(name); cert != nil {
		return cert, nil
	}
	if !a.covers(name) {
		return nil, fmt.Errorf("certificate for %q: %w", host, ErrNotCovered)
	}
	return a.leaves.mint(name)
}
