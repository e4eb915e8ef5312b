package export

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Syslog is a receiver of RFC 5424 messages, one for each exchange and alert.
type Syslog struct {
	// URL says how and where: udp://host:514 (RFC 5426; what the network or
	// the receiver drops is lost and not counted), tcp://host:601 or
	// tls://host:6514 (octets counted, RFC 6587 and 5425), or unix:///dev/log.
	URL string
	// Format of what comes after the header: "json" (the audit record), "cef"
	// (ArcSight's Common Event Format 0) or "ocsf". Empty means json.
	Format string
	// Roots verify the receiver of tls://. Nil means the system's.
	Roots *x509.CertPool
	// Host is the HOSTNAME of messages. Empty asks the system.
	Host string
}

const (
	// facility is "log audit" of RFC 5424.
	facility = 13
	// datagramBytesMax is what every receiver on UDP takes that follows RFC
	// 5424 (2048 "should", more at one's own risk); rsyslog's default is 8 KiB.
	datagramBytesMax = 8 << 10
)

// syslog is a Syslog at work. It keeps one connection and makes it anew where
// it broke.
type syslog struct {
	network, addr string
	tls           *tls.Config // nil without TLS
	counted       bool        // streams: each message after its length
	header        string      // the part that does not change
	encode        func(event) (string, error)
	conn          net.Conn
}

func newSyslog(cfg Syslog, version string) (*syslog, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("the syslog receiver is no URL")
	}
	s := &syslog{network: u.Scheme, addr: u.Host}
	port := u.Port()
	switch u.Scheme {
	case "udp":
		port = orElse(port, "514")
	case "tcp":
		s.counted, port = true, orElse(port, "601")
	case "tls":
		s.counted, port = true, orElse(port, "6514")
		s.network, s.tls = "tcp", &tls.Config{ServerName: u.Hostname(), RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
	case "unix":
		s.network, s.addr = "unixgram", u.Path
	default:
		return nil, errors.New("the syslog receiver is none of udp://HOST, tcp://HOST, tls://HOST, unix:///PATH")
	}
	if u.Scheme != "unix" {
		s.addr = net.JoinHostPort(u.Hostname(), port)
	}
	if u.Scheme != "unix" && u.Hostname() == "" || s.addr == "" {
		return nil, errors.New("the syslog receiver has no host")
	}
	if cfg.Host == "" {
		cfg.Host, _ = os.Hostname() // the nil value "-" says that there is none
	}
	s.header = fmt.Sprintf("%s infershield %d", syslogWord(cfg.Host, 255), os.Getpid())
	if s.encode, err = syslogFormat(cfg.Format, version); err != nil {
		return nil, err
	}
	return s, nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func syslogFormat(format, version string) (func(event) (string, error), error) {
	switch format {
	case "", "json":
		return func(e event) (string, error) {
			if e.alert != nil {
				return jsonText(e.alert)
			}
			return jsonText(e.record)
		}, nil
	case "cef":
		return cef{version}.text, nil
	case "ocsf":
		o := &ocsf{version: version}
		return func(e event) (string, error) {
			if e.alert != nil {
				return jsonText(e.alert)
			}
			return jsonText(o.event(e.record))
		}, nil
	}
	return nil, fmt.Errorf("the syslog format %q is none of json, cef, ocsf", format)
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func (s *syslog) name() string { return "syslog" }

func (s *syslog) wants(event) bool { return true }

func (s *syslog) close() {
	if s.conn != nil {
		_ = s.conn.Close() // all that could be sent has been
		s.conn = nil
	}
}

// deliver implements destination. TCP tells nobody what the other end has
// read: messages that were under way when a connection broke may be lost or
// come twice.
func (s *syslog) deliver(ctx context.Context, events []event) error {
	if s.conn != nil && s.gone() {
		s.close()
	}
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	deadline, _ := ctx.Deadline()
	_ = s.conn.SetWriteDeadline(deadline) // writing says what is wrong
	var frame []byte
	for _, e := range events {
		text, err := s.message(e)
		if err != nil {
			return refused{fmt.Errorf("encoding for syslog: %w", err)}
		}
		if frame = append(frame[:0], text...); s.counted {
			frame = append([]byte(strconv.Itoa(len(text))+" "), text...)
		} else if len(frame) > datagramBytesMax {
			frame = []byte(strings.ToValidUTF8(text[:datagramBytesMax], ""))
		}
		if _, err := s.conn.Write(frame); err != nil {
			s.close()
			return fmt.Errorf("writing to syslog: %w", err)
		}
	}
	return nil
}

// gone reports whether a stream's other end has closed it, which writing would
// notice one batch too late.
func (s *syslog) gone() bool {
	if !s.counted {
		return false
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := s.conn.Read(make([]byte, 1))
	return errors.Is(err, io.EOF) || err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

func (s *syslog) dial(ctx context.Context) (err error) {
	if s.tls != nil {
		s.conn, err = (&tls.Dialer{Config: s.tls}).DialContext(ctx, s.network, s.addr)
	} else {
		s.conn, err = (&net.Dialer{}).DialContext(ctx, s.network, s.addr)
	}
	if err != nil {
		s.conn = nil // not a typed nil
		return fmt.Errorf("connecting to syslog: %w", err)
	}
	return nil
}

// message writes one event: "<PRI>1 TIME HOST APP PROCID MSGID SD MSG".
func (s *syslog) message(e event) (string, error) {
	text, err := s.encode(e)
	if err != nil {
		return "", err
	}
	at, kind, severity := eventTime(e), "exchange", 6 // informational
	if e.alert != nil {
		kind, severity = "alert", 4 // warning
		if e.alert.Severity == "critical" {
			severity = 2
		}
	} else if len(e.record.Findings) > 0 {
		severity = syslogSeverity(e.record.Severity)
	}
	return fmt.Sprintf("<%d>1 %s %s %s - %s", facility*8+severity, at.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), s.header, kind, text), nil
}

func eventTime(e event) time.Time {
	if e.alert != nil {
		return e.alert.Time
	}
	return e.record.Time
}

// syslogSeverity is RFC 5424's for one of ours.
func syslogSeverity(ours string) int {
	switch ours {
	case "critical":
		return 2
	case "high":
		return 4 // warning: it was dealt with
	case "medium":
		return 5 // notice
	}
	return 6
}

// syslogWord makes a header field: printable ASCII without spaces.
func syslogWord(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}
