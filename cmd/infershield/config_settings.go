package main

import (
	"slices"
	"strings"
	"time"

	"github.com/infershield/infershield/keys"
	"github.com/infershield/infershield/policy"
)

// setting is one row of the reference table. Flags, environment, files and
// docs/configuration.md all follow from it.
type setting struct {
	env     string // name in the environment and in .env
	flag    string // without dashes; the name in YAML has _ for -
	value   string // placeholder in help
	initial string // applies where nobody chose; "" leaves the zero value
	without string // what the reference says instead of initial
	about   string
	example string // a right value, for hints
	list    bool   // several values, comma separated
	private bool   // from the environment and .env alone, like the key
	token   bool   // a URL whose password, path or query can be a secret: never repeated
	set     func(*Config, string) error
}

// key is the setting's name in infershield.yaml.
func (s setting) key() string { return strings.ReplaceAll(s.flag, "-", "_") }

// tokenFlags are the flags whose values are never repeated.
func tokenFlags() []string {
	var flags []string
	for _, s := range settings() {
		if s.token {
			flags = append(flags, s.flag)
		}
	}
	return flags
}

// listenDefault is where the proxy listens.
const listenDefault = "127.0.0.1:8000"

// The names that are no setting of the table, because they are only ever read
// from the environment and .env.
const (
	apiKeyEnv     = "OPENAI_API_KEY"      // never a flag: flags show in process lists
	apiKeyFileEnv = "OPENAI_API_KEY_FILE" // a file with the key, in its place
	proxyPortEnv  = "PROXY_PORT"          // the port of listen, as it was once called
)

func settings() []setting {
	return slices.Concat(networkSettings(), decisionSettings(), opinionSettings(), exportSettings())
}

// networkSettings say who may connect and where their traffic goes.
func networkSettings() []setting {
	return []setting{
		{env: "KEY_MODE", flag: "key-mode", value: "mode", initial: "server", example: "auto",
			about: "whose API key goes upstream: `server` (OPENAI_API_KEY), `passthrough` (the client's) or `auto` (the server's if set)",
			set: func(c *Config, s string) (err error) {
				if err = oneOf(s, "server", "passthrough", "auto"); err == nil {
					c.KeyMode, err = keys.ParseMode(s)
				}
				return err
			}},
		{env: "INFERSHIELD_LISTEN", flag: "listen", value: "host:port", initial: listenDefault, example: listenDefault,
			about: "the proxy: CONNECT, absolute-form and the `/v1` front on one port; `PROXY_PORT` sets the port alone",
			set:   func(c *Config, s string) (err error) { c.Listen, err = parseAddr(s); return err }},
		{env: "INFERSHIELD_ADMIN", flag: "admin", value: "host:port", initial: "127.0.0.1:8001", example: "127.0.0.1:8001",
			about: "`/metrics`, `/healthz`, `/readyz` and `/health`",
			set:   func(c *Config, s string) (err error) { c.Admin, err = parseAddr(s); return err }},
		{env: "INFERSHIELD_DATA_DIR", flag: "data-dir", value: "dir", without: "the XDG data folder", example: "/var/lib/infershield",
			about: "the CA and the audit database; made for its owner alone (0700)",
			set:   func(c *Config, s string) error { c.DataDir = s; return notEmpty(s) }},
		{env: "INFERSHIELD_INTERCEPT", flag: "intercept", value: "hosts", initial: "api.openai.com", example: "api.openai.com,*.example.com", list: true,
			about: "hosts to intercept, exact names or `*.suffix`; all others are tunnelled untouched",
			set:   func(c *Config, s string) (err error) { c.Intercept, err = parseIntercept(s); return err }},
		{env: "INFERSHIELD_UPSTREAM", flag: "upstream", value: "url", initial: "https://api.openai.com", example: "https://api.openai.com",
			about: "where the `/v1` front goes",
			set:   func(c *Config, s string) (err error) { c.Upstream, err = parseUpstream(s); return err }},
		{env: "INFERSHIELD_CORS_ORIGINS", flag: "cors-origins", value: "origins", without: "–", example: "https://app.example.com", list: true,
			about: "web origins that may call the front; extension origins may in passthrough mode without being listed",
			set:   func(c *Config, s string) (err error) { c.CORSOrigins, err = parseOrigins(s); return err }},
		{env: "INFERSHIELD_UPSTREAM_CA", flag: "upstream-ca", value: "file", without: "–", example: "corporate-ca.pem",
			about: "PEM file of extra roots for verifying the upstream",
			set:   func(c *Config, s string) (err error) { c.UpstreamCA, err = readRoots(s); return err }},
		{env: "INFERSHIELD_CONNECT_TO", flag: "connect-to", value: "redirects", without: "–", example: "api.openai.com:443:127.0.0.1:8443", list: true,
			about: "`HOST:PORT:ADDR:PORT`, as curl's `--connect-to`: connections to HOST:PORT go to ADDR:PORT, where TLS still verifies HOST",
			set:   func(c *Config, s string) (err error) { c.ConnectTo, err = parseConnectTo(s); return err }},
		{env: "INFERSHIELD_RESOLVERS", flag: "resolvers", value: "servers", without: "the system's", list: true,
			about: "DNS servers for upstream names, `1.2.3.4:53`, `tls://…`; comes with the gateway, refused until then",
			set:   func(_ *Config, s string) error { return refuseResolvers(s) }},
	}
}

