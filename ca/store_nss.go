package ca

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// nssNamesMax bounds how many certificates of one database are read, each with
// a command.
const nssNamesMax = 500

// nssStores are the databases of Firefox's profiles and Chromium's of this user.
// Chromium reads its own on Linux alone; Firefox reads the system's store on
// Windows, where there is no certutil of NSS.
func (m Machine) nssStores() []Store {
	if m.Home == "" || m.OS == "windows" {
		return nil
	}
	tool := m.tool("certutil")
	needs := ""
	if tool == "" {
		needs = m.installs(map[string]string{"darwin": "nss", "Debian": "libnss3-tools", "Red Hat": "nss-tools", "Arch": "nss", "SUSE": "mozilla-nss-tools", "Alpine": "nss-tools"})
	}
	var stores []Store
	for _, db := range m.nssFolders() {
		stores = append(stores, Store{Kind: KindNSS, Name: db.name, Path: db.path, Needs: needs, backend: nssStore{m, tool, db.path}})
	}
	return stores
}

type nssFolder struct{ name, path string }

func (m Machine) nssFolders() []nssFolder {
	var found []nssFolder
	for _, base := range []string{
		".mozilla/firefox", ".config/mozilla/firefox", "snap/firefox/common/.mozilla/firefox", ".var/app/org.mozilla.firefox/.mozilla/firefox",
		".var/app/org.mozilla.firefox/config/mozilla/firefox", ".librewolf", "Library/Application Support/Firefox/Profiles",
	} {
		databases, _ := filepath.Glob(filepath.Join(globQuote(m.Root+m.Home), base, "*", "cert9.db"))
		for _, db := range databases {
			profile := filepath.Dir(db)
			found = append(found, nssFolder{"Firefox (" + filepath.Base(profile) + ")", profile})
		}
	}
	if m.OS == "linux" {
		found = append(found, m.chromiumFolders()...)
	}
	return found
}

// chromiumFolders are where Chromium and its kin look. The first of them is
// made when it is missing and there is such a browser, as they do themselves.
func (m Machine) chromiumFolders() []nssFolder {
	var found []nssFolder
	for _, base := range []string{".pki/nssdb", ".local/share/pki/nssdb", "snap/chromium/current/.pki/nssdb", ".var/app/org.chromium.Chromium/.pki/nssdb",
		".var/app/com.google.Chrome/.pki/nssdb"} {
		path := m.path(m.Home, base)
		if exists(filepath.Join(path, "cert9.db")) {
			found = append(found, nssFolder{"Chromium (~/" + base + ")", path})
		}
	}
	browser := func(name string) bool { return m.tool(name) != "" }
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "brave-browser", "microsoft-edge", "vivaldi"}
	if len(found) == 0 && slices.ContainsFunc(names, browser) {
		found = append(found, nssFolder{"Chromium (~/.pki/nssdb)", m.path(m.Home, ".pki/nssdb")})
	}
	return found
}

// globQuote makes a path match itself alone.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// nssStore is a database of NSS.
type nssStore struct {
	m         Machine
	tool, dir string
}

func (s nssStore) missing() bool { return !exists(filepath.Join(s.dir, "cert9.db")) }

func (s nssStore) list(ctx context.Context) ([]entry, error) {
	if s.tool == "" {
		return nil, errNoTool("certutil, of NSS")
	}
	if s.missing() {
		return nil, nil
	}
	out, err := s.m.output(ctx, s.tool, "-L", "-d", "sql:"+s.dir)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, name := range trustedNames(string(out)) {
		out, err := s.m.output(ctx, s.tool, "-L", "-d", "sql:"+s.dir, "-n", name, "-a")
		if err != nil {
			return nil, err
		}
		ders := decodeBundle(out)
		for _, der := range ders {
			e := entry{der: der, handle: name}
			if len(ders) > 1 { // of one subject: taking out one would take out all
				e.handle = ""
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// trustedNames returns the names in the table of certutil -L that are trusted
// as authorities of servers, which is a C in the first of three columns.
func trustedNames(table string) []string {
	row := regexp.MustCompile(`(?m)^(.*\S) +([a-zA-Z]*),[a-zA-Z]*,[a-zA-Z]* *$`)
	var names []string
	for _, match := range row.FindAllStringSubmatch(table, nssNamesMax) {
		if strings.Contains(match[2], "C") && !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

func (s nssStore) add(g Generation) []step {
	var steps []step
	if s.missing() {
		steps = append(steps, s.m.command("mkdir", "-p", "-m", "700", s.dir),
			s.m.command(s.tool, "-N", "-d", "sql:"+s.dir, "--empty-password"))
	}
	return append(steps, s.m.command(s.tool, "-A", "-d", "sql:"+s.dir, "-t", "C,,", "-n", storeName(g.Cert.Raw), "-i", g.Path))
}

func (s nssStore) remove(entries []entry) ([]step, error) {
	var steps []step
	for _, e := range entries {
		if e.handle == "" {
			return nil, fmt.Errorf("another certificate has the name of %s, and would go with it", identify(e.der).Name)
		}
		steps = append(steps, s.m.command(s.tool, "-D", "-d", "sql:"+s.dir, "-n", e.handle))
	}
	return steps, nil
}

func (s nssStore) writable() error { return folderWritable(s.dir) }
