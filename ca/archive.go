package ca

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// archiveMax is how many replaced certificates are kept: somebody may have to
// take them out of a trust store.
const archiveMax = 16

// archive keeps the certificate of a root that is about to be replaced, under
// the next number, and drops the oldest ones beyond archiveMax.
func (f folder) archive(cert *x509.Certificate) (string, error) {
	numbers, err := f.archived()
	if err != nil {
		return "", fmt.Errorf("keeping the old CA certificate: %w", err)
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	if next > 1 { // a crash may have come between this and the rest
		if block, _, err := readPEM(f.oldCert(next - 1)); err == nil && block != nil && bytes.Equal(block.Bytes, cert.Raw) {
			return f.oldCert(next - 1), nil
		}
	}
	path := f.oldCert(next)
	if err := writeFile(path, encodeCert(cert), 0o644); err != nil {
		return "", fmt.Errorf("keeping the old CA certificate: %w", err)
	}
	for len(numbers) >= archiveMax {
		if err := os.Remove(f.oldCert(numbers[0])); err != nil {
			return "", fmt.Errorf("dropping an old CA certificate: %w", err)
		}
		numbers = numbers[1:]
	}
	return path, nil
}

// archived returns the numbers of the certificates that are kept, ascending.
func (f folder) archived() ([]int, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		middle, isOld := strings.CutSuffix(entry.Name(), ".old.pem")
		digits, isCA := strings.CutPrefix(middle, "ca-")
		n, err := strconv.Atoi(digits)
		if isOld && isCA && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, cmp.Compare[int])
	return numbers, nil
}

func (f folder) oldCert(n int) string {
	return filepath.Join(f.dir, "ca-"+strconv.Itoa(n)+".old.pem")
}

// Generation is one of the roots that a folder has held.
type Generation struct {
	Cert    *x509.Certificate // must not be modified
	Path    string            // of the certificate, in PEM
	Current bool              // it is the one in use
}

// Generations returns the roots of the folder dir, the one in use first and then
// those it replaced, newest first, of which the last 16 are kept. It needs no
// key and makes nothing; a file that holds no certificate is left out.
func Generations(dir string) ([]Generation, error) {
	f := folder{dir: dir}
	numbers, err := f.archived()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the certificates of the CA: %w", err)
	}
	paths := []string{f.cert()}
	for _, n := range slices.Backward(numbers) {
		paths = append(paths, f.oldCert(n))
	}
	var all []Generation
	for i, path := range paths {
		block, _, err := readPEM(path)
		if err != nil || block == nil {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, Generation{Cert: cert, Path: path, Current: i == 0})
		}
	}
	return all, nil
}
