package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reference = "../../docs/configuration.md"

// docs/configuration.md is written from the table that the program reads:
// go test ./cmd/infershield -run TestReference -update
func TestReference(t *testing.T) {
	want := writeReference()
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the settings say; run this test with -update (-want +got):\n%s", reference, diff)
	}
}

// What the settings are called, and what they are unless set, is relied upon.
func TestSettingsAreThoseThatPeopleKnow(t *testing.T) {
	want := `KEY_MODE --key-mode server
INFERSHIELD_LISTEN --listen 127.0.0.1:8000
INFERSHIELD_ADMIN --admin 127.0.0.1:8001
INFERSHIELD_DATA_DIR --data-dir the XDG data folder
INFERSHIELD_INTERCEPT --intercept api.openai.com
INFERSHIELD_UPSTREAM --upstream https://api.openai.com
INFERSHIELD_CORS_ORIGINS --cors-origins –
INFERSHIELD_UPSTREAM_CA --upstream-ca –
INFERSHIELD_CONNECT_TO --connect-to –
INFERSHIELD_RESOLVERS --resolvers the system's
INFERSHIELD_POLICY --policy built in
INFERSHIELD_MODE --mode the policy's, block
RISK_THRESHOLD --risk-threshold the policy's, 70
INFERSHIELD_AUDIT --audit audit.db in the data folder
AUDIT_LOG_RETENTION_DAYS --audit-retention-days 90
INFERSHIELD_AUDIT_MAX_MB --audit-max-mb 1024
INFERSHIELD_MAX_BODY_SIZE_MB --max-body-mb 32
LOG_LEVEL --log-level info
INFERSHIELD_LOG_FORMAT --log-format text
INFERSHIELD_OPINION_URL --opinion-url nobody is asked
INFERSHIELD_OPINION_ZONE --opinion-zone 0.4
INFERSHIELD_OPINION_TIMEOUT_MS --opinion-timeout-ms 500
INFERSHIELD_OPINION_ON_ERROR --opinion-on-error keep
INFERSHIELD_WEBHOOK --webhook –
INFERSHIELD_WEBHOOK_EVENTS --webhook-events alerts
INFERSHIELD_WEBHOOK_FORMAT --webhook-format json
INFERSHIELD_WEBHOOK_SECRET --webhook-secret –
INFERSHIELD_SYSLOG --syslog –
INFERSHIELD_SYSLOG_FORMAT --syslog-format json
INFERSHIELD_OTLP --otlp –
INFERSHIELD_OTLP_HEADERS --otlp-headers –
INFERSHIELD_ALERTS --alerts risk>=90, blocks>=20/5m, key_failures>=10/5m, ca_expiry<=14d
`
	var got strings.Builder
	for _, s := range settings() {
		fmt.Fprintf(&got, "%s --%s %s%s\n", s.env, s.flag, s.initial, strings.ReplaceAll(s.without, "`", ""))
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func writeReference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by go test ./cmd/infershield -run TestReference -update; change config_settings.go instead. -->

A flag beats the environment, which beats ` + "`.env`" + `, which beats ` + "`infershield.yaml`" + `, which beats the default.
` + "`.env` and `infershield.yaml`" + ` are read in the folder where InferShield is started; ` + "`--config FILE`" + ` names another
instead of the latter. Lists are comma separated, or lists in YAML. An empty variable counts as unset. All that is
wrong is reported at once, each with the place where it stands, and the exit code is 2.

| environment | flag | in infershield.yaml | default | |
|---|---|---|---|---|
`)
	for _, s := range settings() {
		initial := s.without
		if s.initial != "" {
			initial = "`" + s.initial + "`"
		}
		if s.private {
			fmt.Fprintf(&b, "| `%s` | – | – | %s | %s |\n", s.env, initial, s.about)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %s |\n", s.env, s.flag, s.key(), initial, s.about)
	}
	fmt.Fprintf(&b, "| `%s` | – | – | – | the server's key, in the environment or in `.env` alone: flags show in process lists, files get shared |\n", apiKeyEnv)
	fmt.Fprintf(&b, "| `%s` | – | – | – | a file that holds that key and nothing else, in its place: for Docker secrets and systemd credentials |\n", apiKeyFileEnv)
	fmt.Fprintf(&b, "| `%s` | – | – | – | the port of `--listen`, unless a source at least as strong gives that |\n", proxyPortEnv)
	b.WriteString(`
For example, as ` + "`infershield.yaml`" + `:

` + "```yaml" + `
key_mode: auto
intercept:
  - api.openai.com
  - "*.example.com"
mode: warn
` + "```" + `
`)
	return b.String()
}
