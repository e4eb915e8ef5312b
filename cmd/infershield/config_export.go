package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/infershield/infershield/export"
)

// alertsDefault is what a person wants to be told of by most means.
const alertsDefault = "risk>=90, blocks>=20/5m, key_failures>=10/5m, ca_expiry<=14d"

// exportSettings say which other systems are told, and of what.
func exportSettings() []setting {
	return []setting{
		{env: "INFERSHIELD_WEBHOOK", flag: "webhook", token: true, value: "url", without: "–", example: "https://hooks.example.com/infershield",
			about: "where events are sent by POST, in batches, signed after the Standard Webhooks specification",
			set: func(c *Config, s string) error {
				webhook(c).URL = s
				return parseReceiver(s, "https", "http")
			}},
		{env: "INFERSHIELD_WEBHOOK_EVENTS", flag: "webhook-events", value: "events", initial: "alerts", example: "all",
			about: "`alerts`, or `all`: exchanges too",
			set: func(c *Config, s string) error {
				webhook(c).Records = s == "all"
				return oneOf(s, "alerts", "all")
			}},
		{env: "INFERSHIELD_WEBHOOK_FORMAT", flag: "webhook-format", value: "format", initial: "json", example: "ocsf",
			about: "of exchanges: `json` (the audit record) or `ocsf` (OCSF 1.3.0)",
			set: func(c *Config, s string) error {
				webhook(c).OCSF = s == "ocsf"
				return oneOf(s, "json", "ocsf")
			}},
		{env: "INFERSHIELD_WEBHOOK_SECRET", flag: "webhook-secret", private: true, without: "–",
			about: "signs what is sent: `whsec_` and base64, or any text; in the environment or in `.env` alone",
			set: func(c *Config, s string) error {
				webhook(c).Secret = export.Secret(s)
				return nil
			}},
		{env: "INFERSHIELD_SYSLOG", flag: "syslog", token: true, value: "url", without: "–", example: "tcp://127.0.0.1:601",
			about: "a receiver of RFC 5424: `udp://`, `tcp://` or `tls://HOST:PORT`, or `unix:///dev/log`",
			set: func(c *Config, s string) error {
				syslogTo(c).URL = s
				return parseReceiver(s, "udp", "tcp", "tls", "unix")
			}},
		{env: "INFERSHIELD_SYSLOG_FORMAT", flag: "syslog-format", value: "format", initial: "json", example: "cef",
			about: "`json` (the audit record), `cef` or `ocsf`",
			set: func(c *Config, s string) error {
				syslogTo(c).Format = s
				return oneOf(s, "json", "cef", "ocsf")
			}},
		{env: "INFERSHIELD_OTLP", flag: "otlp", token: true, value: "url", without: "–", example: "http://127.0.0.1:4318",
			about: "an OpenTelemetry collector, by OTLP over HTTP: traces, logs and metrics, without excerpts",
			set: func(c *Config, s string) error {
				otlp(c).URL = s
				return parseReceiver(s, "https", "http")
			}},
		{env: "INFERSHIELD_OTLP_HEADERS", flag: "otlp-headers", private: true, without: "–",
			about: "`name=value,…` for the collector, such as its token; in the environment or in `.env` alone",
			set:   func(c *Config, s string) (err error) { otlp(c).Headers, err = parseHeaders(s); return err }},
		{env: "INFERSHIELD_ALERTS", flag: "alerts", value: "rules", initial: alertsDefault, example: "none",
			about: "when an alert is raised, on the dashboard and to the systems above: risk of one exchange, blocked exchanges and 401 answers within a time, days before the authority ends; `none` for never",
			set:   func(c *Config, s string) (err error) { c.Alerts, err = export.ParseRules(s); return err }},
	}
}

// The parts of Config.Export are made by the first setting that needs one;
// exportConfig drops those that were given no address.
func webhook(c *Config) *export.Webhook { return part(&c.Export.Webhook) }
func syslogTo(c *Config) *export.Syslog { return part(&c.Export.Syslog) }
func otlp(c *Config) *export.OTLP       { return part(&c.Export.OTLP) }

func part[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// exportConfig is Export without the systems that have no address.
func (c *Config) exportConfig() export.Config {
	out := c.Export
	if out.Webhook != nil && out.Webhook.URL == "" {
		out.Webhook = nil
	}
	if out.Syslog != nil && out.Syslog.URL == "" {
		out.Syslog = nil
	}
	if out.OTLP != nil && out.OTLP.URL == "" {
		out.OTLP = nil
	}
	return out
}

// parseReceiver does not repeat what it was given: a URL can hold a token.
func parseReceiver(s string, schemes ...string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" && u.Scheme != "unix" {
		return errors.New("is no URL of " + strings.Join(schemes, ", "))
	}
	if err := oneOf(u.Scheme, schemes...); err != nil {
		return errors.New("is a URL of another kind than " + strings.Join(schemes, ", "))
	}
	return nil
}

func parseHeaders(s string) (map[string]export.Secret, error) {
	headers := map[string]export.Secret{}
	values, err := commaList(s)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, errors.New("has a part that is not name=value (not shown)")
		}
		headers[strings.TrimSpace(name)] = export.Secret(strings.TrimSpace(value))
	}
	return headers, nil
}
