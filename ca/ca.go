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
	"sync"
	"sync/atomic"
	"time"
)

// ErrNotCovered is returned for a host that is not on the intercept list.
var ErrNotCovered = errors.New("not on the intercept list")

// ErrInUse is returned where the root would have to be replaced for another
// intercept list while a process serves with it.
var ErrInUse = errors.New("another instance uses this folder for other hosts")

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
	// Until is when the overlap ends: clients that trust only the root that was
	// replaced go on until then, for the hosts of both. Zero if there is none.
	Until time.Time
}

// Authority mints certificates for the hosts of one intercept list. It is safe
// for concurrent use.
type Authority struct {
	hosts   Hosts
	files   folder
	change  Change
	release func() // gives up what Hold holds
	current atomic.Pointer[minter]
}

// Open loads the root from dir, or makes dir (0700) and the root if there is
// none. A root that has expired, or was made for another intercept list, is
// replaced by one with another name and key, which the old one vouches for as
// Rotate describes; Change tells. Its certificate is kept as ca-N.old.pem, its
// key is not. Several processes may open one folder.
//
// Open refuses a key file that others can read, a key and a certificate that do
// not belong together, and to replace a root that InferShield did not make. The
// error wraps ErrInUse where the list is not that of a process that has called
// Hold.
func Open(dir string, hosts []string) (*Authority, error) {
	return start(dir, hosts, folder.open)
}

// Hold is Open for a process that serves: until Close, or its end, nobody
// replaces the root by one for other hosts. In a folder that is mounted
// read-only, where nobody can, it is Open.
func Hold(dir string, hosts []string) (*Authority, error) {
	return start(dir, hosts, folder.hold)
}

func start(dir string, hosts []string, open func(folder, Hosts, time.Time) (opened, error)) (*Authority, error) {
	list, err := ParseHosts(hosts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the CA: %w", err)
	}
	files := folder{dir: dir}
	found, err := open(files, list, time.Now())
	if err != nil {
		return nil, err
	}
	a := &Authority{hosts: list, files: files, change: found.change, release: sync.OnceFunc(found.release)}
	if err := a.use(found.pair); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

// use mints from p from now on.
func (a *Authority) use(p *pair) error {
	leaves, err := newMinter(p)
	if err != nil {
		return err
	}
	a.current.Store(leaves)
	return nil
}

// Close gives up what Hold holds. The authority still mints.
func (a *Authority) Close() { a.release() }

// Change returns what Open did.
func (a *Authority) Change() Change { return a.change }

// Root returns the root's certificate, which must not be modified. It changes
// with Rotate and Refresh.
func (a *Authority) Root() *x509.Certificate { return a.current.Load().ca.cert }

// Fingerprint returns the SHA-256 of the root as openssl and browsers print it:
// upper-case hex, a colon between bytes.
func (a *Authority) Fingerprint() string { return Fingerprint(a.Root()) }

// Fingerprint returns the SHA-256 of a certificate in the same form.
func Fingerprint(cert *x509.Certificate) string { return hexPairs(cert.Raw) }

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
// does not hold the root, which clients have or do not trust; while an overlap
// lasts it holds what leads to the root before.
func (a *Authority) Certificate(host string) (*tls.Certificate, error) {
	name, ok := canonical(host)
	if !ok {
		return nil, fmt.Errorf("certificate for %q: %w", host, ErrNotCovered)
	}
	leaves := a.current.Load()
	if cert := leaves.cached(name); cert != nil {
		return cert, nil
	}
	if !a.covers(name) {
		return nil, fmt.Errorf("certificate for %q: %w", host, ErrNotCovered)
	}
	return leaves.mint(name)
}
