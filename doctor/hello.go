// Package doctor says what is wrong on this machine and the one command that
// fixes it. It does not know how the product is configured: it is told.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"
)

// UpstreamPath is the path of a check name (ca.CheckHost) under which the proxy
// looks whether it can reach the host that the name stands for.
const UpstreamPath = "/upstream"

// upstreamTimeout bounds a look at the provider, connecting included.
const upstreamTimeout = 8 * time.Second

// Hello is what the proxy answers under a check name. Who reads it has come
// through the proxy and trusts its authority.
type Hello struct {
	Version   string    `json:"infershield"`
	Authority string    `json:"authority_sha256"` // as ca.Authority.Fingerprint
	KeyMode   string    `json:"key_mode"`
	Time      time.Time `json:"time"`               // of the proxy's clock
	PID       int       `json:"pid,omitempty"`      // told to clients on the same machine alone
	DataDir   string    `json:"data_dir,omitempty"` // as above
	Upstream  *Upstream `json:"upstream,omitempty"` // under UpstreamPath alone
}

// Upstream is what a look at the provider saw.
type Upstream struct {
	Host    string    `json:"host"`
	Status  int       `json:"status,omitempty"` // of the provider's answer; 0 is none
	Date    time.Time `json:"date,omitzero"`    // the provider's clock, to the second
	Problem Problem   `json:"problem,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// Problem is why the provider gave no answer.
type Problem string

// What can be in the way, from the inside out.
const (
	ProblemName        Problem = "name"        // the host's name leads nowhere
	ProblemConnect     Problem = "connect"     // nothing listens there, or nothing answers
	ProblemCertificate Problem = "certificate" // its certificate is not trusted here
	ProblemAnswer      Problem = "answer"      // what came was no answer
)

// LookUpstream asks host, which may have a port, for nothing in particular and
// without a key: any answer shows that it can be reached and verified.
func LookUpstream(ctx context.Context, rt http.RoundTripper, host string) Upstream {
	ctx, cancel := context.WithTimeout(ctx, upstreamTimeout)
	defer cancel()
	seen := Upstream{Host: host}
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://"+host+"/v1/models", nil)
	if err != nil {
		seen.Problem, seen.Error = ProblemName, err.Error()
		return seen
	}
	r.Header.Set("User-Agent", "infershield-doctor")
	resp, err := rt.RoundTrip(r)
	if err != nil {
		seen.Problem, seen.Error = problemOf(err), err.Error()
		return seen
	}
	defer resp.Body.Close() //nolint:errcheck // an answer to HEAD has no body
	seen.Status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		seen.Date = date.UTC()
	}
	return seen
}

func problemOf(err error) Problem {
	var name *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var call *net.OpError
	switch {
	case errors.As(err, &name):
		return ProblemName
	case errors.As(err, &untrusted), errors.As(err, &authority):
		return ProblemCertificate
	case errors.As(err, &call) && call.Op == "dial", errors.Is(err, context.DeadlineExceeded):
		return ProblemConnect
	}
	return ProblemAnswer
}
