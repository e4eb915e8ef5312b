package dashboard_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/infershield/infershield/dashboard"
)

// askPAC runs a proxy file as a browser does, in a context that has nothing but
// the language, and prints the answer for each host.
const askPAC = `
const vm = require("vm"), fs = require("fs");
const context = vm.createContext({});
vm.runInContext(fs.readFileSync(process.argv[1], "utf8"), context);
const answers = JSON.parse(process.argv[2]).map((host) => {
  context.host = host;
  return vm.runInContext("FindProxyForURL('https://' + host + '/', host)", context);
});
console.log(JSON.stringify(answers));
`

func TestProxyFile(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		skipOrFail(t, "node is missing")
	}
	resp := get(t, newStart(dashboard.Visit{Proxy: "[::1]:8000"}), "/proxy.pac", nil)
	if got := resp.Header.Get("Content-Type"); got != "application/x-ns-proxy-autoconfig" {
		t.Errorf("type %q", got)
	}
	file := filepath.Join(t.TempDir(), "proxy.pac")
	if err := os.WriteFile(file, []byte(body(t, resp)), 0o600); err != nil {
		t.Fatal(err)
	}
	const through, direct = "PROXY [::1]:8000", "DIRECT"
	tests := []struct{ host, want string }{
		{"api.openai.com", through},
		{"API.OpenAI.com.", through},
		{"infershield.proxy", through},
		{"infershield-check.api.openai.com", through},
		{"eu.llm.example", through},
		{"a.b.llm.example", through},
		{"llm.example", direct},
		{"notllm.example", direct},
		{"x.api.openai.com", direct},
		{"api.openai.com.evil.example", direct},
		{"chatgpt.com", direct},
		{"127.0.0.1", direct},
		{"", direct},
	}
	var hosts []string
	for _, tt := range tests {
		hosts = append(hosts, tt.host)
	}
	list, err := json.Marshal(hosts)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, "-e", askPAC, "--", file, string(list)).CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, tt := range tests {
		if got[i] != tt.want {
			t.Errorf("%q: %s; want %s", tt.host, got[i], tt.want)
		}
	}
}

// skipOrFail ends a test that lacks something that scripts/test-deps.sh brings.
func skipOrFail(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason + "; scripts/test-deps.sh installs it")
	}
	t.Skip(reason)
}
