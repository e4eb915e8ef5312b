package ca

import "io"

// WriteBundleFrom is WriteBundle with other files for the machine's roots.
func (a *Authority) WriteBundleFrom(w io.Writer, paths ...string) error {
	return a.writeBundle(w, paths)
}
