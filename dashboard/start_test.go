package dashboard_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/dashboard"
)

// state is what the tests' pages show.
func state() dashboard.State {
	return dashboard.State{
		Version: "1.2.3", Mode: "block", Threshold: 70, KeyMode: "auto", Hosts: []string{"api.openai.com", "*.llm.example"},
		OwnHost: "infershield.proxy", CheckHost: "infershield-check.api.openai.com",
		Authority: "InferShield CA 2026-01-02 0a1b2c3d", Fingerprint: strings.TrimSuffix(strings.Repeat("AB:", 32), ":"),
		Expiry: time.Date(2031, 1, 2, 0, 0, 0, 0, time.UTC),
	}
}

func newStart(visit dashboard.Visit) http.Handler {
	mux := http.NewServeMux()
	dashboard.NewStart(dashboard.StartConfig{
		State: state, Visit: func(*http.Request) dashboard.Visit { return visit },
		Files: []dashboard.File{
			{Path: "/ca.pem", Name: "infershield-ca.pem", Type: "application/x-pem-file", Write: func(w io.Writer) error {
				_, err := io.WriteString(w, "the certificate")
				return err
			}},
			{Path: "/ca.p12", Name: "infershield-ca.p12", Write: func(io.Writer) error { return errors.New("no roots") }},
		},
	}).Register(mux)
	return mux
}

func get(t *testing.T, h http.Handler, target string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageShowsWhatRuns(t *testing.T) {
	page := body(t, get(t, newStart(dashboard.Visit{Proxy: "192.0.2.7:8000"}), "/start", nil))
	for _, want := range []string{
		"api.openai.com", "*.llm.example", "1.2.3", "from risk 70", "mode auto", state().Fingerprint[:23], "2031-01-02",
		"curl -fsSo infershield-ca.pem http://192.0.2.7:8000/ca.pem", "http://192.0.2.7:8000/proxy.pac", `href="/ca.pem"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, `href="/ca.mobileconfig"`) {
		t.Error("the page leads to a file that is not there")
	}
}

// The policy forbids what is inline; a browser would drop it without a word to
// whoever wrote it.
func TestPageHoldsNothingInline(t *testing.T) {
	h := newStart(dashboard.Visit{Proxy: "127.0.0.1:8000"})
	resp := get(t, h, "/start", nil)
	page := body(t, resp)
	if found := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:`).FindString(page); found != "" {
		t.Errorf("the page holds %q", found)
	}
	for _, ref := range regexp.MustCompile(`(?:src|<link[^>]* href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(ref[1], "/assets/") {
			t.Errorf("the page loads %s", ref[1])
		}
		if asset := get(t, h, ref[1], nil); asset.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", ref[1], asset.Status)
		}
	}
	policy := resp.Header.Get("Content-Security-Policy")
	want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' " +
		"http://infershield.proxy https://infershield-check.api.openai.com; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if policy != want {
		t.Errorf("policy %q; want %q", policy, want)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := newStart(dashboard.Visit{Proxy: "127.0.0.1:8000"})
	for _, target := range []string{"/start", "/assets/style.css", "/assets/none.css", "/proxy.pac", "/ca.pem", "/ca.p12"} {
		resp := get(t, h, target, nil)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s %q; want %q", target, name, got, want)
			}
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no policy", target)
		}
	}
}

func TestAssetsAreKept(t *testing.T) {
	h := newStart(dashboard.Visit{})
	first := get(t, h, "/assets/style.css", nil)
	if got := first.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	again := get(t, h, "/assets/style.css", map[string]string{"If-None-Match": first.Header.Get("ETag")})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %s; want 304", again.Status)
	}
	for _, target := range []string{"/assets/none.css", "/assets/start.html", "/assets/"} {
		if resp := get(t, h, target, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s; want 404", target, resp.Status)
		}
	}
}

func TestFiles(t *testing.T) {
	h := newStart(dashboard.Visit{})
	resp := get(t, h, "/ca.pem", nil)
	if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="infershield-ca.pem"` || body(t, resp) != "the certificate" {
		t.Errorf("/ca.pem: %s, %v", got, resp.Header)
	}
	if resp := get(t, h, "/ca.p12", nil); resp.StatusCode != http.StatusInternalServerError || !strings.Contains(body(t, resp), "no roots") {
		t.Errorf("a file that cannot be made: %s", resp.Status)
	}
}

func TestSystemIsRecognised(t *testing.T) {
	h := newStart(dashboard.Visit{Proxy: "127.0.0.1:8000"})
	shown := regexp.MustCompile(`<div class="panel" data-panel="([a-z]+)">`)
	tests := []struct{ agent, query, want string }{
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36", "", "debian"},
		{"Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "", "fedora"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "", "macos"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0", "", "windows"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1", "", "ios"},
		{"Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36", "", "android"},
		{"Mozilla/5.0 (Windows NT 10.0)", "?system=java", "java"},
		{"", "?system=%22%3E%3Cscript%3E", "debian"},
	}
	for _, tt := range tests {
		panels := shown.FindAllStringSubmatch(body(t, get(t, h, "/start"+tt.query, map[string]string{"User-Agent": tt.agent})), -1)
		if len(panels) != 2 || panels[0][1] != tt.want || panels[1][1] != tt.want {
			t.Errorf("%s %s: shows %v; want the two parts of %s", tt.agent, tt.query, panels, tt.want)
		}
	}
}

// Each system that can be chosen has its commands in both steps.
func TestEverySystemHasItsSteps(t *testing.T) {
	page := body(t, get(t, newStart(dashboard.Visit{Proxy: "127.0.0.1:8000"}), "/start", nil))
	systems := regexp.MustCompile(`<a href="\?system=([a-z]+)#by-hand" data-system="[a-z]+"( aria-current="true")?>[A-Z]?[a-z]`).FindAllStringSubmatch(page, -1)
	if len(systems) < 14 {
		t.Errorf("%d systems to choose from", len(systems))
	}
	for _, s := range systems {
		if n := strings.Count(page, `data-panel="`+s[1]+`"`); n != 2 {
			t.Errorf("%s has %d panels; want 2", s[1], n)
		}
	}
}
