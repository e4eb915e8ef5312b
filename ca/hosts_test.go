package ca_test

import (
	"strings"
	"testing"

	"github.com/infershield/infershield/ca"
)

func TestHostsCovers(t *testing.T) {
	hosts, err := ca.ParseHosts([]string{
		" API.openai.com. ", "*.Example.com", "*.deep.example.net", "xn--bcher-kva.example",
		"127.0.0.1", "2001:DB8::0:1", "::ffff:10.0.0.1", "host_1.local", "single", "api.openai.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"api.openai.com":                         true,
		"API.OpenAI.com":                         true,
		"api.openai.com.":                        true,
		"api.openai.com..":                       false,
		"api.openai.com:443":                     false,
		"openai.com":                             false,
		"evil-api.openai.com":                    false,
		"x.api.openai.com":                       false,
		"api.openai.com.evil.test":               false,
		"a.example.com":                          true,
		"a.b.example.com":                        true,
		"A.EXAMPLE.COM.":                         true,
		"example.com":                            false,
		".example.com":                           false,
		"..example.com":                          false,
		"a..example.com":                         false,
		"*.example.com":                          false,
		"aexample.com":                           false,
		"a b.example.com":                        false,
		"-a.example.com":                         false,
		"a\x00.example.com":                      false,
		"é.example.com":                          false,
		"x.deep.example.net":                     true,
		"deep.example.net":                       false,
		"x.example.net":                          false,
		"xn--bcher-kva.example":                  true,
		"bücher.example":                         false,
		"127.0.0.1":                              true,
		"127.0.0.1.":                             true,
		"127.0.0.2":                              false,
		"2001:db8::1":                            true,
		"[2001:db8:0::1]":                        true,
		"2001:db8::1%eth0":                       false,
		"10.0.0.1":                               true,
		"::ffff:127.0.0.1":                       true,
		"host_1.local":                           true,
		"single":                                 true,
		"":                                       false,
		".":                                      false,
		strings.Repeat("a", 63) + ".example.com": true,
		strings.Repeat("a", 64) + ".example.com": false,
		strings.Repeat("a.", 120) + "example.com": true,
		strings.Repeat("a.", 122) + "example.com": false,
	} {
		if got := hosts.Covers(host); got != want {
			t.Errorf("Covers(%q): got %v; want %v", host, got, want)
		}
	}
	var none ca.Hosts
	if none.Covers("api.openai.com") {
		t.Error("the zero value covers a host; want none")
	}
}

func TestParseHostsNamesEveryBadEntry(t *testing.T) {
	bad := map[string]string{
		"":                       "is empty",
		"*":                      "name the hosts",
		"*.":                     "name the hosts",
		"https://api.openai.com": "without scheme or path",
		"api.openai.com/v1":      "without scheme or path",
		"api.openai.com:443":     "without a port",
		"api.*.com":              "can only stand first",
		"*.*.com":                "can only stand first",
		"*openai.com":            "can only stand first",
		"*.127.0.0.1":            "before an address",
		"*.::1":                  "before an address",
		"bücher.example":         "xn--",
		"a b":                    "neither a host name nor an address",
		"1.2.3":                  "neither a host name nor an address",
		"1.2.3.":                 "neither a host name nor an address",
		"a..b":                   "neither a host name nor an address",
		"fe80::1%eth0":           "neither a host name nor an address",
	}
	entries := []string{"api.openai.com"}
	for entry := range bad {
		entries = append(entries, entry)
	}
	_, err := ca.ParseHosts(entries)
	if err == nil {
		t.Fatal("got no error; want one that names every bad entry")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(bad) {
		t.Errorf("got %d problems; want %d", len(lines), len(bad))
	}
	for i, line := range lines {
		entry := entries[i+1]
		if !strings.Contains(line, `"`+entry+`"`) || !strings.Contains(line, bad[entry]) {
			t.Errorf("%q: got %s; want the entry and %q", entry, line, bad[entry])
		}
	}
	if _, err := ca.ParseHosts(make([]string, 501)); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("501 entries: got %v; want an error with the bound", err)
	}
	if _, err := ca.Open(t.TempDir(), []string{"*"}); err == nil {
		t.Error("Open with a bad list: got no error; want one")
	}
}

// Every entry that is accepted covers itself, or what stands below it and not
// itself; nothing else is covered by it.
func FuzzHosts(f *testing.F) {
	for _, entry := range []string{"api.openai.com", "*.Example.com.", "127.0.0.1", "[::1]", "*.1", "a_b", "xn--a", "*.[::1]", "a.", "1.", "::ffff:1.2.3.4"} {
		f.Add(entry, "x.example.com")
	}
	f.Fuzz(func(t *testing.T, entry, other string) {
		hosts, err := ca.ParseHosts([]string{entry})
		if err != nil {
			return
		}
		entry = strings.TrimSpace(entry)
		suffix, isSuffix := strings.CutPrefix(entry, "*.")
		if got := hosts.Covers(suffix); got == isSuffix {
			t.Errorf("%q covers %q: got %v", entry, suffix, got)
		}
		if isSuffix && len(suffix) < 200 && !hosts.Covers("a.b."+suffix) {
			t.Errorf("%q does not cover a.b.%s", entry, suffix)
		}
		if !isSuffix && (hosts.Covers("a."+suffix) || hosts.Covers(suffix+".a")) {
			t.Errorf("%q covers more than itself", entry)
		}
		if !hosts.Covers(other) || strings.ContainsAny(other, ":[") {
			return // an address has many spellings
		}
		plain := strings.ToLower(strings.TrimSuffix(suffix, "."))
		name := strings.ToLower(strings.TrimSuffix(other, "."))
		if isSuffix && !strings.HasSuffix(name, "."+plain) || !isSuffix && name != plain && !strings.Contains(plain, ":") {
			t.Errorf("%q covers %q", entry, other)
		}
	})
}
