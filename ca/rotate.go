package ca

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// DefaultOverlap is how long clients have, unless Rotate is told otherwise, to
// be told to trust a new root.
const DefaultOverlap = 30 * 24 * time.Hour

// Errors of Rotate that leave the choice to do without an overlap.
var (
	// ErrOverlapping is returned while an overlap lasts: another rotation would
	// cut off the clients for whose sake it lasts.
	ErrOverlapping = errors.New("the overlap of the last rotation is not over")
	// ErrCannotVouch is returned for a root that may not sign for another,
	// because an earlier version made it.
	ErrCannotVouch = errors.New("the root cannot vouch for another one")
)

// link leads from the root before to the one in use: a certificate with the
// name, the key and the limits of the new one, signed by the old one. Sent
// along with a leaf it makes clients of either root accept that leaf, and so
// neither the old key nor a second leaf is needed. It ends with the overlap.
type link struct{ cross, before *x509.Certificate }

func (l *link) encode() []byte { return append(encodeCert(l.cross), encodeCert(l.before)...) }

// vouch makes the link from p to next, or returns nil if that cannot be: p has
// expired, may sign no other CA, or there is to be no overlap.
func (p *pair) vouch(next *pair, now time.Time, overlap time.Duration) (*link, error) {
	if overlap <= 0 || !p.canVouch(now) {
		return nil, nil
	}
	root := next.cert
	template := &x509.Certificate{
		SerialNumber:                newSerial(),
		Subject:                     root.Subject,
		NotBefore:                   root.NotBefore,
		NotAfter:                    now.Add(overlap),
		KeyUsage:                    root.KeyUsage,
		ExtKeyUsage:                 root.ExtKeyUsage,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true, // leaves alone
		SubjectKeyId:                root.SubjectKeyId,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         root.PermittedDNSDomains,
		PermittedEmailAddresses:     root.PermittedEmailAddresses,
		PermittedURIDomains:         root.PermittedURIDomains,
		PermittedIPRanges:           root.PermittedIPRanges,
		ExcludedIPRanges:            root.ExcludedIPRanges,
	}
	if template.NotAfter.After(p.cert.NotAfter) {
		template.NotAfter = p.cert.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.cert, root.PublicKey, p.key)
	if err != nil {
		return nil, fmt.Errorf("signing the new CA with the old one: %w", err)
	}
	cross, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate just made: %w", err)
	}
	return &link{cross: cross, before: p.cert}, nil
}

// canVouch reports whether the root may sign a CA below it.
func (p *pair) canVouch(now time.Time) bool {
	return now.Before(p.cert.NotAfter) && p.cert.MaxPathLen != 0 && p.isOurs()
}

// overlap returns the link if it still leads to the root at the time now.
func (p *pair) overlap(now time.Time) *link {
	if p.link == nil || !now.Before(p.link.cross.NotAfter) || now.Before(p.link.cross.NotBefore) {
		return nil
	}
	return p.link
}

// loadLink returns the link to root, or nil. A file that leads to another root
// is what an earlier change left.
func (f folder) loadLink(root *x509.Certificate) *link {
	data, err := os.ReadFile(f.link())
	if err != nil {
		return nil
	}
	first, rest := pem.Decode(data)
	second, _ := pem.Decode(rest)
	if first == nil || second == nil {
		return nil
	}
	cross, err := x509.ParseCertificate(first.Bytes)
	if err != nil || !bytes.Equal(cross.RawSubjectPublicKeyInfo, root.RawSubjectPublicKeyInfo) || !bytes.Equal(cross.RawSubject, root.RawSubject) {
		return nil
	}
	before, err := x509.ParseCertificate(second.Bytes)
	if err != nil || cross.CheckSignatureFrom(before) != nil {
		return nil
	}
	return &link{cross: cross, before: before}
}

// Rotate replaces the root by one with another name and key for the same hosts
// and mints from it; other processes take it over by Refresh. For as long as
// overlap, but not beyond the end of the old root, clients that trust only the
// old root and clients that trust only the new one accept what is minted, and
// WritePEM and WriteBundle write both. Nothing keeps the old key. Without an
// overlap clients must be told to trust the new root at once.
//
// The error wraps ErrOverlapping or ErrCannotVouch, and nothing is changed, if
// there cannot be an overlap. A crash leaves the old root or the new one.
func (a *Authority) Rotate(overlap time.Duration) (Change, error) {
	unlock, err := acquire(a.files.lock(), tryLock)
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	now := time.Now()
	old, err := a.files.mended(now)
	if err != nil {
		return Change{}, err
	}
	if why := old.difference(a.hosts); why != "" {
		return Change{}, fmt.Errorf("rotating the CA %s: %s", a.files.cert(), why)
	}
	if !old.isOurs() {
		return Change{}, fmt.Errorf("the CA %s (%s) is not replaced, because InferShield did not make it", a.files.cert(), old.cert.Subject)
	}
	if overlap > 0 && now.Before(old.cert.NotAfter) {
		if l := old.overlap(now); l != nil {
			return Change{}, fmt.Errorf("%w: it ends on %s", ErrOverlapping, l.cross.NotAfter.Format(time.DateTime))
		}
		if !old.canVouch(now) {
			return Change{}, fmt.Errorf("%w, so there can be no overlap", ErrCannotVouch)
		}
	}
	p, change, err := a.files.replace(old, a.hosts, now, overlap, "it was rotated")
	if err != nil {
		return Change{}, err
	}
	return change, a.use(p)
}

// mended returns the root that is in place after finishing what a crash left.
// The caller holds the lock.
func (f folder) mended(now time.Time) (*pair, error) {
	if err := f.mend(); err != nil {
		return nil, err
	}
	p, err := f.load(now)
	if err == nil && p == nil {
		err = fmt.Errorf("the CA %s is gone: %w", f.cert(), fs.ErrNotExist)
	}
	return p, err
}

// Refresh looks whether another process has replaced the root, and mints from
// the new one if so. It reads some small files; a process that serves calls it
// every few seconds. After an error the root is what it was.
func (a *Authority) Refresh() (Change, error) {
	now := time.Now()
	p, err := a.files.load(now)
	if err != nil || p == nil { // perhaps half done
		unlock, lockErr := acquire(a.files.lock(), tryLock)
		if lockErr != nil {
			return Change{}, errors.Join(err, lockErr)
		}
		defer unlock()
		if p, err = a.files.mended(now); err != nil {
			return Change{}, err
		}
	}
	if p.cert.Equal(a.Root()) {
		return Change{}, nil
	}
	if why := p.outdated(a.hosts, now); why != "" {
		return Change{}, fmt.Errorf("the CA %s is not the one that was opened, and does not serve: %s", a.files.cert(), why)
	}
	change := Change{Event: Reissued, Why: "it was rotated"}
	if l := p.overlap(now); l != nil {
		change.Until = l.cross.NotAfter
	}
	return change, a.use(p)
}

// Overlap returns the root before and when the overlap with it ends; nil and
// the zero time if there is none. The certificate must not be modified.
func (a *Authority) Overlap() (before *x509.Certificate, until time.Time) {
	if l := a.current.Load().ca.overlap(time.Now()); l != nil {
		return l.before, l.cross.NotAfter
	}
	return nil, time.Time{}
}
