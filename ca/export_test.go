package ca

import (
	"crypto/tls"
	"io"
)

// WriteBundleFrom is WriteBundle with other files for the machine's roots.
func (a *Authority) WriteBundleFrom(w io.Writer, paths ...string) error {
	return a.writeBundle(w, paths)
}

// MintAfterMiss is what remains of Certificate for a caller that found nothing
// in the cache, however long ago that was.
func (a *Authority) MintAfterMiss(host string) (*tls.Certificate, error) {
	return a.leaves.mint(host)
}
