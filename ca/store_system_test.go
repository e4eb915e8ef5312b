package ca_test

import (
	"context"
	"encoding/pem"
	"errors"
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

func ders(bundle []byte) [][]byte {
	var all [][]byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block.Bytes)
	}
	return all
}

func mkdir(t testing.TB, parts ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(parts...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// debianRoot is a file system with what is looked for on Debian.
func debianRoot(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	mkdir(t, root, "usr/local/share/ca-certificates")
	mkdir(t, root, "etc/ssl/certs")
	return root
}

// Each system's own commands, as they are given; a stand-in makes the bundle of
// the folder of added roots, as they do.
func TestSystemStoreCommands(t *testing.T) {
	cases := []struct {
		name, anchors, suffix, bundle, command string
		files                                  []string
	}{
		{"Debian", "/usr/local/share/ca-certificates", ".crt", "/etc/ssl/certs/ca-certificates.crt", "update-ca-certificates", nil},
		{"Alpine", "/usr/local/share/ca-certificates", ".crt", "/etc/ssl/certs/ca-certificates.crt", "update-ca-certificates", []string{"/etc/alpine-release"}},
		{"Red Hat", "/etc/pki/ca-trust/source/anchors", ".pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "update-ca-trust extract", nil},
		{"Arch", "/etc/ca-certificates/trust-source/anchors", ".crt", "/etc/ssl/certs/ca-certificates.crt", "trust extract-compat", nil},
		{"SUSE", "/etc/pki/trust/anchors", ".pem", "/var/lib/ca-certificates/ca-bundle.pem", "update-ca-certificates", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			mkdir(t, root, c.anchors)
			mkdir(t, root, filepath.Dir(c.bundle))
			for _, file := range c.files {
				mkdir(t, root, filepath.Dir(file))
				write(t, filepath.Join(root, file), nil)
			}
			vendor, local := pemOf(open(t, t.TempDir(), "vendor.test").Root()), pemOf(open(t, t.TempDir(), "local.test").Root())
			write(t, filepath.Join(root, c.anchors, "company"+c.suffix), local)
			write(t, filepath.Join(root, c.bundle), slices.Concat(vendor, local))
			var commands []string
			m := ca.Machine{OS: "linux", Root: root, LookPath: func(name string) (string, error) { return name, nil },
				Run: func(_ context.Context, argv []string) ([]byte, error) {
					commands = append(commands, strings.Join(argv, " "))
					bundle := vendor
					for _, name := range list(t, filepath.Join(root, c.anchors)) {
						bundle = slices.Concat(bundle, read(t, filepath.Join(root, c.anchors, name)))
					}
					write(t, filepath.Join(root, c.bundle), bundle)
					return nil, nil
				}}
			s := only(t, m, ca.KindSystem)
			if s.Name != "system ("+c.name+")" {
				t.Errorf("got %s; want %s", s.Name, c.name)
			}
			g := generation(t, open(t, t.TempDir(), openAI))
			for range 2 {
				if _, err := s.Add(t.Context(), g); err != nil {
					t.Fatal(err)
				}
			}
			if len(commands) != 1 || commands[0] != c.command {
				t.Errorf("commands: got %q; want %q once", commands, c.command)
			}
			files := list(t, filepath.Join(root, c.anchors))
			if len(files) != 2 || !strings.HasPrefix(files[1], "infershield-") || !strings.HasSuffix(files[1], c.suffix) {
				t.Errorf("files: got %v; want the company's and ours", files)
			}
			lines := s.AddCommands(g)
			if len(lines) != 2 || !strings.HasPrefix(lines[0], "install -D -m 644 "+g.Path+" "+root+c.anchors+"/infershield-") || lines[1] != c.command {
				t.Errorf("AddCommands: got %q", lines)
			}
			lines, err := s.RemoveCommands(t.Context(), g.Cert.Raw)
			if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "rm -f "+root+c.anchors+"/infershield-") {
				t.Errorf("RemoveCommands: got %q, %v", lines, err)
			}
			// The vendor's root is in no file of the administrator's.
			if _, err := s.Remove(t.Context(), ders(vendor)[0]); err == nil || !strings.Contains(err.Error(), "some other way") {
				t.Errorf("removing what is in no file: got %v; want an error", err)
			}
			for range 2 {
				if _, err := s.Remove(t.Context(), g.Cert.Raw); err != nil {
					t.Fatal(err)
				}
			}
			if got := list(t, filepath.Join(root, c.anchors)); len(got) != 1 || len(ders(read(t, filepath.Join(root, c.bundle)))) != 2 {
				t.Errorf("in the end: got files %v; want the company's and the bundle as before", got)
			}
		})
	}
}

// A command that succeeds and does nothing is found out.
func TestAddReadsTheStoreAgain(t *testing.T) {
	m := ca.Machine{OS: "linux", Root: debianRoot(t), LookPath: func(name string) (string, error) { return name, nil },
		Run: func(context.Context, []string) ([]byte, error) { return nil, nil }}
	_, err := only(t, m, ca.KindSystem).Add(t.Context(), generation(t, open(t, t.TempDir(), openAI)))
	if err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("got %v; want an error", err)
	}
}

