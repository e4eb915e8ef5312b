package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/infershield/infershield/ca"
)

// The start page is reached on both ports and through the proxy, over HTTP and
// HTTPS, and gives each visitor the address by which he came.
func TestStartPageByEveryDoor(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "auto"})
	through := p.httpClient(t)
	_, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, page string
		client     *http.Client
		proxy      string // that the page names
	}{
		{"front", "http://" + p.addr + "/", http.DefaultClient, p.addr},
		{"front by another name", "http://localhost:" + port + "/start", http.DefaultClient, "localhost:" + port},
		{"admin", "http://" + p.admin + "/", http.DefaultClient, p.addr},
		{"through the proxy", "http://" + ca.OwnHost + "/", through, p.addr},
		{"through the proxy over TLS", "https://" + ca.OwnHost + "/", through, p.addr},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := string(fetch(t, tt.client, tt.page, http.StatusOK))
			if !strings.Contains(page, "http://"+tt.proxy+"/proxy.pac") || !strings.Contains(page, "<h1") {
				t.Errorf("no page that names the proxy %s: %.300s", tt.proxy, page)
			}
			at, err := url.Parse(tt.page)
			if err != nil {
				t.Fatal(err)
			}
			if pac := string(fetch(t, tt.client, at.ResolveReference(&url.URL{Path: "/proxy.pac"}).String(), http.StatusOK)); !strings.Contains(pac, `"PROXY `+tt.proxy+`"`) {
				t.Errorf("proxy file without %s: %s", tt.proxy, pac)
			}
			for _, file := range []string{"/ca.pem", "/ca.der", "/ca.p12", "/ca.mobileconfig", "/assets/style.css"} {
				fetch(t, tt.client, at.ResolveReference(&url.URL{Path: file}).String(), http.StatusOK)
			}
		})
	}
	if pem := fetch(t, through, "http://"+ca.OwnHost+"/ca.pem", http.StatusOK); string(pem) != string(p.output(t, "ca", "export")) {
		t.Errorf("/ca.pem is not what ca export prints: %s", pem)
	}
	fetch(t, through, "http://"+ca.OwnHost+"/v1/models", http.StatusNotFound)
	if records := p.recordList(t); len(records) != 0 {
		t.Errorf("pages were recorded: %+v", records)
	}
}

// Our pages may read a check's answer. Others may not: they would learn whether
// a browser trusts the authority.
func TestCheckIsForOwnPages(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "auto"})
	client := p.httpClient(t)
	_, port, err := net.SplitHostPort(p.admin)
	if err != nil {
		t.Fatal(err)
	}
	for origin, allowed := range map[string]bool{
		"http://infershield.proxy":              true,
		"https://infershield.proxy":             true,
		"http://" + p.addr:                      true,
		"http://localhost:" + port:              true,
		"https://evil.example":                  false,
		"https://infershield.proxy.evil.test":   false,
		"http://infershield.proxy:8080":         false,
		"http://127.0.0.1.evil.example":         false,
		"https://api.openai.com":                false,
		"https://infershield-check.example.com": false,
		"null":                                  false,
		"":                                      false,
	} {
		for _, scheme := range []string{"http", "https"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+ca.CheckHost("api.openai.com")+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			readBody(t, resp)
			got, want := resp.Header.Get("Access-Control-Allow-Origin"), ""
			if allowed {
				want = origin
			}
			if got != want || resp.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
				t.Errorf("%s, origin %q: allows %q; want %q; %v", scheme, origin, got, want, resp.Header)
			}
		}
	}
}

// The address goes into commands to copy: a link to the page must not be able
// to put one of its own there.
func TestStartPageTakesNoCommandFromALink(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "auto"})
	for _, host := range []string{"a;id;.localhost:8000", "$(id).localhost:8000", "a&id&.localhost", "`id`.localhost:8000", "localhost:8000;id"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+"/start", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		page := string(readBody(t, resp))
		if resp.StatusCode == http.StatusOK && (strings.Contains(page, "id;") || strings.Contains(page, "(id)") || !strings.Contains(page, p.addr+"/ca.pem")) {
			t.Errorf("%s: the page gives away to it", host)
		}
	}
}

// A browser that does not trust the authority gets the page over HTTP alone.
func TestStartPageWithoutTrust(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "auto"})
	client := p.httpClient(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{}
	fetch(t, client, "http://"+ca.OwnHost+"/", http.StatusOK)
	if resp, err := client.Get("https://" + ca.OwnHost + "/"); err == nil {
		readBody(t, resp)
		t.Error("an authority that is not trusted was")
	}
}

// Whatever command of ours the page tells people to type is one, with the flags
// that it has.
func TestStartPageNamesRealCommands(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "auto"})
	page := string(fetch(t, http.DefaultClient, "http://"+p.addr+"/", http.StatusOK))
	seen := make(map[string]bool)
	for _, match := range regexp.MustCompile(`>(?:eval &#34;\$\()?infershield((?: (?:--)?[a-z][a-z-]*)+)`).FindAllStringSubmatch(page, -1) {
		seen[match[1]] = true
	}
	for line := range seen {
		var words, flags []string
		for _, word := range strings.Fields(line) {
			if name, ok := strings.CutPrefix(word, "--"); ok {
				flags = append(flags, name)
			} else if len(flags) == 0 {
				words = append(words, word)
			}
		}
		cmd, rest, err := newRootCommand(&app{}).Find(words)
		if err != nil || len(rest) > 0 {
			t.Errorf("the page tells people to type infershield%s: %v, %v is no command", line, err, rest)
			continue
		}
		for _, flag := range flags {
			if cmd.Flags().Lookup(flag) == nil {
				t.Errorf("the page tells people to type infershield%s: no flag --%s", line, flag)
			}
		}
	}
	if len(seen) < 7 {
		t.Errorf("only %v are there", seen)
	}
}

// fetch asks as a browser does.
func fetch(t *testing.T, client *http.Client, url string, status int) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	content := readBody(t, resp)
	if resp.StatusCode != status || len(content) == 0 {
		t.Errorf("%s: %s, %d bytes; want %d", url, resp.Status, len(content), status)
	}
	return content
}
