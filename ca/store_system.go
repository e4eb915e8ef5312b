package ca

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// layout is how a family of Linux distributions keeps the roots that the
// administrator adds.
type layout struct {
	family  string
	anchors string   // folder of the added roots
	suffix  string   // of the files in it
	update  []string // rebuilds the bundle from it
	bundle  string   // what programs read
	install string   // installs update
}

func layouts() []layout {
	return []layout{
		{"Red Hat", "/etc/pki/ca-trust/source/anchors", ".pem", []string{"update-ca-trust", "extract"},
			"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "dnf install ca-certificates"},
		{"Arch", "/etc/ca-certificates/trust-source/anchors", ".crt", []string{"trust", "extract-compat"},
			"/etc/ssl/certs/ca-certificates.crt", "pacman -S ca-certificates-utils"},
		{"SUSE", "/etc/pki/trust/anchors", ".pem", []string{"update-ca-certificates"},
			"/var/lib/ca-certificates/ca-bundle.pem", "zypper install ca-certificates"},
		{"Alpine", "/usr/local/share/ca-certificates", ".crt", []string{"update-ca-certificates"},
			"/etc/ssl/certs/ca-certificates.crt", "apk add ca-certificates"},
		{"Debian", "/usr/local/share/ca-certificates", ".crt", []string{"update-ca-certificates"},
			"/etc/ssl/certs/ca-certificates.crt", "apt-get install ca-certificates"},
	}
}

// layout returns the machine's; false if it has none of those that are known.
// Other families have a folder of Debian's as well, so that comes last.
func (m Machine) layout() (layout, bool) {
	for _, l := range layouts() {
		if l.family == "Alpine" && !exists(m.path("/etc/alpine-release")) {
			continue
		}
		if exists(m.path(l.anchors)) || l.family == "Debian" && exists(m.path("/etc/debian_version")) {
			return l, true
		}
	}
	return layout{}, false
}

func (m Machine) systemStore() (Store, bool) {
	switch m.OS {
	case "darwin":
		return m.keychainStore(), true
	case "windows":
		return m.windowsStore(), true
	case "linux":
	default:
		return Store{}, false
	}
	l, ok := m.layout()
	if !ok {
		return Store{}, false
	}
	s := Store{Kind: KindSystem, Name: "system (" + l.family + ")", Path: m.path(l.bundle)}
	update := m.tool(l.update[0])
	if update == "" {
		s.Needs = "sudo " + l.install
	}
	s.backend = linuxStore{m: m, layout: l, update: update}
	return s, true
}

// linuxStore is a folder of added roots and a bundle that a command makes of
// them.
type linuxStore struct {
	m      Machine
	layout layout
	update string // path of the command
}

func (s linuxStore) list(context.Context) ([]entry, error) {
	trusted, err := readBundle(s.m.path(s.layout.bundle))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // made by the first update
		return nil, err
	}
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(trusted))
	for _, der := range trusted {
		entries = append(entries, entry{der: der, handle: files[string(der)]})
	}
	return entries, nil
}

// files returns the file in the folder of added roots that holds each
// certificate and nothing else.
func (s linuxStore) files() (map[string]string, error) {
	folder := s.m.path(s.layout.anchors)
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, name := range names {
		if certs, err := readBundle(name); err == nil && len(certs) == 1 {
			files[string(certs[0])] = name
			continue
		}
		// Red Hat's tools take DER as well.
		if der, err := os.ReadFile(name); err == nil && len(der) > 0 && der[0] == 0x30 {
			files[string(der)] = name
		}
	}
	return files, nil
}

func (s linuxStore) add(g Generation) []step {
	file := s.m.path(s.layout.anchors, storeName(g.Cert.Raw)+s.layout.suffix)
	return []step{place(g, file), s.rebuild()}
}

func (s linuxStore) remove(entries []entry) ([]step, error) {
	var steps []step
	for _, e := range entries {
		if e.handle == "" {
			return nil, fmt.Errorf("no file in %s holds %s alone, so that it must have come in some other way",
				s.m.path(s.layout.anchors), identify(e.der).Name)
		}
		steps = append(steps, discard(e.handle))
	}
	return append(steps, s.rebuild()), nil
}

func (s linuxStore) rebuild() step {
	return s.m.command(append([]string{s.update}, s.layout.update[1:]...)...)
}

func (s linuxStore) writable() error { return folderWritable(s.m.path(s.layout.anchors)) }

// keychainStore is the System keychain of a Mac, which only its administrator
// can change.
func (m Machine) keychainStore() Store {
	const keychain = "/Library/Keychains/System.keychain"
	return Store{Kind: KindSystem, Name: "system (macOS)", Path: keychain, backend: macStore{m, keychain}}
}

type macStore struct {
	m        Machine
	keychain string
}

func (s macStore) list(ctx context.Context) ([]entry, error) {
	out, err := s.m.output(ctx, "security", "find-certificate", "-a", "-p", s.keychain)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, der := range decodeBundle(out) {
		entries = append(entries, entry{der: der, handle: thumbprint(der)})
	}
	return entries, nil
}

func (s macStore) add(g Generation) []step {
	return []step{s.m.command("security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", s.keychain, g.Path)}
}

// remove deletes the trust settings along with the certificate (-t).
func (s macStore) remove(entries []entry) ([]step, error) {
	var steps []step
	for _, e := range entries {
		steps = append(steps, s.m.command("security", "delete-certificate", "-Z", e.handle, "-t", s.keychain))
	}
	return steps, nil
}

func (s macStore) writable() error { return fileWritable(s.m.path(s.keychain)) }

// windowsStore is the current user's Root store, for which nobody needs to be
// administrator. Windows asks the user before it adds or removes anything.
func (m Machine) windowsStore() Store {
	return Store{Kind: KindSystem, Name: "system (Windows)", Path: "Root store of the current user", backend: windowsRoots{m}}
}

type windowsRoots struct{ m Machine }

func (s windowsRoots) list(context.Context) ([]entry, error) {
	if runtime.GOOS != s.m.OS {
		return nil, fmt.Errorf("the stores of Windows cannot be read on %s", runtime.GOOS)
	}
	ders, err := readWindowsRoots()
	var entries []entry
	for _, der := range ders {
		entries = append(entries, entry{der: der, handle: thumbprint(der)})
	}
	return entries, err
}

func (s windowsRoots) add(g Generation) []step {
	return []step{s.m.command("certutil.exe", "-user", "-addstore", "Root", g.Path)}
}

func (s windowsRoots) remove(entries []entry) ([]step, error) {
	var steps []step
	for _, e := range entries {
		steps = append(steps, s.m.command("certutil.exe", "-user", "-delstore", "Root", e.handle))
	}
	return steps, nil
}

func (s windowsRoots) writable() error { return nil }
