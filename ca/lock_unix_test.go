//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ca_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/infershield/infershield/ca"
)

// A process that hangs while it holds the lock does not hang the others.
func TestOpenGivesUpOnALock(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		file, err := os.Create(filepath.Join(dir, "ca.lock"))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		if _, err := ca.Open(dir, []string{openAI}); err == nil || !strings.Contains(err.Error(), "another process has held "+file.Name()) {
			t.Errorf("while it is held: got %v; want an error that names the lock", err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := ca.Open(dir, []string{openAI}); err != nil {
			t.Errorf("once it is released: %v", err)
		}
	})
}
