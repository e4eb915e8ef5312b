package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// connectTo sends connections elsewhere, as curl's option of that name does.
// The first entry that fits wins.
type connectTo []redirect

// redirect sends host:port to addr. An empty host or port fits any; an empty
// toHost or toPort keeps the one that was asked for.
type redirect struct {
	host, port     string
	toHost, toPort string
}

// addr returns where to connect instead of addr, which is host:port.
func (c connectTo) addr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	for _, r := range c {
		if r.host != "" && !strings.EqualFold(r.host, strings.TrimSuffix(host, ".")) || r.port != "" && r.port != port {
			continue
		}
		if r.toHost != "" {
			host = r.toHost
		}
		if r.toPort != "" {
			port = r.toPort
		}
		return net.JoinHostPort(host, port)
	}
	return addr
}

func parseConnectTo(s string) (connectTo, error) {
	entries, err := commaList(s)
	if err != nil {
		return nil, err
	}
	var c connectTo
	for _, entry := range entries {
		r, err := parseRedirect(entry)
		if err != nil {
			return nil, fmt.Errorf("%s %w", quoted(entry), err)
		}
		c = append(c, r)
	}
	return c, nil
}

// parseRedirect reads HOST:PORT:ADDR:PORT, each of which may be empty.
func parseRedirect(entry string) (redirect, error) {
	fields, ok := colonFields(entry)
	if !ok || len(fields) != 4 {
		return redirect{}, errors.New("is not HOST:PORT:ADDR:PORT; IPv6 addresses go in brackets")
	}
	for _, port := range []string{fields[1], fields[3]} {
		if port == "" {
			continue
		}
		if _, err := parseNumber(port, 1, 65535); err != nil {
			return redirect{}, fmt.Errorf("has a port that %w", err)
		}
	}
	if fields[2] == "" && fields[3] == "" {
		return redirect{}, errors.New("goes nowhere else")
	}
	return redirect{host: strings.TrimSuffix(fields[0], "."), port: fields[1], toHost: fields[2], toPort: fields[3]}, nil
}

// colonFields splits at colons that are not in brackets, and takes the
// brackets off.
func colonFields(s string) (fields []string, ok bool) {
	for {
		field, rest, more := s, "", false
		if strings.HasPrefix(s, "[") {
			inside, after, closed := strings.Cut(s[1:], "]")
			if !closed || net.ParseIP(inside) == nil || after != "" && after[0] != ':' {
				return nil, false
			}
			field = inside
			rest, more = strings.CutPrefix(after, ":")
		} else {
			field, rest, more = strings.Cut(s, ":")
			if strings.ContainsAny(field, "[]/ ") {
				return nil, false
			}
		}
		fields = append(fields, field)
		if !more {
			return fields, true
		}
		s = rest
	}
}
