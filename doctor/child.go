package doctor

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// childTimeout bounds a shell that only starts and prints its environment.
const childTimeout = 8 * time.Second

// childShell is a way in which people start another shell.
type childShell struct {
	name string
	args []string
	file string // in the home folder: read last by such a shell
}

// envChild starts the user's shell as a login shell and as a new terminal would,
// and sees whether the settings survive its files.
func envChild(ctx context.Context, v *visit) []Finding {
	here := v.settings()
	if len(here) == 0 {
		return skipped("There is no setting in this shell that could be lost.")
	}
	if runtime.GOOS == "windows" {
		return skipped("Shells are not tried on Windows.")
	}
	shell := v.env["SHELL"]
	if shell == "" {
		shell = "/bin/sh"
	}
	var tried []string
	for _, child := range v.childShells(filepath.Base(shell)) {
		there, err := environmentIn(ctx, v, shell, child.args)
		if err != nil {
			continue // that shell does not start here; it can lose nothing
		}
		tried = append(tried, child.name)
		if lost := lostIn(here, there); len(lost) > 0 {
			fix := `printf '\n%s\n' ` + Quote(v.settleAnywhere()) + ` >> "$HOME"/` + child.file
			return wrong("A "+child.name+" loses these settings: "+list(lost)+".",
				"One of its files sets them otherwise. Programs started from there go their own way.", fix)
		}
	}
	if len(tried) == 0 {
		return skipped(shell + " does not start here.")
	}
	return ok("Settings survive in a " + strings.Join(tried, " and a ") + ".")
}

func (v *visit) childShells(shell string) []childShell {
	login, terminal := ".profile", ""
	switch shell {
	case "bash":
		terminal = ".bashrc"
		for _, name := range []string{".bash_profile", ".bash_login"} { // the first that is there is read, and no other
			if sameFile(filepath.Join(v.Home, name), filepath.Join(v.Home, name)) {
				login = name
				break
			}
		}
	case "zsh":
		login, terminal = ".zprofile", ".zshrc"
	case "fish":
		return nil // its files have another language
	}
	shells := []childShell{{"login shell", []string{"-l", "-c", "env"}, login}}
	if terminal != "" {
		shells = append(shells, childShell{"new terminal", []string{"-i", "-c", "env"}, terminal})
	}
	return shells
}

// environmentIn is what a program sees that such a shell starts.
func environmentIn(ctx context.Context, v *visit, shell string, args []string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, childTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, args...)
	cmd.Env = v.Environ
	cmd.WaitDelay = time.Second // a file may leave something running that holds the pipe
	alone(cmd)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	return environment(strings.Split(string(out), "\n")), nil
}

// lostIn are the settings that are gone, or others, there. What was added to is
// still there.
func lostIn(here, there map[string]string) []string {
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(here)) {
		if !strings.Contains(there[name], here[name]) {
			lost = append(lost, name)
		}
	}
	return lost
}

// settleAnywhere is settle for a file of a shell's, where the PATH may be
// another.
func (v *visit) settleAnywhere() string { return `eval "$(` + v.findable(v.Command("env")) + `)"` }

// findable is a command line whose program is named by its path.
func (v *visit) findable(command string) string {
	name, rest, _ := strings.Cut(command, " ")
	if filepath.IsAbs(name) {
		return command
	}
	for _, dir := range filepath.SplitList(v.env["PATH"]) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(path) {
			return Quote(path) + " " + rest
		}
	}
	return command
}
