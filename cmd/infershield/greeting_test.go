package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The line that serve prints for a shell takes that shell's programs through.
func TestGreetingCanBePasted(t *testing.T) {
	needsTool("curl")(t)
	p := serve(t, serveOptions{keyMode: "auto", provider: providerConfig{Keys: []string{clientKey}}})
	line := regexp.MustCompile(`(?m)^  (eval .*)$`).FindStringSubmatch(p.stderr.String())
	if line == nil {
		t.Fatalf("no line to paste in %s", p.stderr)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-c", line[1]+"\n"+shellWords(curlPrompt(harmlessPrompt)))
	shell.Dir, shell.Env = p.dir, p.env
	out, err := shell.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "200" {
		t.Errorf("%s: got %v, %q", line[1], err, out)
	}
}
