package ca_test

import (
	"crypto/x509"
	"errors"
	"testing"

	"github.com/infershield/infershield/ca"
)

// A check name is covered where its host is, and nowhere else: each further
// name is one more that a client could be sent to.
func TestCheckNamesAreCoveredWithTheirHosts(t *testing.T) {
	authority, err := ca.Open(t.TempDir(), []string{"api.openai.com", "*.example.com", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Root())
	for host, covered := range map[string]bool{
		"infershield-check.api.openai.com":                   true,
		"Infershield-Check.API.openai.com.":                  true,
		"infershield-check.example.com":                      true,
		"infershield-check.openai.com":                       false,
		"infershield-check.infershield-check.api.openai.com": false,
		"infershield-check.192.0.2.1":                        false,
		"infershield-check.":                                 false,
		"x.api.openai.com":                                   false,
		ca.OwnHost:                                           true,
		"x." + ca.OwnHost:                                    false,
	} {
		cert, err := authority.Certificate(host)
		if authority.Covers(host) != covered || (err == nil) != covered {
			t.Errorf("%s: covered %t, certificate %v; want %t", host, authority.Covers(host), err, covered)
			continue
		}
		if !covered {
			if !errors.Is(err, ca.ErrNotCovered) {
				t.Errorf("%s: %v; want ErrNotCovered", host, err)
			}
			continue
		}
		if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if !ca.IsCheck(host) && host != ca.OwnHost {
			t.Errorf("%s is not taken for a check name", host)
		}
	}
}

func TestCheckHost(t *testing.T) {
	for host, want := range map[string]string{
		"api.openai.com":  "infershield-check.api.openai.com",
		"API.openai.com.": "infershield-check.api.openai.com",
		"*.example.com":   "infershield-check.example.com",
		"192.0.2.1":       "",
		"":                "",
	} {
		if got := ca.CheckHost(host); got != want {
			t.Errorf("CheckHost(%q) = %q; want %q", host, got, want)
		}
	}
	if ca.IsCheck("api.openai.com") {
		t.Error("api.openai.com is taken for a check name")
	}
}
