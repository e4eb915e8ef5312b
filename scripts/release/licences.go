package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// licenceFile is what modules call the files that must go with their code.
var licenceFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice|patents|copyright)|licen[cs]e(\.\w+)?$`)

// licences writes third-party-licences.txt: the licence of each module that is
// in a binary of this release, and of Go itself.
func (r *release) licences(ctx context.Context) error {
	versions := map[string]string{}
	for _, t := range r.targets {
		modules, err := r.modules(t)
		if err != nil {
			return err
		}
		for _, m := range modules {
			versions[m.Path] = m.Version
		}
	}
	dirs, err := moduleDirs(ctx)
	if err != nil {
		return err
	}
	root, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("InferShield contains the works below, each under its own licence.\n")
	if err := appendLicences(&b, "the Go standard library and runtime, "+r.goVersion, root); err != nil {
		return err
	}
	for _, path := range sortedKeys(versions) {
		if err := appendLicences(&b, path+" "+versions[path], dirs[path]); err != nil {
			return err
		}
	}
	return write(r.stage("third-party-licences.txt"), []byte(b.String()))
}

// modules are those that the linker put into the binary for t, by path.
func (r *release) modules(t target) ([]*debug.Module, error) {
	info, err := buildinfo.ReadFile(r.stage(t.String(), t.exe()))
	if err != nil {
		return nil, err
	}
	modules := slices.Clone(info.Deps)
	for i, m := range modules {
		if m.Replace != nil {
			modules[i] = m.Replace
		}
	}
	slices.SortFunc(modules, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// moduleDirs is where the module cache has each module.
func moduleDirs(ctx context.Context) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-json=Path,Dir", "all")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	dirs := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return dirs, nil
		} else if err != nil {
			return nil, err
		}
		dirs[m.Path] = m.Dir
	}
}

// appendLicences copies the licences in dir. Without one nothing may be handed out.
func appendLicences(b *strings.Builder, title, dir string) error {
	if dir == "" {
		return fmt.Errorf("%s is not in the module cache: go mod download", title)
	}
	entries, err := os.ReadDir(dir) // by name
	if err != nil {
		return err
	}
	found := false
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		rule := strings.Repeat("-", 80)
		fmt.Fprintf(b, "\n%s\n%s (%s)\n%s\n\n%s\n", rule, title, e.Name(), rule, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	if !found {
		return fmt.Errorf("%s has no licence file", title)
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
