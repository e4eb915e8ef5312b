package launch

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// certBytesMax bounds a file of certificates that the user has named.
const certBytesMax = 16 << 20

// unusedMax is how long files of an environment of their own stay after a Write
// last named them. A shell that was left open may use them still, which is why
// it is no shorter.
const unusedMax = 30 * 24 * time.Hour

// phpFile is the one file of a folder for PHP.
const phpFile = "infershield.ini"

// preload makes Node take the proxy. See there.
//
//go:embed preload.cjs
var preload []byte

// preloadBun makes Bun's WebSockets take the proxy. See there.
//
//go:embed preload_bun.cjs
var preloadBun []byte

// Files are the paths that variables name; an empty one leaves them alone.
type Files struct {
	Added      string // ours, and what the user adds to the system's certificates
	Bundle     string // the system's, the user's and ours
	TrustStore string // the same for Java, in PKCS#12
	Preload    string // what Node loads before the program
	PreloadBun string // what Bun loads before it
	PHPDir     string // a folder with settings for PHP
	Wgetrc     string // the system's settings for wget, and ours

	TrustStorePassword string
}

// Sources are what files are made of.
type Sources struct {
	CA     []byte // the authority, in PEM
	Bundle []byte // the system's roots and the authority, in PEM; nil where they are unknown
	// TrustStore writes a trust store with the certificates of Bundle and those
	// given. It is called when there is none yet, or when Bundle has changed.
	TrustStore         func(w io.Writer, more []*x509.Certificate) error
	TrustStorePassword string
}

// Write brings the files in dir up to date, which is made if there is none, for
// an environment as os.Environ returns it. Certificates that the user's own
// variables name go into ours; these files then have names of their own, so that
// environments do not get in each other's way, and go when they were not written
// for a month. The second result is what could
// not be read, in sentences. Several processes may write at a time.
func Write(dir string, environ []string, src Sources) (Files, []string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Files{}, nil, fmt.Errorf("writing settings for programs: %w", err)
	}
	w := writer{dir: dir, was: own(environ)}
	added := without(w.userCerts(KindAdds), src.CA)
	replaced := without(w.userCerts(KindReplaces), src.Bundle)
	f := Files{TrustStorePassword: src.TrustStorePassword}
	f.Added = w.write("ca"+suffix(added)+".pem", append(bytes.Clone(src.CA), added...))
	f.Preload = w.write("preload.cjs", preload)
	f.PreloadBun = w.write("preload_bun.cjs", preloadBun)
	if src.Bundle != nil {
		id := suffix(replaced)
		bundle := append(bytes.Clone(replaced), src.Bundle...)
		// The trust store first: the bundle's change is what tells that it is old.
		f.TrustStore = w.trustStore("truststore"+id+".p12", "roots"+id+".pem", bundle, replaced, src)
		f.Bundle = w.write("roots"+id+".pem", bundle)
		f.Wgetrc = w.write("wgetrc"+w.wgetrcSuffix(replaced), w.wgetrc(f.Bundle))
		php := fmt.Sprintf("; Written by infershield.\ncurl.cainfo=%s\nopenssl.cafile=%[1]s\n", quotePHP(f.Bundle))
		f.PHPDir = filepath.Dir(w.write(filepath.Join("php"+id, phpFile), []byte(php)))
	}
	if w.err != nil {
		return Files{}, nil, fmt.Errorf("writing settings for programs: %w", w.err)
	}
	w.removeUnused()
	return f, w.notes, nil
}

// writer writes files into dir until one fails.
type writer struct {
	dir   string
	was   map[string]string // the user's own environment
	notes []string
	err   error
}

// userCerts returns, in PEM, what the files hold that the user's variables of
// one kind name.
func (w *writer) userCerts(kind Kind) []byte {
	var certs []byte
	seen := make(map[string]bool)
	for _, v := range Variables() {
		path := w.was[v.Name]
		if v.Kind != kind || path == "" || seen[path] {
			continue
		}
		seen[path] = true
		found, err := readCerts(path)
		if err != nil {
			w.notes = append(w.notes, fmt.Sprintf("%s names a file that could not be used: %v", v.Name, err))
		}
		certs = append(certs, without(found, certs)...)
	}
	return certs
}