// decisionSettings say what is done with the traffic and what is kept of it.
func decisionSettings() []setting {
	return []setting{
		{env: "INFERSHIELD_POLICY", flag: "policy", value: "file", without: "built in", example: "policy.yaml",
			about: "policy file, reloaded when it changes",
			set:   func(c *Config, s string) error { c.PolicyPath = s; return notEmpty(s) }},
		{env: "INFERSHIELD_MODE", flag: "mode", value: "mode", without: "the policy's, `block`", example: "warn",
			about: "`block` enforces, `warn` only records, `off` forwards without inspecting",
			set: func(c *Config, s string) error {
				c.Settings.Mode = policy.Mode(s)
				return oneOf(s, string(policy.ModeBlock), string(policy.ModeWarn), string(policy.ModeOff))
			}},
		{env: "RISK_THRESHOLD", flag: "risk-threshold", value: "risk", without: "the policy's, `70`", example: "70",
			about: "risk, 1 to 100, from which a request or response is blocked",
			set: func(c *Config, s string) (err error) {
				c.Settings.Threshold, err = parseNumber(s, policy.ThresholdMin, policy.ThresholdMax)
				return err
			}},
		{env: "INFERSHIELD_AUDIT", flag: "audit", token: true, value: "file", without: "`audit.db` in the data folder", example: "audit.db",
			about: "audit database: the path of an SQLite file, or `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`, better in the environment than in a flag, which process lists show; without a password `~/.pgpass` is read",
			set:   func(c *Config, s string) (err error) { c.AuditPath, err = parseAudit(s); return err }},
		{env: "AUDIT_LOG_RETENTION_DAYS", flag: "audit-retention-days", value: "days", initial: "90", example: "90",
			about: "after so many days audit records are deleted, 1 to 36500",
			set: func(c *Config, s string) error {
				days, err := parseNumber(s, 1, 36500)
				c.Retention = daysLong(days)
				return err
			}},
		{env: "INFERSHIELD_AUDIT_MAX_MB", flag: "audit-max-mb", value: "mb", initial: "1024", example: "1024",
			about: "MiB, up to 1048576, from which the oldest audit records are deleted before their time; 0 sets no limit",
			set: func(c *Config, s string) error {
				mb, err := parseNumber(s, 0, 1<<20)
				if c.AuditMax = int64(mb) << 20; mb == 0 {
					c.AuditMax = -1
				}
				return err
			}},
		{env: "INFERSHIELD_MAX_BODY_SIZE_MB", flag: "max-body-mb", value: "mb", initial: "32", example: "32",
			about: "MiB, 1 to 1024; bodies above it follow the policy's `unscannable` rule",
			set: func(c *Config, s string) error {
				mb, err := parseNumber(s, 1, 1024)
				c.BodyMax = int64(mb) << 20
				return err
			}},
		{env: "LOG_LEVEL", flag: "log-level", value: "level", initial: "info", example: "debug",
			about: "`debug`, `info`, `warn` or `error`; the log goes to stderr",
			set: func(c *Config, s string) error {
				if err := oneOf(s, "debug", "info", "warn", "error"); err != nil {
					return err
				}
				return c.LogLevel.UnmarshalText([]byte(s))
			}},
		{env: "INFERSHIELD_LOG_FORMAT", flag: "log-format", value: "format", initial: "text", example: "json",
			about: "`text` or `json`",
			set:   func(c *Config, s string) error { c.LogFormat = s; return oneOf(s, "text", "json") }},
	}
}

// opinionSettings say who else is asked about what may be an attack.
func opinionSettings() []setting {
	return []setting{
		{env: "INFERSHIELD_OPINION_URL", flag: "opinion-url", token: true, value: "url", without: "nobody is asked", example: "http://127.0.0.1:9000/classify",
			about: "a classifier to ask about text that may be an attack: it gets `{\"text\",\"role\",\"score\"}`, at most 2 KiB with secrets and personal data masked, and answers `{\"score\":0…1}`, which replaces ours",
			set:   func(c *Config, s string) (err error) { c.Opinion.URL, err = parseOpinionURL(s); return err }},
		{env: "INFERSHIELD_OPINION_ZONE", flag: "opinion-zone", value: "scores", initial: "0.4", example: "0.4-0.9",
			about: "the scores that it is asked about: from `0.4` up to where the policy blocks, so that it can add a block; or `0.4-0.9`, where it can also take one away",
			set:   func(c *Config, s string) error { return parseZone(s, &c.Opinion) }},
		{env: "INFERSHIELD_OPINION_TIMEOUT_MS", flag: "opinion-timeout-ms", value: "ms", initial: "500", example: "300",
			about: "how long one exchange waits for it in all, 1 to 10000",
			set: func(c *Config, s string) error {
				ms, err := parseNumber(s, 1, 10000)
				c.Opinion.Timeout = time.Duration(ms) * time.Millisecond
				return err
			}},
		{env: "INFERSHIELD_OPINION_ON_ERROR", flag: "opinion-on-error", value: "action", initial: "keep", example: "block",
			about: "where it fails or is late: `keep` our score, or `block`",
			set: func(c *Config, s string) error {
				if c.Opinion.OnError = policy.Allow; s == "block" {
					c.Opinion.OnError = policy.Block
				}
				return oneOf(s, "keep", "block")
			}},
	}
}
