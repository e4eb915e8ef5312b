package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"

	"software.sslmate.com/src/go-pkcs12"
)

// TrustStorePassword is the password that Java's own tools and documents give a
// trust store. It protects nothing, since certificates are public; but Java takes
// a store that is opened without one for an empty store.
const TrustStorePassword = pkcs12.DefaultPassword

// WriteTrustStore writes a PKCS#12 trust store with the roots given and ours
// last, each once, as Java reads it from 8u301 and 11.0.12 on; there is no key
// in it. The roots are SystemRoots where the store is to replace the client's
// own, as javax.net.ssl.trustStore does, and none where it is added to them.
func (a *Authority) WriteTrustStore(w io.Writer, password string, roots []*x509.Certificate) error {
	if password == "" {
		return errors.New("a trust store without a password is an empty one to Java")
	}
	ours := a.roots()
	roots = slices.DeleteFunc(slices.Clone(roots), func(root *x509.Certificate) bool { return slices.ContainsFunc(ours, root.Equal) })
	var entries []pkcs12.TrustStoreEntry
	for _, cert := range append(roots, ours...) {
		// Java takes entries of one name for one entry: the fingerprint makes
		// each name the only one.
		name := fmt.Sprintf("%s %.8x", commonName(cert), fingerprint(cert))
		entries = append(entries, pkcs12.TrustStoreEntry{Cert: cert, FriendlyName: name})
	}
	store, err := pkcs12.Modern2023.EncodeTrustStoreEntries(entries, password)
	if err != nil {
		return fmt.Errorf("writing a trust store: %w", err)
	}
	_, err = w.Write(store)
	return err
}

// commonName is what people call a certificate.
func commonName(cert *x509.Certificate) string {
	if cert.Subject.CommonName != "" {
		return cert.Subject.CommonName
	}
	return cert.Subject.String()
}
