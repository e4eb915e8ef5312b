package launch_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/infershield/infershield/launch"
)

// awkward are values that a shell would take apart.
var awkward = []string{
	"plain", "", "two words", "it's", `"double"`, "$HOME `id` $(id) \\", "a\nb", "*?[a]", "~", "#!;&|<>", "ünï ‘’‚‛", `\'`, "'", "''",
	"-n", "%PATH%", "{a,b}", "tab\there", "!history",
}

// What is printed for a shell is, once evaluated, the value itself.
func TestShellsReadWhatIsPrinted(t *testing.T) {
	for _, shell := range []struct {
		launch.Shell
		command []string
	}{
		{launch.Sh, []string{"sh", "-c"}},
		{launch.Sh, []string{"bash", "-c"}},
		{launch.Sh, []string{"zsh", "-c"}},
		{launch.Fish, []string{"fish", "-c"}},
		{launch.PowerShell, []string{"pwsh", "-NoProfile", "-Command"}},
	} {
		t.Run(shell.command[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell.command[0]); err != nil {
				t.Skipf("%s is missing", shell.command[0])
			}
			var script strings.Builder
			want := ""
			for _, value := range awkward {
				script.WriteString(shell.Set(launch.Assignment{Name: "LAUNCH_TEST", Value: value}))
				script.WriteString("\nprintenv LAUNCH_TEST\n")
				want += value + "\n"
			}
			script.WriteString(shell.Unset("LAUNCH_TEST") + "\nprintenv LAUNCH_TEST || echo gone\n")
			cmd := exec.Command(shell.command[0], append(shell.command[1:], script.String())...)
			cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/"}
			got, err := cmd.CombinedOutput()
			if err != nil || string(got) != want+"gone\n" {
				t.Errorf("got %v, %q; want %q", err, got, want+"gone\n")
			}
		})
	}
}

func TestShellOf(t *testing.T) {
	for program, want := range map[string]launch.Shell{
		"/bin/bash": launch.Sh, "/usr/bin/fish": launch.Fish, "zsh": launch.Sh, "/usr/bin/pwsh": launch.PowerShell, `C:\x\pwsh.exe`: launch.PowerShell,
	} {
		if got := launch.ShellOf(program); got != want {
			t.Errorf("%s: got %s; want %s", program, got, want)
		}
	}
}