// without returns the certificates of one PEM text that another does not hold.
func without(certs, other []byte) []byte {
	held := make(map[string]bool)
	for block, rest := pem.Decode(other); block != nil; block, rest = pem.Decode(rest) {
		held[string(block.Bytes)] = true
	}
	var left []byte
	for block, rest := pem.Decode(certs); block != nil; block, rest = pem.Decode(rest) {
		if !held[string(block.Bytes)] {
			left = append(left, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	return left
}

// readCerts returns the certificates of a PEM file and nothing else of it.
func readCerts(path string) ([]byte, error) {
	if err := isFile(path); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, certBytesMax+1))
	if err != nil {
		return nil, err
	}
	if len(data) > certBytesMax {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, certBytesMax>>20)
	}
	var certs []byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			certs = append(certs, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return certs, nil
}

// isFile is an error for what is no file: a pipe would be waited for without
// end, since nobody may ever write to it.
func isFile(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	return err
}

// suffix tells files apart that hold certificates of the user's.
func suffix(user []byte) string {
	if len(user) == 0 {
		return ""
	}
	sum := sha256.Sum256(user)
	return "-" + hex.EncodeToString(sum[:4])
}

// write puts a file in place, unless it is there already, and returns its path.
func (w *writer) write(name string, data []byte) string {
	path := filepath.Join(w.dir, name)
	if w.err != nil {
		return path
	}
	if holds(path, data) {
		touch(path)
		return path
	}
	if w.err = os.MkdirAll(filepath.Dir(path), 0o700); w.err != nil {
		return path
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(name)+"-*")
	if err != nil {
		w.err = err
		return path
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // the error that counts is told already
		w.err = err
	}
	return path
}

// touch tells removeUnused that a file is in use.
func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now) // it is then made anew when it was removed
}

// removeUnused removes the files of environments that were last seen too long
// ago. One that cannot be removed is tried again the next time.
func (w *writer) removeUnused() {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return
	}
	marked := regexp.MustCompile(`^((ca|roots)-[0-9a-f]{8}\.pem|truststore-[0-9a-f]{8}\.p12|(php|wgetrc)-[0-9a-f]{8})$`)
	for _, entry := range entries {
		if !marked.MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(w.dir, entry.Name())
		written := path
		if entry.IsDir() { // whose own time is not that of its file
			written = filepath.Join(path, phpFile)
		}
		if info, err := os.Stat(written); err == nil && time.Since(info.ModTime()) > unusedMax {
			_ = os.RemoveAll(path) // see above
		}
	}
}

func holds(path string, data []byte) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() != int64(len(data)) {
		return false
	}
	there, err := os.ReadFile(path)
	return err == nil && bytes.Equal(there, data)
}

// trustStore is made anew with its bundle: its own bytes differ at each making.
func (w *writer) trustStore(name, bundleName string, bundle, user []byte, src Sources) string {
	path := filepath.Join(w.dir, name)
	if w.err != nil || src.TrustStore == nil {
		return ""
	}
	if _, err := os.Stat(path); err == nil && holds(filepath.Join(w.dir, bundleName), bundle) {
		touch(path)
		return path
	}
	var more []*x509.Certificate
	for block, rest := pem.Decode(user); block != nil; block, rest = pem.Decode(rest) {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			more = append(more, cert)
		}
	}
	var store bytes.Buffer
	if err := src.TrustStore(&store, more); err != nil {
		w.err = err
		return ""
	}
	return w.write(name, store.Bytes())
}

// wgetrcSuffix tells files apart that begin with other settings, too.
func (w *writer) wgetrcSuffix(user []byte) string {
	path := w.was["SYSTEM_WGETRC"]
	if path == "" {
		return suffix(user)
	}
	return suffix(append(bytes.Clone(user), "\x00"+path...))
}

// wgetrc is the system's own file and the one setting that wget has no variable
// for. The user's file is read after it and counts for more.
func (w *writer) wgetrc(bundle string) []byte {
	path := w.was["SYSTEM_WGETRC"]
	if path == "" {
		path = "/etc/wgetrc"
	}
	var system []byte
	err := isFile(path)
	if err == nil {
		system, err = os.ReadFile(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.notes = append(w.notes, "wget will not see the settings of "+path+": "+err.Error())
	}
	if len(system) > 0 && !bytes.HasSuffix(system, []byte("\n")) {
		system = append(system, '\n')
	}
	return append(system, "# Added by infershield.\nca_certificate = "+bundle+"\n"...)
}

// quotePHP makes a path a value of an ini file.
func quotePHP(path string) string {
	if !strings.Contains(path, "'") {
		return "'" + path + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(path) + `"`
}
