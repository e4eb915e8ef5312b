package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// build makes the binary for t. The version is all that the linker is told;
// the commit comes from git by way of go build.
func (r *release) build(ctx context.Context, t target) error {
	return r.goTool(ctx, []string{"CGO_ENABLED=0", "GOOS=" + t.os, "GOARCH=" + t.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT="},
		"build", "-trimpath", "-buildvcs=auto", "-ldflags", "-s -w -buildid= -X main.version="+r.version,
		"-o", r.stage(t.String(), t.exe()), "./cmd/infershield")
}

// goTool runs the Go command with more in its environment.
func (r *release) goTool(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(append(os.Environ(), env...), fmt.Sprint("SOURCE_DATE_EPOCH=", r.time.Unix()))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// document writes what is the same for all platforms: man pages, completions,
// the changelog as Debian wants it, and the licences of what is in the binary.
func (r *release) document(ctx context.Context) error {
	man, err := filepath.Abs(r.stage("man"))
	if err != nil {
		return err
	}
	if err := r.goTool(ctx, nil, "test", "-count=1", "./cmd/infershield", "-run", "^TestManual$", "-args", "-manual", man); err != nil {
		return err
	}
	if err := r.debianChangelog(); err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil {
		return err
	}
	for _, page := range append(pages, "CHANGELOG.md", r.stage("changelog.Debian")) {
		if err := compress(page, r.stage("gz", strings.Replace(filepath.Base(page), "CHANGELOG.md", "changelog", 1)+".gz")); err != nil {
			return err
		}
	}
	if err := r.completions(ctx); err != nil {
		return err
	}
	return r.licences(ctx)
}

// debianChangelog is the entry of this package that Debian asks for. What has
// changed for users is in CHANGELOG.md, which the package has as well.
func (r *release) debianChangelog() error {
	return write(r.stage("changelog.Debian"), fmt.Appendf(nil, "infershield (%s-1) unstable; urgency=medium\n\n  * Built from upstream; see /usr/share/doc/infershield/changelog.gz.\n\n -- %s  %s\n",
		r.packageVersion(), maintainer, r.time.Format("Mon, 02 Jan 2006 15:04:05 -0700")))
}

// completions are the binary's own words, whichever platform they come from.
func (r *release) completions(ctx context.Context) error {
	t := target{runtime.GOOS, runtime.GOARCH}
	host := r.stage(t.String(), t.exe())
	if !slices.Contains(r.targets, t) {
		host = r.stage("host", t.exe())
		if err := r.goTool(ctx, []string{"CGO_ENABLED=0"}, "build", "-trimpath", "-o", host, "./cmd/infershield"); err != nil {
			return err
		}
	}
	for shell, file := range map[string]string{"bash": "infershield.bash", "zsh": "_infershield", "fish": "infershield.fish", "powershell": "infershield.ps1"} {
		text, err := output(ctx, host, "completion", shell)
		if err != nil {
			return err
		}
		if err := write(r.stage("completions", file), []byte(text+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// compress writes from to the gzip file to, without name and time.
func compress(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return write(to, b.Bytes())
}

// write makes a file and the folders above it.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
