package inspect_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
)

// keyBlocks returns a new key of each kind that the standard library writes, in
// PEM, and the frame of OpenSSH around as many zeros as it writes.
func keyBlocks(t *testing.T) map[string]string {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ecKey)
	if err != nil {
		t.Fatal(err)
	}
	edDER, err := x509.MarshalPKCS8PrivateKey(edKey)
	if err != nil {
		t.Fatal(err)
	}
	ssh := append([]byte("openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x33"), edKey...)
	blocks := map[string]string{}
	for kind, der := range map[string][]byte{
		"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(rsaKey), "EC PRIVATE KEY": ecDER, "PRIVATE KEY": edDER, "OPENSSH PRIVATE KEY": ssh,
	} {
		blocks[kind] = string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return blocks
}

// A private key is found to its end, however it is written down.
func TestPrivateKeys(t *testing.T) {
	quoted := func(s string) string {
		b, err := json.Marshal(map[string]string{"private_key": s})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	lines := func(before, between, after string) func(string) string {
		return func(s string) string {
			return before + strings.Join(strings.Split(strings.TrimSuffix(s, "\n"), "\n"), between) + after
		}
	}
	disguises := map[string]func(string) string{
		"plain":    func(s string) string { return s },
		"CRLF":     lines("", "\r\n", "\r\n"),
		"one line": lines("", " ", ""),
		"indented": lines("key: |\n    ", "\n    ", "\n"),
		"mail":     lines("> ", "\n> ", "\n"),
		"comment":  lines("# ", "\n# ", "\n"),
		"Go":       lines("key := \"", "\\n\" +\n\t\"", "\\n\"\n"),
		"array":    lines("['", "',\n'", "'].join('')"),
		"JSON":     quoted,
		"twice":    func(s string) string { return quoted(quoted(s)) },
	}
	for kind, block := range keyBlocks(t) {
		for name, disguise := range disguises {
			text := disguise(block)
			end := strings.LastIndex(text, "-----") + len("-----")
			if at, found := secretSpans(text); len(at) != 1 || at[0] != [2]int{strings.Index(text, "-----"), end} {
				t.Errorf("%s, %s: got %v; want it whole, to %d", kind, name, found, end)
			}
		}
		text := "client-key-data: " + base64.StdEncoding.EncodeToString([]byte(block))
		if at, found := secretSpans(text); len(at) != 1 || at[0] != [2]int{len("client-key-data: "), len(text)} {
			t.Errorf("%s in base64: got %v; want it whole", kind, found)
		}
	}
}

// A public key is no secret, nor is a frame that shows where a key would be.
func TestPublicKeys(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\n<your key>\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("x", 64) + "\n-----END RSA PRIVATE KEY-----\n",
	} {
		if at, found := secretSpans(text); at != nil {
			t.Errorf("%q: got %v; want nothing", text, found)
		}
	}
}