// A file with other certificates beside ours is somebody's own, and stays.
func TestRemoveSparesAFileOfSeveral(t *testing.T) {
	root := debianRoot(t)
	a, other := open(t, t.TempDir(), openAI), open(t, t.TempDir(), "other.test")
	both := slices.Concat(pemOf(a.Root()), pemOf(other.Root()))
	file := filepath.Join(root, "usr/local/share/ca-certificates/all.crt")
	write(t, file, both)
	write(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"), both)
	m := ca.Machine{OS: "linux", Root: root, LookPath: func(name string) (string, error) { return name, nil }}
	if changed, err := only(t, m, ca.KindSystem).Remove(t.Context(), a.Root().Raw); err == nil || changed || !slices.Equal(read(t, file), both) {
		t.Errorf("got %v, %v; want an error and the file as it was", changed, err)
	}
}

// Without its tool a store names the command that installs it.
func TestStoreNeedsATool(t *testing.T) {
	root := debianRoot(t)
	mkdir(t, root, "home/u/.mozilla/firefox/x.default")
	write(t, filepath.Join(root, "home/u/.mozilla/firefox/x.default/cert9.db"), nil)
	m := ca.Machine{OS: "linux", Root: root, Home: "/home/u", LookPath: func(string) (string, error) { return "", exec.ErrNotFound }}
	for kind, want := range map[string]string{ca.KindSystem: "sudo apt-get install ca-certificates", ca.KindNSS: "sudo apt-get install libnss3-tools"} {
		s := only(t, m, kind)
		if s.Needs != want {
			t.Errorf("%s: got %q; want %q", s.Name, s.Needs, want)
		}
		if _, err := s.Add(t.Context(), generation(t, open(t, t.TempDir(), openAI))); !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%s: got %v; want exec.ErrNotFound", s.Name, err)
		}
	}
}

// The command lines for systems that this test does not run on.
func TestMacAndWindowsCommands(t *testing.T) {
	g := generation(t, open(t, t.TempDir(), openAI))
	mac := ca.Machine{OS: "darwin", Root: t.TempDir(), Run: func(_ context.Context, argv []string) ([]byte, error) {
		if got, want := strings.Join(argv, " "), "security find-certificate -a -p /Library/Keychains/System.keychain"; got != want {
			t.Errorf("got %s; want %s", got, want)
		}
		return pemOf(g.Cert), nil
	}}
	s := only(t, mac, ca.KindSystem)
	if got, want := s.AddCommands(g), []string{"security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain " + g.Path}; !slices.Equal(got, want) {
		t.Errorf("macOS: got %q; want %q", got, want)
	}
	lines, err := s.RemoveCommands(t.Context(), g.Cert.Raw)
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "security delete-certificate -Z ") || !strings.HasSuffix(lines[0], " -t /Library/Keychains/System.keychain") {
		t.Errorf("macOS, removing: got %q, %v", lines, err)
	}
	s = only(t, ca.Machine{OS: "windows", Root: t.TempDir()}, ca.KindSystem)
	if got, want := s.AddCommands(g), []string{"certutil.exe -user -addstore Root " + g.Path}; !slices.Equal(got, want) {
		t.Errorf("Windows: got %q; want %q", got, want)
	}
}

