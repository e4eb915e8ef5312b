package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	certBlock      = "CERTIFICATE"
	bundleBytesMax = 16 << 20
)

// systemBundles are the files in which systems keep the roots they trust, in
// the order of how common they are.
var systemBundles = [...]string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Red Hat
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Red Hat, older
	"/etc/ssl/ca-bundle.pem",                            // SUSE
	"/etc/ssl/cert.pem",                                 // Alpine, macOS, OpenBSD
	"/usr/local/share/certs/ca-root-nss.crt",            // FreeBSD
	"/etc/openssl/certs/ca-certificates.crt",            // NetBSD
}

// WritePEM writes the root's certificate in PEM, after the one before while an
// overlap lasts.
func (a *Authority) WritePEM(w io.Writer) error {
	var all []byte
	for _, root := range a.roots() {
		all = append(all, encodeCert(root)...)
	}
	_, err := w.Write(all)
	return err
}

// WriteDER writes the root's certificate in DER.
func (a *Authority) WriteDER(w io.Writer) error {
	_, err := w.Write(a.Root().Raw)
	return err
}

// WriteBundle writes, in PEM, every root that this machine trusts and ours
// last: what a variable wants that replaces the system's roots. The error wraps
// fs.ErrNotExist, and nothing is written, if the machine's roots are in no file
// that we know; ours alone would cut its user off from all other hosts.
func (a *Authority) WriteBundle(w io.Writer) error {
	return a.writeBundle(w, systemBundles[:])
}

func (a *Authority) writeBundle(w io.Writer, paths []string) error {
	roots, err := readFirst(paths)
	if err != nil {
		return err
	}
	ours := a.roots()
	bundle := make([]byte, 0, len(roots)*2048)
	for _, der := range roots {
		installed := slices.ContainsFunc(ours, func(root *x509.Certificate) bool { return bytes.Equal(root.Raw, der) })
		if !installed {
			bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: der})...)
		}
	}
	for _, root := range ours {
		bundle = append(bundle, encodeCert(root)...)
	}
	_, err = w.Write(bundle)
	return err
}

// SystemRoots returns the roots that this machine trusts, except for those that
// Go cannot parse. The error wraps fs.ErrNotExist if they are in no file that we
// know.
func SystemRoots() ([]*x509.Certificate, error) {
	ders, err := readFirst(systemBundles[:])
	if err != nil {
		return nil, err
	}
	var roots []*x509.Certificate
	for _, der := range ders {
		if root, err := x509.ParseCertificate(der); err == nil {
			roots = append(roots, root)
		}
	}
	return roots, nil
}

var errBundleTooLarge = fmt.Errorf("larger than %d MiB", bundleBytesMax>>20)

// readFirst is readBundle for the first of the paths that holds anything.
func readFirst(paths []string) ([][]byte, error) {
	for _, path := range paths {
		roots, err := readBundle(path)
		if err == nil || errors.Is(err, errBundleTooLarge) {
			return roots, err // without it a client would trust too little
		} // absent or unreadable: the next one may do
	}
	return nil, fmt.Errorf("no file with this machine's roots (tried %s): %w", strings.Join(paths, ", "), fs.ErrNotExist)
}

// roots are the roots that clients are to trust: while an overlap lasts the one
// before as well, because an instance may still serve with it. Ours is last.
func (a *Authority) roots() []*x509.Certificate {
	p := a.current.Load().ca
	if l := p.overlap(time.Now()); l != nil {
		return []*x509.Certificate{l.before, p.cert}
	}
	return []*x509.Certificate{p.cert}
}

// readBundle returns the certificates of a PEM file, in DER. What else the file
// holds is dropped.
func readBundle(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, bundleBytesMax+1))
	if err != nil {
		return nil, err
	}
	if len(data) > bundleBytesMax {
		return nil, fmt.Errorf("%s: %w", path, errBundleTooLarge)
	}
	roots := decodeBundle(data)
	if len(roots) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return roots, nil
}

func decodeBundle(data []byte) [][]byte {
	var roots [][]byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == certBlock {
			roots = append(roots, block.Bytes)
		}
	}
	return roots
}

func encodeCert(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: cert.Raw})
}
