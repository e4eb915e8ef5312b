package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/mitm"
)

// checks answers requests to check names (ca.CheckHost) in the proxy's place:
// who gets an answer has come through here and trusts us. Nothing is inspected,
// recorded or sent on, save a look at whether the provider can be reached.
type checks struct {
	next      http.RoundTripper // everything else
	upstream  http.RoundTripper // to the provider, without keys
	hello     doctor.Hello      // what does not change
	authority func() string     // its fingerprint, which a rotation changes
	names     []string          // of this machine, whose pages may read the answers
}

func (p *product) newChecks(next, upstream http.RoundTripper) *checks {
	names := append(ownNames(p.cfg.Listen), ownNames(p.cfg.Admin)...)
	return &checks{next: next, upstream: upstream, names: names, authority: p.authority.Fingerprint, hello: doctor.Hello{
		Version: thisBuild().Version,
		KeyMode: p.cfg.KeyMode.String(),
		PID:     os.Getpid(),
		DataDir: filepath.Dir(absolute(p.authority.Path())),
	}}
}

// RoundTrip implements http.RoundTripper.
func (c *checks) RoundTrip(r *http.Request) (*http.Response, error) {
	if !ca.IsCheck(r.URL.Hostname()) {
		return c.next.RoundTrip(r)
	}
	return c.answer(r), nil
}

// answer says who is here. It closes r's body.
func (c *checks) answer(r *http.Request) *http.Response {
	if r.Body != nil {
		_ = r.Body.Close() // there is nothing to learn from it
	}
	hello := c.hello
	hello.Authority, hello.Time = c.authority(), time.Now().UTC()
	if client := net.ParseIP(mitm.VisitOf(r.Context()).Client); !client.IsLoopback() {
		hello.PID, hello.DataDir = 0, "" // of no use elsewhere
	}
	if ca.IsCheck(r.URL.Hostname()) && r.URL.Path == doctor.UpstreamPath {
		seen := doctor.LookUpstream(r.Context(), c.upstream, checkedHost(r.URL.Host))
		hello.Upstream = &seen
	}
	resp := jsonResponse(r, hello)
	shareCheck(resp.Header, r, c.names)
	return resp
}

// checkedHost is the authority that a check name stands for.
func checkedHost(authority string) string {
	_, host, _ := strings.Cut(authority, ".")
	return host
}

func jsonResponse(r *http.Request, v any) *http.Response {
	b, err := json.Marshal(v)
	if err != nil {
		panic("a check's answer: " + err.Error()) // of a type that is always encodable
	}
	b = append(b, '\n')
	resp := &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type":  {"application/json"},
			"Cache-Control": {"no-store"},
			"Date":          {time.Now().UTC().Format(http.TimeFormat)},
		},
		Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b)), Request: r,
	}
	if r.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp
}
