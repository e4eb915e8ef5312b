package ca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func written(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// subjects returns the common names in a PEM bundle, in order.
func subjects(t testing.TB, bundle []byte) []string {
	t.Helper()
	var names []string
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, cert.Subject.CommonName)
	}
	return names
}

func TestExports(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	if got := written(t, a.WriteDER); !bytes.Equal(got, a.Root().Raw) {
		t.Error("WriteDER: got something else than the root")
	}
	if got := written(t, a.WritePEM); !bytes.Equal(got, read(t, a.Path())) {
		t.Error("WritePEM: got something else than the file in the folder")
	}
	if got := a.Fingerprint(); !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(got) {
		t.Errorf("Fingerprint: got %s", got)
	}
	if got := written(t, a.WritePEM); bytes.Contains(got, []byte("PRIVATE")) {
		t.Error("WritePEM wrote a private key")
	}
}

func TestWriteBundle(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, openAI)
	one, two := open(t, t.TempDir(), "one.test"), open(t, t.TempDir(), "two.test")
	ours, first, second := a.Root().Subject.CommonName, one.Root().Subject.CommonName, two.Root().Subject.CommonName

	system := filepath.Join(dir, "system.pem")
	write(t, system, slices.Concat([]byte("# a comment\n"), read(t, one.Path()), read(t, one.KeyPath()), read(t, a.Path()), read(t, two.Path())))
	empty := filepath.Join(dir, "empty.pem")
	write(t, empty, []byte("nothing\n"))

	bundle := written(t, func(w io.Writer) error {
		return a.WriteBundleFrom(w, filepath.Join(dir, "absent.pem"), empty, system, two.Path())
	})
	if got, want := subjects(t, bundle), []string{first, second, ours}; !slices.Equal(got, want) {
		t.Errorf("got %v; want %v: each once, ours last, no key", got, want)
	}
	var nothing bytes.Buffer
	if err := a.WriteBundleFrom(&nothing, empty); !errors.Is(err, fs.ErrNotExist) || nothing.Len() > 0 {
		t.Errorf("without roots: got %v and %d bytes; want fs.ErrNotExist and none", err, nothing.Len())
	}
	if err := a.WriteBundleFrom(failing{}, system); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails: got %v; want its error", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// The roots of the machine that runs the test, where it keeps them in a file.
func TestWriteBundleOfThisMachine(t *testing.T) {
	a := open(t, t.TempDir(), openAI)
	var bundle bytes.Buffer
	err := a.WriteBundle(&bundle)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this machine's roots are in no known file")
	}
	if err != nil {
		t.Fatal(err)
	}
	names := subjects(t, bundle.Bytes())
	if len(names) < 2 || names[len(names)-1] != a.Root().Subject.CommonName {
		t.Errorf("got %d certificates; want the machine's and ours last", len(names))
	}
}
