package ca

import (
	"bytes"
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// javaStores are the cacerts of the Java installations that are found, each
// file once: those of one distribution often share it.
func (m Machine) javaStores() []Store {
	homes := slices.Clone(m.JavaHomes)
	for _, pattern := range []string{"/usr/lib/jvm/*", "/usr/lib64/jvm/*", "/usr/java/*", "/opt/java/*", "/opt/jdk*",
		"/Library/Java/JavaVirtualMachines/*/Contents/Home"} {
		found, _ := filepath.Glob(m.path(pattern)) // the patterns are well formed
		homes = append(homes, found...)
	}
	var stores []Store
	seen := make(map[string]bool)
	for _, home := range homes {
		for _, middle := range []string{"", "jre"} {
			path := filepath.Join(home, middle, "lib", "security", "cacerts")
			real, err := filepath.EvalSymlinks(path)
			if err != nil || seen[real] {
				continue
			}
			if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() {
				continue
			}
			seen[real] = true
			stores = append(stores, m.javaStore(home, real))
		}
	}
	return stores
}

func (m Machine) javaStore(home, cacerts string) Store {
	s := Store{Kind: KindJava, Name: "Java (" + filepath.Base(home) + ")", Path: cacerts}
	keytool := filepath.Join(home, "bin", "keytool")
	if m.OS == "windows" {
		keytool += ".exe"
	}
	if !exists(keytool) {
		keytool = m.tool("keytool")
	}
	if keytool == "" {
		s.Needs = m.installs(map[string]string{"darwin": "openjdk", "Debian": "default-jre-headless", "Red Hat": "java-latest-openjdk-headless"})
	}
	s.backend = javaStore{m: m, keytool: keytool, cacerts: cacerts}
	return s
}

// javaStore is a keystore of Java's, in whatever format this version has.
type javaStore struct {
	m                Machine
	keytool, cacerts string
}

func (s javaStore) run(args ...string) []string {
	return append(append([]string{s.keytool}, args...), "-keystore", s.cacerts, "-storepass", TrustStorePassword)
}

func (s javaStore) list(ctx context.Context) ([]entry, error) {
	if s.keytool == "" {
		return nil, errNoTool("keytool, of Java")
	}
	if data, err := os.ReadFile(s.cacerts); err != nil {
		return nil, err
	} else if entries, err := readJKS(data); err == nil {
		return entries, nil
	} // else it is PKCS#12, or what a later Java has
	out, err := s.m.output(ctx, s.run("-J-Duser.language=en", "-list", "-rfc")...)
	if err != nil {
		return nil, err
	}
	// Each certificate in PEM comes after a line with its name.
	var entries []entry
	for chunk := range bytes.SplitSeq(out, []byte("Alias name: ")) {
		alias, rest, _ := bytes.Cut(chunk, []byte("\n"))
		if block, _ := pem.Decode(rest); block != nil && block.Type == certBlock {
			entries = append(entries, entry{der: block.Bytes, handle: strings.TrimSpace(string(alias))})
		}
	}
	return entries, nil
}

func (s javaStore) add(g Generation) []step {
	return []step{s.m.command(s.run("-importcert", "-noprompt", "-alias", storeName(g.Cert.Raw), "-file", g.Path)...)}
}

func (s javaStore) remove(entries []entry) ([]step, error) {
	var steps []step
	for _, e := range entries {
		steps = append(steps, s.m.command(s.run("-delete", "-alias", e.handle)...))
	}
	return steps, nil
}

func (s javaStore) writable() error { return fileWritable(s.cacerts) }
