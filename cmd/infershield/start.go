package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/dashboard"
	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/mitm"
)

// newStart is the page that says how to connect. It is served on the front to
// browsers, on the admin port, and at http://infershield.proxy/ to whoever
// comes through the proxy.
func (p *product) newStart() *dashboard.Start {
	cfg := dashboard.StartConfig{State: p.state, Visit: p.visit}
	kinds := map[string]dashboard.File{
		"pem":          {Path: "/ca.pem", Name: "infershield-ca.pem", Type: "application/x-pem-file"},
		"der":          {Path: "/ca.der", Name: "infershield-ca.crt", Type: "application/x-x509-ca-cert"},
		"p12":          {Path: "/ca.p12", Name: "infershield-ca.p12", Type: "application/x-pkcs12"},
		"mobileconfig": {Path: "/ca.mobileconfig", Name: "infershield.mobileconfig", Type: "application/x-apple-aspen-config"},
	}
	for _, e := range exporters() {
		file, ok := kinds[e.name]
		if !ok {
			continue // a bundle has the roots of this machine, and is for this machine
		}
		file.Write = func(w io.Writer) error { return e.write(p.authority, w, ca.TrustStorePassword) }
		cfg.Files = append(cfg.Files, file)
	}
	return dashboard.NewStart(cfg)
}

func (p *product) state() dashboard.State {
	rules := p.policy.Load()
	s := dashboard.State{
		Mode:        string(rules.Mode()),
		Threshold:   rules.Threshold(),
		KeyMode:     p.cfg.KeyMode.String(),
		Hosts:       p.cfg.Intercept,
		OwnHost:     ca.OwnHost,
		Authority:   p.authority.Root().Subject.CommonName,
		Fingerprint: p.authority.Fingerprint(),
		Expiry:      p.authority.Root().NotAfter,
	}
	if v := thisBuild().Version; v != "unknown" {
		s.Version = v
	}
	for _, host := range p.cfg.Intercept {
		if s.CheckHost == "" {
			s.CheckHost = ca.CheckHost(host)
		}
	}
	return s
}

// visit says by which address r's sender finds the proxy. On the front it is
// the one that he used, which a container's or a router's may have become here.
func (p *product) visit(r *http.Request) dashboard.Visit {
	local, client := addrOf(r.Context().Value(http.LocalAddrContextKey)), net.ParseIP(hostOf(r.RemoteAddr))
	v := dashboard.Visit{
		Through: isOwnPage(r),
		Remote:  client != nil && !client.IsLoopback() && client.String() != hostOf(local),
	}
	_, port, _ := net.SplitHostPort(p.frontAddr)
	switch {
	case v.Through:
		v.Proxy = local
	case mitm.VisitOf(r.Context()).Door == mitm.DoorLocal:
		v.Proxy = r.Host
		if _, _, err := net.SplitHostPort(r.Host); err != nil {
			v.Proxy = net.JoinHostPort(strings.Trim(r.Host, "[]"), "80")
		}
	default: // on the admin port
		v.Proxy = net.JoinHostPort(hostOf(r.Host), port)
		if ip := net.ParseIP(hostOf(p.frontAddr)); ip != nil && !ip.IsLoopback() && !ip.IsUnspecified() {
			v.Proxy = p.frontAddr
		}
	}
	if !isPlainAddr(v.Proxy) {
		v.Proxy = doctor.Dialable(p.frontAddr)
	}
	return v
}

// isPlainAddr reports whether addr is host:port in characters that mean nothing
// to a shell. The page puts it into commands to copy, and a link may lead to any
// name below localhost: browsers take $, ; and & in one.
func isPlainAddr(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	return host != "" && !strings.ContainsFunc(strings.ToLower(host), func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_:", c) })
}

func addrOf(v any) string {
	if a, ok := v.(net.Addr); ok {
		return a.String()
	}
	return ""
}

// hostOf is addr without its port, if it has one.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return strings.Trim(addr, "[]")
	}
	return host
}

// ownSite answers requests to infershield.proxy in the proxy's place, ahead of
// guard; nobody else could.
type ownSite struct {
	next *checks // everything else
	site http.Handler
}

func newOwnSite(next *checks, start *dashboard.Start) ownSite {
	mux := http.NewServeMux()
	start.Register(mux)
	mux.Handle("GET /{$}", start)
	return ownSite{next: next, site: mux}
}

// RoundTrip implements http.RoundTripper.
func (s ownSite) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isOwnPage(r) {
		return s.next.RoundTrip(r)
	}
	if r.URL.Path == dashboard.CheckPath {
		// Over plain HTTP, where the check name of a host with HSTS has no answer.
		return s.next.answer(r), nil
	}
	if r.Body != nil {
		_ = r.Body.Close() // the pages take none
	}
	w := &kept{header: make(http.Header)}
	s.site.ServeHTTP(w, r)
	return w.response(r), nil
}

func isOwnPage(r *http.Request) bool {
	return strings.EqualFold(strings.TrimSuffix(r.URL.Hostname(), "."), ca.OwnHost)
}

// kept is a whole answer in memory: those to infershield.proxy are small.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write implements http.ResponseWriter.
func (k *kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(b)
}

func (k *kept) response(r *http.Request) *http.Response {
	k.WriteHeader(http.StatusOK) // where nothing was written
	resp := &http.Response{
		StatusCode: k.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: k.header, Body: io.NopCloser(&k.body), ContentLength: int64(k.body.Len()),
	}
	if r.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp
}

// isOwnOrigin reports whether a page of ours sent r. Other pages must not learn
// whether a browser trusts the authority.
func isOwnOrigin(r *http.Request, names []string) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || u.Host == "" {
		return false
	}
	return u.Host == ca.OwnHost || isOwnName(r.Context(), u.Host, names)
}

// shareCheck lets our own pages, and no others, read a check's answer.
func shareCheck(h http.Header, r *http.Request, names []string) {
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Add("Vary", "Origin")
	if isOwnOrigin(r, names) {
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}
}
