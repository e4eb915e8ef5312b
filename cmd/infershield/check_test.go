package main

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
)

// A check is answered by the proxy alone: with what a doctor must know, without
// a record, and without a word to the provider but for the look at it, which
// carries no key.
func TestChecksStayHere(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "server", serverKey: "sk-of-the-server"})
	authority, err := ca.Open(p.dir+"/data", []string{"api.openai.com"})
	if err != nil {
		t.Fatal(err)
	}
	client := p.httpClient(t)
	host := "https://" + ca.CheckHost("api.openai.com")

	plain := askHello(t, client, host+"/")
	if plain.Authority != authority.Fingerprint() || plain.KeyMode != "server" || plain.PID != p.cmd.Process.Pid || plain.DataDir != p.dir+"/data" {
		t.Errorf("the proxy says it is %+v", plain)
	}
	if plain.Upstream != nil || len(p.provider.sightings()) != 0 {
		t.Errorf("a plain check went to the provider: %v", p.provider.sightings())
	}

	seen := askHello(t, client, host+doctor.UpstreamPath).Upstream
	if seen == nil || seen.Host != "api.openai.com" || seen.Status == 0 || seen.Date.IsZero() || seen.Problem != "" {
		t.Errorf("the look at the provider saw %+v", seen)
	}
	for _, s := range p.provider.sightings() {
		if len(s.keys) != 0 {
			t.Errorf("the look carried a key: %v", s)
		}
	}
	if records := p.recordList(t); len(records) != 0 {
		t.Errorf("checks were recorded: %+v", records)
	}
}

// httpClient goes through the proxy and trusts its authority.
func (p *proxyProcess) httpClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: p.addr}),
		TLSClientConfig:   &tls.Config{RootCAs: p.roots(t)},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func askHello(t *testing.T, client *http.Client, url string) doctor.Hello {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	var hello doctor.Hello
	if err := json.Unmarshal(readBody(t, resp), &hello); err != nil {
		t.Fatal(err)
	}
	return hello
}
