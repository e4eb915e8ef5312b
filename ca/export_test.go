package ca

import (
	"crypto/tls"
	"io"
	"time"
)

// WriteBundleFrom is WriteBundle with other files for the machine's roots.
func (a *Authority) WriteBundleFrom(w io.Writer, paths ...string) error {
	return a.writeBundle(w, paths)
}

// MintAfterMiss is what remains of Certificate for a caller that found nothing
// in the cache, however long ago that was.
func (a *Authority) MintAfterMiss(host string) (*tls.Certificate, error) {
	return a.current.Load().mint(host)
}

// RotateKilledAt is Rotate in a process that is killed at a step. It reports
// whether the step was reached.
func (a *Authority) RotateKilledAt(overlap time.Duration, step string) (killed bool) {
	type kill struct{}
	files := a.files
	defer func() { a.files = files }()
	defer func() {
		if r := recover(); r != nil {
			_, killed = r.(kill)
		}
	}()
	a.files.stop = func(reached string) {
		if reached == step {
			panic(kill{}) // the lock is released, as the system does
		}
	}
	_, _ = a.Rotate(overlap) // unless killed
	return false
}

// OriginOf is the origin that Find tells of a certificate.
func OriginOf(der []byte) Origin { return identify(der).Origin }
