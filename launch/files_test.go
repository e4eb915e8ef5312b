package launch_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/launch"
)

// Environments that differ in wget's settings have a file each.
func TestWriteKeepsWgetSettingsApart(t *testing.T) {
	dir := t.TempDir()
	src := launch.Sources{CA: root(t, "ours"), Bundle: root(t, "system")}
	var paths []string
	for _, name := range []string{"one", "two"} {
		settings := filepath.Join(dir, name)
		if err := os.WriteFile(settings, []byte("user_agent = "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		written, _, err := launch.Write(filepath.Join(dir, "launch"), []string{"SYSTEM_WGETRC=" + settings}, src)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, written.Wgetrc)
	}
	for i, name := range []string{"one", "two"} {
		if got, err := os.ReadFile(paths[i]); err != nil || !strings.Contains(string(got), "user_agent = "+name+"\n") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Files of environments that were not seen for long go; those in use, those
// without a mark and what is not ours stay.
func TestWriteRemovesWhatNobodyUses(t *testing.T) {
	dir, corporate := t.TempDir(), filepath.Join(t.TempDir(), "corporate.pem")
	if err := os.WriteFile(corporate, root(t, "corporate"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := launch.Sources{CA: root(t, "ours"), Bundle: root(t, "system")}
	used, _, err := launch.Write(dir, []string{"SSL_CERT_FILE=" + corporate, "NODE_EXTRA_CA_CERTS=" + corporate}, src)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "-0123abcd"
	stale := []string{"ca" + mark + ".pem", "roots" + mark + ".pem", "truststore" + mark + ".p12", "wgetrc" + mark, filepath.Join("php"+mark, "infershield.ini")}
	kept := []string{"roots-of-mine.pem", "notes" + mark, used.Added, used.Bundle, used.Wgetrc, filepath.Join(used.PHPDir, "infershield.ini")}
	old := time.Now().AddDate(0, -3, 0)
	for _, name := range append(stale, kept...) {
		path := inDir(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if !filepath.IsAbs(name) {
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := launch.Write(dir, []string{"SSL_CERT_FILE=" + corporate, "NODE_EXTRA_CA_CERTS=" + corporate}, src); err != nil {
		t.Fatal(err)
	}
	for _, name := range stale {
		if _, err := os.Stat(inDir(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v; want it gone", name, err)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(inDir(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func inDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// Certificates beyond the bound are not cut off without a word.
func TestWriteTellsOfFilesTooLarge(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large.pem")
	if err := os.WriteFile(large, append(root(t, "corporate"), bytes.Repeat([]byte("\n"), 16<<20)...), 0o600); err != nil {
		t.Fatal(err)
	}
	src := launch.Sources{CA: root(t, "ours"), Bundle: root(t, "system")}
	_, notes, err := launch.Write(t.TempDir(), []string{"SSL_CERT_FILE=" + large}, src)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "larger than 16 MiB") {
		t.Errorf("got %q, %v", notes, err)
	}
}
