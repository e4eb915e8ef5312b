//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The service does not start, and doctor calls it wrong, where others can read a
// file that holds a secret; both know the same secrets.
func TestSecretsInFiles(t *testing.T) {
	secret := map[string]bool{
		"OPENAI_API_KEY=abc": true,
		"INFERSHIELD_AUDIT=postgres://infershield:abc@db/infershield":     true,
		"INFERSHIELD_AUDIT=postgres://db/infershield?user=a&password=abc": true,
		"INFERSHIELD_OPINION_URL=https://me:abc@classifier.example.com/":  true,
		"INFERSHIELD_AUDIT=postgres://db/infershield?sslmode=verify-full": false,
		"INFERSHIELD_AUDIT=/var/lib/infershield/audit.db":                 false,
		"INFERSHIELD_OTLP=http://127.0.0.1:4318":                          false,
		"KEY_MODE=passthrough":                                            false,
	}
	for _, s := range settings() {
		if s.private {
			secret[s.env+"=abc"] = true
		}
	}
	for line := range secret {
		name, text, _ := strings.Cut(line, "=")
		if got := holdsSecret(map[string]given{name: {text: text}}); got != secret[line] {
			t.Errorf("holdsSecret(%s) = %t; want %t", line, got, secret[line])
		}
		if got := unitRefuses(t, line); got != secret[line] {
			t.Errorf("the unit refuses %s: %t; want %t", line, got, secret[line])
		}
	}
}

// unitRefuses runs the unit's check on a file that others can read.
func unitRefuses(t *testing.T, line string) bool {
	t.Helper()
	unit, err := os.ReadFile("../../packaging/systemd/system/infershield.service")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(unit), "ExecStartPre=+/bin/sh -c '")
	script, _, found := strings.Cut(script, "'\n")
	if !found {
		t.Fatal("the unit has no check")
	}
	path := filepath.Join(t.TempDir(), "infershield.env")
	if err := os.WriteFile(path, []byte(line+"\n"), 0o644); err != nil { //nolint:gosec // that is the fault
		t.Fatal(err)
	}
	script = strings.ReplaceAll(strings.ReplaceAll(script, "/etc/infershield/infershield.env", path), "$$", "$")
	return exec.CommandContext(t.Context(), "/bin/sh", "-c", script).Run() != nil //nolint:gosec // our own unit
}
