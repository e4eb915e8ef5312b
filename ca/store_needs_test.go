package ca_test

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infershield/infershield/ca"
)

// What a store needs is a command of this system, or nothing.
func TestStoreNeedsByOS(t *testing.T) {
	for _, test := range []struct{ name, os, nss, java string }{
		{"macOS", "darwin", "brew install nss", "brew install openjdk"},
		{"unknown", "linux", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			mkdir(t, root, "home/u/.mozilla/firefox/x.default")
			write(t, filepath.Join(root, "home/u/.mozilla/firefox/x.default/cert9.db"), nil)
			mkdir(t, root, "jdk/lib/security")
			write(t, filepath.Join(root, "jdk/lib/security/cacerts"), nil)
			m := ca.Machine{
				OS: test.os, Root: root, Home: "/home/u", JavaHomes: []string{filepath.Join(root, "jdk")},
				LookPath: func(string) (string, error) { return "", exec.ErrNotFound },
			}
			for kind, want := range map[string]string{ca.KindNSS: test.nss, ca.KindJava: test.java} {
				s := only(t, m, kind)
				if s.Needs != want {
					t.Errorf("%s: got %q; want %q", s.Name, s.Needs, want)
				}
				if _, err := s.Add(t.Context(), generation(t, open(t, t.TempDir(), openAI))); !errors.Is(err, exec.ErrNotFound) {
					t.Errorf("%s: got %v; want exec.ErrNotFound", s.Name, err)
				}
			}
		})
	}
}

// Roots beyond the bound are not cut off without a word.
func TestSystemBundleTooLarge(t *testing.T) {
	root := debianRoot(t)
	write(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"), bytes.Repeat([]byte("\n"), 16<<20+1))
	m := ca.Machine{OS: "linux", Root: root, LookPath: func(name string) (string, error) { return name, nil }}
	if _, err := only(t, m, ca.KindSystem).Find(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("got %v", err)
	}
}
