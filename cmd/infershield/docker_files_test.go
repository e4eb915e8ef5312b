package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A package that is not let into the build context fails the build of the
// image alone, where few look.
func TestDockerContext(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	let := strings.Split(string(readFile(t, "../../.dockerignore")), "\n")
	for _, path := range strings.Fields(string(out)) {
		_, inside, _ := strings.Cut(path, "/infershield/infershield/")
		folder, _, _ := strings.Cut(inside, "/")
		if !slices.Contains(let, "!"+folder) {
			t.Errorf(".dockerignore does not let %s in", folder)
		}
	}
}

// Every setting reaches the container, but for those that the image decides.
func TestComposePassesSettings(t *testing.T) {
	var file struct {
		Services map[string]struct{ Environment map[string]any }
	}
	if err := yaml.Unmarshal(readFile(t, "../../compose.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	decided := []string{"INFERSHIELD_LISTEN", "INFERSHIELD_ADMIN", "INFERSHIELD_DATA_DIR"}
	want := map[string]bool{apiKeyEnv: true, apiKeyFileEnv: true}
	for _, s := range settings() {
		if !slices.Contains(decided, s.env) {
			want[s.env] = true
		}
	}
	passed := file.Services["proxy"].Environment
	for name := range want {
		if _, ok := passed[name]; !ok {
			t.Errorf("compose.yaml does not pass %s on", name)
		}
	}
	for name := range passed {
		if !want[name] {
			t.Errorf("compose.yaml passes %s on, which is no setting", name)
		}
	}
}

// The example names settings that there are, and decides nothing but the mode.
func TestEnvExample(t *testing.T) {
	example := string(readFile(t, "../../.env.example"))
	known := []string{apiKeyEnv, apiKeyFileEnv, proxyPortEnv, "ADMIN_PORT"} // the last is compose.yaml's
	for _, s := range settings() {
		known = append(known, s.env)
	}
	for _, line := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(example, -1) {
		if !slices.Contains(known, line[1]) {
			t.Errorf(".env.example has %s, which is no setting", line[1])
		}
	}
	c, warnings, err := load(t, map[string]string{".env": example}, []string{"HOME=/home/ann"})
	if err != nil || warnings != "" || c.KeyMode.String() != "passthrough" {
		t.Errorf("got %+v, %q, %v; want a configuration in passthrough mode", c, warnings, err)
	}
	// What is commented out is right as well, once its file is there.
	whole := regexp.MustCompile(`(?m)^#([A-Z_]+=)`).ReplaceAllString(example, "$1")
	whole = regexp.MustCompile(`(?m)^(INFERSHIELD_UPSTREAM_CA|OPENAI_API_KEY_FILE)=.*$`).ReplaceAllString(whole, "")
	if _, warnings, err := load(t, map[string]string{".env": whole}, []string{"HOME=/home/ann"}); err != nil || warnings != "" {
		t.Errorf("with all of it: %q, %v", warnings, err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
