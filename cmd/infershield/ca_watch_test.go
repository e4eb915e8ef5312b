package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/ca"
)

// A rotation reaches an instance that runs: what it mints then is accepted by
// clients of the root before and by those of the new one.
func TestRunningInstanceFollowsARotation(t *testing.T) {
	dir := t.TempDir()
	p := productOn(t, dir, "api.openai.com")
	before := p.authority.Root()
	other, err := ca.Open(dir, []string{"api.openai.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Rotate(time.Hour); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	looks, done := make(chan time.Time), make(chan struct{})
	go func() { defer close(done); p.followAuthority(ctx, looks) }()
	looks <- time.Now()
	cancel()
	<-done
	if !p.authority.Root().Equal(other.Root()) {
		t.Fatal("after a look: got the old root; want the new one")
	}
	chain, err := p.authority.Certificate("api.openai.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []*x509.Certificate{before, other.Root()} {
		if err := verifies(chain, root); err != nil {
			t.Errorf("a client that trusts %s alone: %v", root.Subject, err)
		}
	}
}

func verifies(chain *tls.Certificate, root *x509.Certificate) error {
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	options.Roots.AddCert(root)
	for _, der := range chain.Certificate[1:] {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		options.Intermediates.AddCert(cert)
	}
	_, err := chain.Leaf.Verify(options)
	return err
}

// A second instance with another list on the same folder does not start, and
// the first goes on.
func TestSecondInstanceLeavesTheAuthorityAlone(t *testing.T) {
	dir := t.TempDir()
	first := productOn(t, dir, "api.openai.com")
	_, err := newProduct(t.Context(), productConfig(t, dir, "api.openai.com,api.other.test"), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "another instance uses this folder") || !strings.Contains(err.Error(), "added: api.other.test") {
		t.Fatalf("another list: got %v; want an error that says how they differ", err)
	}
	if got := hintOf(err); !strings.Contains(got, "--data-dir DIR") || !strings.HasSuffix(got, "--intercept api.openai.com") {
		t.Errorf("hint: got %q; want the ways out", got)
	}
	if change, err := first.authority.Refresh(); err != nil || change.Event != ca.Unchanged {
		t.Errorf("the first one's root: got %+v, %v; want it unchanged", change, err)
	}
	productOn(t, dir, "api.openai.com") // the same list shares the folder
}

func productOn(t *testing.T, dir, intercept string) *product {
	t.Helper()
	p, err := newProduct(t.Context(), productConfig(t, dir, intercept), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func productConfig(t *testing.T, dir, intercept string) *Config {
	t.Helper()
	cfg := new(Config)
	own := map[string]string{"key-mode": "passthrough", "listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "data-dir": dir, "intercept": intercept}
	for _, s := range settings() {
		value := cmp.Or(own[s.flag], s.initial)
		if value == "" {
			continue
		}
		if err := s.set(cfg, value); err != nil {
			t.Fatalf("%s: %v", s.flag, err)
		}
	}
	return cfg
}

func TestAuthorityWarnsBeforeItEnds(t *testing.T) {
	authority, err := ca.Open(t.TempDir(), []string{"api.openai.com"})
	if err != nil {
		t.Fatal(err)
	}
	end := authority.Root().NotAfter
	if got := authorityWarnings(authority, end.Add(-61*24*time.Hour)); len(got) > 0 {
		t.Errorf("61 days before: got %q; want nothing", got)
	}
	got := authorityWarnings(authority, end.Add(-59*24*time.Hour))
	if len(got) != 1 || !strings.HasSuffix(got[0], "infershield ca rotate") {
		t.Errorf("59 days before: got %q; want the command that replaces it", got)
	}
}
