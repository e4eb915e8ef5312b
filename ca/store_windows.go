package ca

import (
	"bytes"
	"fmt"
	"syscall"
	"unsafe"
)

// readWindowsRoots returns the certificates that the current user trusts.
func readWindowsRoots() ([][]byte, error) {
	name, err := syscall.UTF16PtrFromString("ROOT")
	if err != nil {
		return nil, err
	}
	store, err := syscall.CertOpenSystemStore(0, name)
	if err != nil {
		return nil, fmt.Errorf("opening the Root store: %w", err)
	}
	defer syscall.CertCloseStore(store, 0) //nolint:errcheck // it was only read
	var ders [][]byte
	for cert, _ := syscall.CertEnumCertificatesInStore(store, nil); cert != nil; cert, _ = syscall.CertEnumCertificatesInStore(store, cert) {
		ders = append(ders, bytes.Clone(unsafe.Slice(cert.EncodedCert, cert.Length)))
	}
	return ders, nil
}
