package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infershield/infershield/ca"
)

// listMax bounds the values of one setting.
const listMax = 500

// quoted is a value as a message may show it: short, and not at all where it
// looks like a key or has a password in it.
func quoted(value string) string {
	if strings.Contains(value, "sk-") || strings.Contains(value, "@") {
		return "the value (not shown)"
	}
	if len(value) > 60 {
		value = strings.ToValidUTF8(value[:60], "") + "…"
	}
	return strconv.Quote(value)
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return nil
}

func oneOf(s string, allowed ...string) error {
	if slices.Contains(allowed, s) {
		return nil
	}
	message := fmt.Sprintf("%s is none of %s", quoted(s), strings.Join(allowed, ", "))
	if near := closest(s, allowed); near != "" {
		message += "; did you mean " + near + "?"
	}
	return errors.New(message)
}

func parseNumber(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is not a whole number from %d to %d", quoted(s), least, most)
	}
	return n, nil
}

func daysLong(days int) time.Duration { return time.Duration(days) * 24 * time.Hour }

// commaList splits a list, dropping the space around its values.
func commaList(s string) ([]string, error) {
	values := strings.Split(s, ",")
	if len(values) > listMax {
		return nil, fmt.Errorf("has %d values; %d is the most", len(values), listMax)
	}
	for i := range values {
		if values[i] = strings.TrimSpace(values[i]); values[i] == "" {
			return nil, errors.New("has an empty value")
		}
	}
	return values, nil
}

// parseAddr checks an address to listen on.
func parseAddr(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%s is not host:port", quoted(s))
	}
	if _, err := parseNumber(port, 0, 65535); err != nil {
		return "", fmt.Errorf("port %w", err)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return "", fmt.Errorf("%s is neither localhost nor an IP address of this machine", quoted(host))
	}
	return s, nil
}

func parseIntercept(s string) ([]string, error) {
	hosts, err := commaList(s)
	if err != nil {
		return nil, err
	}
	if _, err := ca.ParseHosts(hosts); err != nil {
		return nil, err
	}
	return hosts, nil
}

// parseUpstream does not repeat what it was given: a URL can hold a password.
func parseUpstream(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("is not an https URL")
	}
	if u.User != nil {
		return nil, withHint(errors.New("holds a user name or password; keys go in the environment"), "export %s=…", apiKeyEnv)
	}
	if u.Path = strings.TrimSuffix(u.Path, "/"); u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("goes on after the host; the client's path, such as /v1/models, is added to %s://%s", u.Scheme, u.Host)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return nil, errors.New("is http, which would send keys over the network in clear; use https")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func parseOrigins(s string) ([]string, error) {
	origins, err := commaList(s)
	if err != nil {
		return nil, err
	}
	for i, origin := range origins {
		if origin == "*" || origin == "null" {
			return nil, fmt.Errorf("%q would let any web page use the front; name the origins", origin)
		}
		scheme, host, ok := strings.Cut(origin, "://")
		if !ok || scheme == "" || host == "" || strings.ContainsAny(host, "/?#@ *") {
			return nil, fmt.Errorf("%s is not an origin, scheme://host or scheme://host:port", quoted(origin))
		}
		origins[i] = strings.ToLower(origin)
	}
	return origins, nil
}

// rootsBytesMax bounds the file of extra roots; all of Mozilla's take 250 KB.
const rootsBytesMax = 4 << 20

func readRoots(path string) ([]byte, error) {
	source, err := readBounded(path, rootsBytesMax)
	if err != nil {
		return nil, err
	}
	count := 0
	for rest := source; ; count++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s holds a %s; only certificates belong there", path, block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, count+1, err)
		}
	}
	if count == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return bytes.Clone(source), nil
}

func refuseResolvers(string) error {
	return withHint(errors.New("DNS servers of one's own come with the gateway, which this version does not have yet"),
		"unset INFERSHIELD_RESOLVERS; the system's resolver is used")
}

// parseAudit does not repeat what it was given: a URL can hold a password.
func parseAudit(s string) (string, error) {
	scheme, _, isURL := strings.Cut(s, "://")
	if !isURL {
		return s, notEmpty(s)
	}
	if u, err := url.Parse(s); err != nil || scheme != "postgres" && scheme != "postgresql" || u.Path == "" || u.Path == "/" {
		return "", withHint(errors.New("is no URL of a PostgreSQL database (not shown)"),
			"for example postgres://infershield@db.example/audit?sslmode=verify-full with the password in ~/.pgpass, or the path of an SQLite file")
	}
	return s, nil
}
