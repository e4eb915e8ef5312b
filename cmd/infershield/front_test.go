package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/infershield/infershield/dashboard"
)

func TestFront(t *testing.T) {
	const extension = "chrome-extension://abcdefghijklmnop"
	tests := []struct {
		name, method, target, host string
		header                     map[string]string
		serverMode                 bool // then extensions must be listed
		status                     int
		want                       string // in the body
		allow                      string // Access-Control-Allow-Origin
	}{
		{name: "a program", target: "/v1/models", status: 200, want: "relayed"},
		{name: "by name", target: "/v1/models", host: "localhost:8000", status: 200},
		{name: "by a name below localhost", target: "/v1/models", host: "app.localhost", status: 200},
		{name: "by IPv6", target: "/v1/models", host: "[::1]:8000", status: 200},
		{name: "by the address it came in on", target: "/v1/models", host: "192.0.2.7:8000", status: 200},
		{name: "another address", target: "/v1/models", host: "192.0.2.8:8000", status: 421},
		{name: "a rebound name", target: "/v1/models", host: "evil.example:8000", status: 421, want: "INFERSHIELD_LISTEN"},
		{name: "health of a rebound name", target: "/health", host: "evil.example", status: 421},
		{name: "health", target: "/health", status: 200, want: `"status":"ok"`},
		{name: "a browser", target: "/", header: map[string]string{"Accept": "text/html,*/*;q=0.8"}, status: 200, want: "<!doctype html>"},
		{name: "a program that looks around", target: "/", header: map[string]string{"Accept": "*/*"}, status: 404, want: "not_found"},
		{name: "a browser at a rebound name", target: "/", host: "evil.example", header: map[string]string{"Accept": "text/html"}, status: 421},
		{name: "the proxy's name without the proxy", target: "/start", host: "infershield.proxy", status: 421},
		{name: "anything else", target: "/admin", status: 404, want: "not_found"},
		{name: "an extension", target: "/v1/models", header: map[string]string{"Origin": extension}, status: 200, allow: extension},
		{name: "an extension in server mode", target: "/v1/models", header: map[string]string{"Origin": extension}, serverMode: true, status: 403, want: "--cors-origins"},
		{name: "an editor's view", target: "/v1/models", header: map[string]string{"Origin": "vscode-webview://x"}, status: 200, allow: "vscode-webview://x"},
		{name: "a listed page", target: "/v1/models", header: map[string]string{"Origin": "https://app.example"}, serverMode: true, status: 200, allow: "https://app.example"},
		{name: "another page", target: "/v1/models", header: map[string]string{"Origin": "https://evil.example"}, status: 403},
		{name: "a page that ends alike", target: "/v1/models", header: map[string]string{"Origin": "https://app.example.evil.example"}, status: 403},
		{name: "an opaque page", target: "/v1/models", header: map[string]string{"Origin": "null"}, status: 403},
		{name: "a page's image", target: "/v1/models", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		{name: "typed in the address bar", target: "/v1/models", header: map[string]string{"Sec-Fetch-Site": "none"}, status: 200},
		{name: "preflight", method: "OPTIONS", target: "/v1/chat/completions", status: 204, allow: extension,
			header: map[string]string{"Origin": extension, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}},
		{name: "a page's preflight", method: "OPTIONS", target: "/v1/chat/completions", status: 403,
			header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			relay := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", "https://from-the-provider.example")
				w.WriteHeader(http.StatusOK)
				_, _ = w.Write([]byte("relayed"))
			})
			front := newFront(relay, origins{listed: []string{"https://app.example"}, extensions: !tt.serverMode}, "127.0.0.1:8000",
				dashboard.NewStart(dashboard.StartConfig{State: func() dashboard.State { return dashboard.State{} }, Visit: func(*http.Request) dashboard.Visit { return dashboard.Visit{} }}))
			method := tt.method
			if method == "" {
				method = "GET"
			}
			r := httptest.NewRequest(method, tt.target, nil)
			r.Host = "127.0.0.1:8000"
			if tt.host != "" {
				r.Host = tt.host
			}
			local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 8000}
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			front.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("got %d %s; want %d with %q", w.Code, w.Body, tt.status, tt.want)
			}
			if tt.allow != "" && w.Header().Get("Access-Control-Allow-Origin") != tt.allow {
				t.Errorf("allows %q; want %q", w.Header().Get("Access-Control-Allow-Origin"), tt.allow)
			}
			if tt.status >= 400 && w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("a refusal may be read by the page")
			}
			if strings.Contains(w.Body.String(), "relayed") && tt.status != 200 {
				t.Error("relayed all the same")
			}
		})
	}
}

func TestServerKeyStaysWithTheProvider(t *testing.T) {
	tests := []struct {
		intercept, upstream, url string
		want                     bool
	}{
		{"api.openai.com", "https://api.openai.com", "https://api.openai.com/v1/models", true},
		{"api.openai.com", "https://api.openai.com", "http://api.openai.com/v1/models", false},
		{"*.api.openai.com", "https://api.openai.com", "https://eu.api.openai.com/v1/models", true},
		{"api.openai.com,api.anthropic.com", "https://api.openai.com", "https://api.anthropic.com/v1/messages", false},
		{"api.openai.com,openai.com.evil.example", "https://api.openai.com", "https://openai.com.evil.example/", false},
		{"llm.example", "https://api.openai.com", "https://llm.example/v1/models", true},
		{"api.openai.com", "http://gateway.internal:4000", "http://gateway.internal:4000/v1/models", true},
		{"api.openai.com", "https://gateway.internal", "http://gateway.internal/v1/models", false},
	}
	for _, tt := range tests {
		cfg := &Config{Intercept: strings.Split(tt.intercept, ","), Upstream: mustURL(t, tt.upstream)}
		if got := cfg.isProvider(mustURL(t, tt.url)); got != tt.want {
			t.Errorf("intercept %s, upstream %s: key to %s: %v; want %v", tt.intercept, tt.upstream, tt.url, got, tt.want)
		}
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
