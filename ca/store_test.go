package ca_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/ca"
)

// generation is the root that a uses.
func generation(t testing.TB, a *ca.Authority) ca.Generation {
	t.Helper()
	all, err := ca.Generations(filepath.Dir(a.Path()))
	if err != nil || len(all) == 0 || !all[0].Current {
		t.Fatalf("Generations: got %v, %v; want the root in use first", all, err)
	}
	return all[0]
}

// only returns the one store of a kind.
func only(t testing.TB, m ca.Machine, kind string) ca.Store {
	t.Helper()
	stores := slices.DeleteFunc(m.Stores(), func(s ca.Store) bool { return s.Kind != kind })
	if len(stores) != 1 {
		t.Fatalf("stores of kind %s: got %v; want one", kind, stores)
	}
	return stores[0]
}

// fingerprints are what Find names, sorted.
func fingerprints(t testing.TB, s ca.Store) []string {
	t.Helper()
	found, err := s.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var prints []string
	for _, f := range found {
		prints = append(prints, string(f.Origin)+" "+f.Fingerprint())
	}
	slices.Sort(prints)
	return prints
}

// checkStore holds a store to the laws of all stores: adding and removing twice
// is adding and removing once, and nothing else is touched.
func checkStore(t *testing.T, s ca.Store, everything func() [][]byte) {
	t.Helper()
	a, other := open(t, t.TempDir(), openAI), open(t, t.TempDir(), openAI)
	g, theirs := generation(t, a), generation(t, other)
	before := everything()
	do := func(name string, want bool, act func() (bool, error)) {
		t.Helper()
		if changed, err := act(); err != nil || changed != want {
			t.Errorf("%s: got %v, %v; want %v", name, changed, err, want)
		}
	}
	add := func(g ca.Generation) func() (bool, error) {
		return func() (bool, error) { return s.Add(t.Context(), g) }
	}
	remove := func(ders ...[]byte) func() (bool, error) {
		return func() (bool, error) { return s.Remove(t.Context(), ders...) }
	}
	do("remove what is not there", false, remove(g.Cert.Raw))
	do("add", true, add(g))
	once := everything()
	do("add again", false, add(g))
	if got := everything(); !same(got, once) || !same(without(got, g.Cert.Raw), before) {
		t.Errorf("after adding twice: got %d roots; want %d and ours", len(got), len(before))
	}
	do("add another's", true, add(theirs))
	if got, want := fingerprints(t, s), []string{"infershield " + ca.Fingerprint(g.Cert), "infershield " + ca.Fingerprint(theirs.Cert)}; !same2(got, want) {
		t.Errorf("Find: got %v; want %v", got, want)
	}
	do("remove", true, remove(g.Cert.Raw))
	do("remove again", false, remove(g.Cert.Raw))
	if has, err := s.Has(t.Context(), theirs.Cert.Raw); err != nil || !has {
		t.Errorf("the other's root: got %v, %v; want it there still", has, err)
	}
	do("remove several", true, remove(g.Cert.Raw, theirs.Cert.Raw))
	if got := everything(); !same(got, before) {
		t.Errorf("in the end: got %d roots; want the %d from before", len(got), len(before))
	}
}

func same2(a, b []string) bool { slices.Sort(b); return slices.Equal(a, b) }

// same compares without regard to order.
func same(a, b [][]byte) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, bytes.Compare)
	slices.SortFunc(b, bytes.Compare)
	return slices.EqualFunc(a, b, bytes.Equal)
}

func without(all [][]byte, der []byte) [][]byte {
	return slices.DeleteFunc(slices.Clone(all), func(o []byte) bool { return bytes.Equal(o, der) })
}

