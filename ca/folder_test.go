package ca_test

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/infershield/infershield/ca"
)

const openAI = "api.openai.com"

func open(t testing.TB, dir string, hosts ...string) *ca.Authority {
	t.Helper()
	a, err := ca.Open(dir, hosts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return a
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// list returns the names in dir, sorted.
func list(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestOpenCreates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	a := open(t, dir, openAI)
	if got := a.Change(); got != (ca.Change{Event: ca.Created}) {
		t.Errorf("change: got %+v; want created", got)
	}
	if runtime.GOOS != "windows" {
		for path, want := range map[string]fs.FileMode{dir: 0o700, a.KeyPath(): 0o600} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s: got mode %o; want %o", path, got, want)
			}
		}
	}
	if got, want := list(t, dir), []string{"ca-key.pem", "ca.lock", "ca.pem", "ca.use"}; !slices.Equal(got, want) {
		t.Errorf("files: got %v; want %v", got, want)
	}
	again := open(t, dir, openAI)
	if got := again.Change(); got != (ca.Change{}) {
		t.Errorf("second Open: got %+v; want unchanged", got)
	}
	if !again.Root().Equal(a.Root()) {
		t.Error("second Open: got another root; want the same")
	}
}

func TestOpenRefusesALooseKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("mode bits say nothing on Windows")
	}
	dir := filepath.Join(t.TempDir(), "Application Support")
	a := open(t, dir, openAI)
	for _, mode := range []fs.FileMode{0o604, 0o640, 0o601, 0o644, 0o666} {
		if err := os.Chmod(a.KeyPath(), mode); err != nil {
			t.Fatal(err)
		}
		// Another list must not be a way around the check.
		for _, host := range []string{openAI, "api.other.test"} {
			_, err := ca.Open(dir, []string{host})
			if want := "chmod 600 '" + a.KeyPath() + "'"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("mode %o: got %v; want an error with %s", mode, err, want)
			}
		}
	}
	if err := os.Chmod(a.KeyPath(), 0o400); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir, openAI); !got.Root().Equal(a.Root()) {
		t.Error("mode 400: got another root; want the same")
	}
}

func TestOpenNeedsAWholePair(t *testing.T) {
	other := open(t, t.TempDir(), openAI)
	leaf, err := other.Certificate(openAI)
	if err != nil {
		t.Fatal(err)
	}
	leafPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]})
	cases := []struct {
		name   string
		damage func(t *testing.T, a *ca.Authority)
		want   string
	}{
		{"no certificate", func(t *testing.T, a *ca.Authority) { remove(t, a.Path()) }, "no certificate beside it"},
		{"no key", func(t *testing.T, a *ca.Authority) { remove(t, a.KeyPath()) }, "no key beside it"},
		{"another's certificate", func(t *testing.T, a *ca.Authority) { write(t, a.Path(), read(t, other.Path())) }, "does not belong"},
		{"another's key", func(t *testing.T, a *ca.Authority) { write(t, a.KeyPath(), read(t, other.KeyPath())) }, "does not belong"},
		{"a leaf", func(t *testing.T, a *ca.Authority) { write(t, a.Path(), leafPEM) }, "is not a CA's"},
		{"empty certificate", func(t *testing.T, a *ca.Authority) { write(t, a.Path(), nil) }, "holds no PEM block"},
		{"empty key", func(t *testing.T, a *ca.Authority) { write(t, a.KeyPath(), nil) }, "holds no PEM block"},
		{"cut key", func(t *testing.T, a *ca.Authority) {
			write(t, a.KeyPath(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0x30, 0x01}}))
		}, "is damaged"},
		{"certificate of rubbish", func(t *testing.T, a *ca.Authority) {
			write(t, a.Path(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0x01}}))
		}, "reading the CA certificate"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			a := open(t, dir, openAI)
			c.damage(t, a)
			before := list(t, dir)
			_, err := ca.Open(dir, []string{openAI})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want an error with %q", err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v; want the path in it", err)
			}
			if got := list(t, dir); !slices.Equal(got, before) {
				t.Errorf("files: got %v; want %v as before", got, before)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// A crash between the two renames leaves the new certificate in place and its
// key beside it; a crash before them leaves files that mean nothing yet.
func TestOpenFinishesAnInterruptedChange(t *testing.T) {
	next := open(t, t.TempDir(), openAI)
	cases := []struct {
		name  string
		crash func(t *testing.T, a *ca.Authority)
		want  func(a *ca.Authority) *x509.Certificate
	}{
		{"first start, between the renames", func(t *testing.T, a *ca.Authority) {
			if err := os.Rename(a.KeyPath(), a.KeyPath()+".new"); err != nil {
				t.Fatal(err)
			}
		}, (*ca.Authority).Root},
		{"change, between the renames", func(t *testing.T, a *ca.Authority) {
			write(t, a.KeyPath()+".new", read(t, next.KeyPath()))
			write(t, a.Path(), read(t, next.Path()))
		}, func(*ca.Authority) *x509.Certificate { return next.Root() }},
		{"change, before the renames", func(t *testing.T, a *ca.Authority) {
			write(t, a.KeyPath()+".new", read(t, next.KeyPath()))
			write(t, a.Path()+".new", read(t, next.Path())[:100])
		}, (*ca.Authority).Root},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			a := open(t, dir, openAI)
			c.crash(t, a)
			if got := open(t, dir, openAI); !got.Root().Equal(c.want(a)) {
				t.Errorf("got root %s; want %s", got.Root().Subject, c.want(a).Subject)
			}
			// Leftovers go at the next change, when somebody holds the lock.
			got := open(t, dir, "api.other.test")
			if got.Change().Event != ca.Reissued {
				t.Errorf("change: got %+v; want reissued", got.Change())
			}
			if files, want := list(t, dir), []string{"ca-1.old.pem", "ca-key.pem", "ca-link.pem", "ca.lock", "ca.pem", "ca.use"}; !slices.Equal(files, want) {
				t.Errorf("files: got %v; want %v", files, want)
			}
		})
	}
}

func TestOpenTogether(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{openAI, "api.other.test"} {
		serials := make(chan string, 8)
		var wg sync.WaitGroup
		for range cap(serials) {
			wg.Go(func() {
				a, err := ca.Open(dir, []string{host})
				if err != nil {
					serials <- err.Error()
					return
				}
				serials <- a.Root().SerialNumber.String()
			})
		}
		wg.Wait()
		close(serials)
		want := open(t, dir, host).Root().SerialNumber.String()
		for got := range serials {
			if got != want {
				t.Errorf("got root %s; want %s, the one on disk", got, want)
			}
		}
	}
}

// A folder mounted read-only serves as long as the root in it does.
func TestOpenWritesNothingWhenUnchanged(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, openAI)
	remove(t, filepath.Join(dir, "ca.lock"))
	remove(t, filepath.Join(dir, "ca.use"))
	if got := open(t, dir, openAI); !got.Root().Equal(a.Root()) {
		t.Error("got another root; want the one that is there")
	}
	if got, want := list(t, dir), []string{"ca-key.pem", "ca.pem"}; !slices.Equal(got, want) {
		t.Errorf("files: got %v; want %v: not even a lock", got, want)
	}
}

func TestOpenWhereNoFolderCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	if _, err := ca.Open(filepath.Join(file, "folder"), []string{openAI}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v; want an error with the path", err)
	}
}
