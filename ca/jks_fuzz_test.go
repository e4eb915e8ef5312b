package ca

import (
	"os"
	"testing"
)

// Whatever the file holds, reading it ends and takes no more than it holds.
func FuzzReadJKS(f *testing.F) {
	f.Add([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05X.509\x00\x00\x00\x02\x30\x00"))
	f.Add([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x01\x00\x01a"))
	if data, err := os.ReadFile("/etc/ssl/certs/java/cacerts"); err == nil {
		f.Add(data[:min(len(data), 4096)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := readJKS(data)
		total := 0
		for _, e := range entries {
			total += len(e.der)
		}
		if err == nil && total > len(data) {
			t.Errorf("got %d bytes of certificates of %d", total, len(data))
		}
	})
}