func TestNSSStore(t *testing.T) {
	certutil := need(t, "certutil")
	home := t.TempDir()
	profile := filepath.Join(home, ".mozilla/firefox/abcd1234.default release")
	snap := filepath.Join(home, "snap/firefox/common/.mozilla/firefox/x.default")
	for _, dir := range []string{profile, snap} {
		newNSS(t, certutil, dir)
	}
	m := ca.Machine{OS: "linux", Home: home, LookPath: func(name string) (string, error) {
		if name == "chromium" {
			return "/usr/bin/chromium", nil
		}
		return exec.LookPath(name)
	}}
	stores := slices.DeleteFunc(m.Stores(), func(s ca.Store) bool { return s.Kind != ca.KindNSS })
	var names []string
	for _, s := range stores {
		names = append(names, s.Name)
	}
	if want := []string{"Firefox (abcd1234.default release)", "Firefox (x.default)", "Chromium (~/.pki/nssdb)"}; !slices.Equal(names, want) {
		t.Fatalf("got %v; want %v", names, want)
	}
	// Somebody's own root, which must outlive everything.
	corporate := filepath.Join(t.TempDir(), "corporate.pem")
	write(t, corporate, pemOf(open(t, t.TempDir(), "corporate.test").Root()))
	if out, err := run(exec.CommandContext(t.Context(), certutil, "-A", "-d", "sql:"+profile, "-t", "C,,", "-n", "Corporate Root", "-i", corporate)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, s := range stores {
		t.Run(s.Name, func(t *testing.T) {
			if s.Path == profile {
				if got := len(fingerprints(t, s)); got != 1 {
					t.Fatalf("Find: got %d; want the one that is there", got)
				}
				g := generation(t, open(t, t.TempDir(), openAI))
				for range 2 {
					if _, err := s.Add(t.Context(), g); err != nil {
						t.Fatal(err)
					}
				}
				if out, err := run(exec.CommandContext(t.Context(), certutil, "-V", "-u", "L", "-d", "sql:"+profile, "-n", nickname(t, certutil, profile))); err != nil {
					t.Errorf("certutil does not take it for an authority: %v\n%s", err, out)
				}
				if _, err := s.Remove(t.Context(), g.Cert.Raw); err != nil {
					t.Fatal(err)
				}
				if got := len(fingerprints(t, s)); got != 1 {
					t.Errorf("in the end: got %d; want the one that was there", got)
				}
				return
			}
			checkStore(t, s, func() [][]byte { return nssCerts(t, certutil, s.Path) })
		})
	}
}

func newNSS(t *testing.T, certutil, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := run(exec.CommandContext(t.Context(), certutil, "-N", "-d", "sql:"+dir, "--empty-password")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func nssTable(t *testing.T, certutil, dir string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "cert9.db")); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	out, err := run(exec.CommandContext(t.Context(), certutil, "-L", "-d", "sql:"+dir))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// nickname is the name that our root got.
func nickname(t *testing.T, certutil, dir string) string {
	t.Helper()
	for _, line := range strings.Split(nssTable(t, certutil, dir), "\n") {
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "infershield-") {
			return name
		}
	}
	t.Fatal("it is not in the database")
	return ""
}

// nssCerts are the rows of the table, which is all that certutil shows of all.
func nssCerts(t *testing.T, certutil, dir string) [][]byte {
	t.Helper()
	var rows [][]byte
	for _, line := range strings.Split(nssTable(t, certutil, dir), "\n") {
		name, _, _ := strings.Cut(line, "  ")
		if !strings.HasPrefix(name, "infershield-") {
			if strings.HasSuffix(strings.TrimSpace(line), ",") { // a row, and no headline
				rows = append(rows, []byte(line))
			}
			continue
		}
		out, err := run(exec.CommandContext(t.Context(), certutil, "-L", "-d", "sql:"+dir, "-n", name, "-r"))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, []byte(out))
	}
	return rows
}

func TestJavaStore(t *testing.T) {
	if testing.Short() {
		t.Skip("keytool takes seconds")
	}
	t.Parallel()
	keytool := need(t, "keytool")
	real, err := filepath.EvalSymlinks(keytool)
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Dir(filepath.Dir(real))
	system, err := os.ReadFile(filepath.Join(home, "lib", "security", "cacerts"))
	if err != nil {
		t.Skipf("this Java has no cacerts: %v", err)
	}
	mine := t.TempDir()
	if err := os.MkdirAll(filepath.Join(mine, "lib", "security"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(mine, "lib", "security", "cacerts"), system)
	if err := os.Symlink(filepath.Join(home, "bin"), filepath.Join(mine, "bin")); err != nil {
		t.Fatal(err)
	}
	m := ca.Machine{OS: "linux", JavaHomes: []string{mine, mine}, Root: t.TempDir()} // and no other Java
	s := only(t, m, ca.KindJava)
	certs := func() [][]byte { return keytoolCerts(t, keytool, s.Path) }
	checkStore(t, s, certs)

	// The other format, which keytool alone reads here, with roots of ours in it.
	a := open(t, t.TempDir(), openAI)
	write(t, s.Path, written(t, func(w io.Writer) error { return a.WriteTrustStore(w, ca.TrustStorePassword, nil) }))
	if has, err := s.Has(t.Context(), a.Root().Raw); err != nil || !has {
		t.Errorf("PKCS#12: got %v, %v; want the root", has, err)
	}
	if changed, err := s.Remove(t.Context(), a.Root().Raw); err != nil || !changed || len(certs()) != 0 {
		t.Errorf("PKCS#12, removing: got %v, %v; want no root left", changed, err)
	}
}

func keytoolCerts(t *testing.T, keytool, path string) [][]byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), keytool, "-list", "-rfc", "-keystore", path, "-storepass", "changeit").Output()
	if err != nil {
		t.Fatal(err)
	}
	return ders(out)
}

// An account that may not change the store is told so before anything changes.
func TestStoreOfAnotherUser(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("this user may write everywhere")
	}
	m := ca.Machine{OS: "linux", Root: debianRoot(t), Run: func(context.Context, []string) ([]byte, error) {
		t.Error("a command was run")
		return nil, nil
	}, LookPath: func(name string) (string, error) { return "/usr/sbin/" + name, nil }}
	if err := os.Chmod(filepath.Join(m.Root, "usr/local/share/ca-certificates"), 0o500); err != nil {
		t.Fatal(err)
	}
	s := only(t, m, ca.KindSystem)
	if changed, err := s.Add(t.Context(), generation(t, open(t, t.TempDir(), openAI))); changed || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, %v; want fs.ErrPermission and nothing changed", changed, err)
	}
}
