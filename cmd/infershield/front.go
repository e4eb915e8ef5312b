package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/infershield/infershield/dashboard"
)

// front answers the requests that are sent to the proxy itself: the /v1 front
// for clients that change their base URL, browser extensions and IDE plugins
// among them, and the health check.
//
// Anybody who gets a request here answered in server mode spends the server's
// key. A web page must not, so requests are refused that name a Host which is
// not ours (DNS rebinding), and those that a page made which is not listed.
type front struct {
	relay   http.Handler // to the provider
	origins origins
	hosts   []string // names under which the front may be called
}

func newFront(relay http.Handler, o origins, listen string, start *dashboard.Start) http.Handler {
	f := &front{relay: relay, origins: o, hosts: ownNames(listen)}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", health)
	mux.HandleFunc("/v1/", f.serveV1)
	start.Register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && wantsPage(r) {
			start.ServeHTTP(w, r)
			return
		}
		writeError(w, http.StatusNotFound, "invalid_request_error", "not_found",
			"InferShield serves /v1/…, /start and /health here; "+r.Method+" "+clip(r.URL.Path, 80)+" is none of them. /metrics is on the admin port.")
	})
	return hostChecked(mux, f.hosts)
}

// wantsPage tells a browser from a client of the API.
func wantsPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// serveV1 applies the browser's rules and relays.
func (f *front) serveV1(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !f.origins.mayCall(r) {
		writeError(w, http.StatusForbidden, "invalid_request_error", "origin_not_allowed",
			"InferShield answers no web page that is not listed. To allow "+clip(origin, 80)+", start it with --cors-origins.")
		return
	}
	if origin == "" {
		f.relay.ServeHTTP(w, r)
		return
	}
	w.Header().Add("Vary", "Origin")
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		preflight(w, r)
		return
	}
	f.relay.ServeHTTP(&corsWriter{ResponseWriter: w, origin: origin}, r)
}

// preflight answers per the Fetch standard, §3.2.2, and Private Network Access.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// corsWriter puts the two headers that a browser needs on an answer, in place
// of the provider's.
type corsWriter struct {
	http.ResponseWriter
	origin string
	wrote  bool
}

func (w *corsWriter) WriteHeader(status int) {
	if !w.wrote && status >= 200 {
		w.wrote = true
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", w.origin)
		h.Set("Access-Control-Expose-Headers", "*, X-InferShield-Blocked, X-InferShield-Request-Id, X-InferShield-Risk-Score, X-Request-Id")
		if !slices.Contains(h.Values("Vary"), "Origin") {
			h.Add("Vary", "Origin")
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *corsWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// origins says which web origins may have requests answered.
type origins struct {
	listed     []string
	extensions bool // those of browser extensions and IDE web views as well
}

// mayCall reports whether r comes from no web page at all, or from one that may.
func (o origins) mayCall(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		// A request without an Origin that a page made is one of the kinds that
		// need no preflight; browsers say so in Sec-Fetch-Site.
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "none" || site == "same-origin"
	}
	if slices.ContainsFunc(o.listed, func(l string) bool { return strings.EqualFold(l, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || !o.extensions {
		return false
	}
	return slices.Contains([]string{"chrome-extension", "moz-extension", "safari-web-extension", "vscode-webview"}, u.Scheme)
}

// hostChecked refuses requests whose Host is not a name of ours. A name that an
// attacker's DNS leads to this machine is none.
func hostChecked(next http.Handler, names []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOwnName(r.Context(), r.Host, names) {
			writeError(w, http.StatusMisdirectedRequest, "invalid_request_error", "misdirected_request",
				"InferShield does not serve the host "+clip(r.Host, 80)+". Call it as localhost or by the address in INFERSHIELD_LISTEN.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnName reports whether authority, a host that may have a port, is one of
// names, this machine itself, or the address that ctx's request came in on.
func isOwnName(ctx context.Context, authority string, names []string) bool {
	host := authority
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(names, host) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	local, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	return err == nil && at.Addr().Unmap() == ip.Unmap()
}

// ownNames are the names besides localhost: the one that is listened on and
// this machine's, under which containers find each other.
func ownNames(listen string) []string {
	var names []string
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		names = append(names, strings.ToLower(host))
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		names = append(names, strings.ToLower(name))
	}
	return names
}

// health is the original's check, on both ports.
func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "ok", "timestamp": time.Now().UTC().Format(time.RFC3339)}) // the client may be gone
}

// writeError answers in the provider's shape.
func writeError(w http.ResponseWriter, status int, kind, code, message string) {
	type detail struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]detail{"error": {Message: message, Type: kind, Code: code}}) // the client may be gone
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