// The real commands of Debian, on copies of this machine's folders that only
// the processes of this test see.
func TestDebianStore(t *testing.T) {
	if testing.Short() {
		t.Skip("update-ca-certificates takes seconds")
	}
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there are no mount namespaces here")
	}
	const inside, insideHooks = "INFERSHIELD_TEST_STORES", "INFERSHIELD_TEST_STORES_HOOKS"
	if os.Getenv(inside) == "" {
		if _, err := os.Stat("/etc/debian_version"); errors.Is(err, fs.ErrNotExist) {
			t.Skip("this is not Debian")
		}
		need(t, "update-ca-certificates")
		unshare := need(t, "unshare")
		args := []string{"--mount", "--propagation", "private"}
		if os.Geteuid() != 0 {
			args = append(args, "--map-root-user")
		}
		if out, err := exec.CommandContext(t.Context(), unshare, append(args, "true")...).CombinedOutput(); err != nil {
			t.Skipf("no mount namespace to be had: %v %s", err, out)
		}
		cmd := exec.CommandContext(t.Context(), unshare, append(args, os.Args[0], "-test.run=^TestDebianStore$", "-test.v")...)
		cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
		if os.Geteuid() == 0 { // else Debian's hook for Java gives up
			cmd.Env = append(cmd.Env, insideHooks+"=1")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for i, dir := range []string{"/etc/ssl/certs", "/usr/local/share/ca-certificates"} {
		private := filepath.Join(os.Getenv(inside), string(rune('a'+i)))
		for _, argv := range [][]string{{"cp", "-dR", dir, private}, {"mount", "--bind", private, dir}} {
			if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", argv, err, out)
			}
		}
	}
	m := ca.Machine{OS: "linux"}
	s := slices.DeleteFunc(m.Stores(), func(s ca.Store) bool { return s.Kind != ca.KindSystem })[0]
	checkStore(t, s, func() [][]byte { return ders(read(t, "/etc/ssl/certs/ca-certificates.crt")) })

	// A real client with no settings of its own, before and after.
	a := open(t, t.TempDir(), openAI)
	addr := serve(t, a.Certificate)
	curl := func() error {
		_, port, _ := strings.Cut(addr, ":")
		_, err := run(exec.CommandContext(t.Context(), need(t, "curl"), "-q", "-sS", "--noproxy", "*", "--resolve", openAI+":"+port+":127.0.0.1", "https://"+openAI+":"+port+"/"))
		return err
	}
	if curl() == nil {
		t.Error("curl trusts the root before it is added")
	}
	if _, err := s.Add(t.Context(), generation(t, a)); err != nil {
		t.Fatal(err)
	}
	if err := curl(); err != nil {
		t.Errorf("curl, after it was added: %v", err)
	}
	for _, java := range slices.DeleteFunc(m.Stores(), func(s ca.Store) bool {
		return s.Kind != ca.KindJava || s.Path != "/etc/ssl/certs/java/cacerts" || os.Getenv(insideHooks) == ""
	}) {
		if has, err := java.Has(t.Context(), a.Root().Raw); err != nil || !has {
			t.Errorf("Java's copy of the system's store: got %v, %v; want the root in it", has, err)
		}
	}
	if _, err := s.Remove(t.Context(), a.Root().Raw); err != nil {
		t.Fatal(err)
	}
	if curl() == nil {
		t.Error("curl trusts the root after it was removed")
	}
}
