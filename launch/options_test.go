package launch_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infershield/infershield/launch"
)

// folders are names that programs take apart, each in its own way.
var folders = []string{"plain", "two words", "it's", `a"b`, `"`, `'"'`, `back\slash`, `end\`, "ünï", "$HOME", "#x", "%41", "-r", "a;b", "(x)", "=y", "tab\tx"}

// Real programs read the paths that they are given, whatever they are called.
func TestProgramsReadOddPaths(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node, Java and PHP for each path")
	}
	for _, program := range []struct {
		name string
		args []string
		want func(launch.Files) string // must be in what it says
	}{
		{"node", []string{"-p", "Symbol.for('infershield.preload') in globalThis"}, func(launch.Files) string { return "true\n" }},
		{"java", []string{"-XshowSettings:properties", "-version"}, func(f launch.Files) string { return "javax.net.ssl.trustStore = " + f.TrustStore + "\n" }},
		{"php", []string{"-r", "echo ini_get('curl.cainfo'), '|', ini_get('openssl.cafile'), '|';"}, func(f launch.Files) string { return f.Bundle + "|" + f.Bundle + "|" }},
		{"wget", []string{"--debug", "--tries=1", "--no-proxy", "https://localhost:1/"}, func(f launch.Files) string { return "Loaded CA certificate '" + f.Bundle + "'\n" }},
	} {
		t.Run(program.name, func(t *testing.T) {
			path, err := exec.LookPath(program.name)
			if err != nil {
				t.Skipf("%s is missing", program.name)
			}
			t.Parallel()
			src := launch.Sources{CA: root(t, "ours"), Bundle: root(t, "system"), TrustStorePassword: "changeit"}
			base := t.TempDir()
			for _, folder := range folders {
				if strings.ContainsAny(folder, "\t") && program.name == "java" {
					continue // -XshowSettings escapes it
				}
				written, _, err := launch.Write(filepath.Join(base, folder), nil, src)
				if err != nil {
					t.Fatal(err)
				}
				written.TrustStore = filepath.Join(base, folder, "truststore.p12")
				plan := launch.Settings{Proxy: "http://127.0.0.1:8000", Hosts: []string{openAI}, Files: written}.Plan(nil)
				cmd := exec.CommandContext(t.Context(), path, program.args...)
				cmd.Env = plan.Environ([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + base, "LC_ALL=C.UTF-8"})
				out, _ := cmd.CombinedOutput() // wget fails, as it should
				if !bytes.Contains(out, []byte(program.want(written))) {
					t.Errorf("in %q: got %s; want %q in it", folder, out, program.want(written))
				}
			}
		})
	}
}
