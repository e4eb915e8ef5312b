// Command release writes what is handed out: archives for each platform, .deb
// and .rpm packages, bills of materials and their sums. One commit gives one
// set of bytes: times come from the commit, order from names, owners are root,
// and paths of the machine that builds are left out.
//
//	go run ./scripts/release [-out dist] [-version V] [-targets linux/amd64,…]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// everywhere is where releases are built for.
const everywhere = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

// release is one run. Paths are relative to the source's folder.
type release struct {
	out     string // everything is written below it
	version string // as the binary says it
	time    time.Time
	targets []target

	goVersion string // of the toolchain, as in go1.26.1
}

// target is a platform that Go builds for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "_" + t.arch }

// exe is the name of the binary there.
func (t target) exe() string {
	if t.os == "windows" {
		return "infershield.exe"
	}
	return "infershield"
}

func main() {
	out := flag.String("out", "dist", "`folder` that is written anew")
	version := flag.String("version", "", "version to release (default: git describe)")
	targets := flag.String("targets", everywhere, "`platforms` to build for")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := newRelease(ctx, *out, *version, *targets)
	if err == nil {
		err = r.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func newRelease(ctx context.Context, out, version, targets string) (*release, error) {
	r := &release{out: out, version: version, goVersion: runtime.Version()}
	for name := range strings.SplitSeq(targets, ",") {
		system, arch, ok := strings.Cut(name, "/")
		if !ok {
			return nil, fmt.Errorf("target %q is not os/arch", name)
		}
		r.targets = append(r.targets, target{system, arch})
	}
	var err error
	if r.version == "" {
		if r.version, err = output(ctx, "git", "describe", "--tags", "--always", "--dirty"); err != nil {
			return nil, err
		}
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		if epoch, err = output(ctx, "git", "log", "-1", "--format=%ct"); err != nil {
			return nil, err
		}
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	r.time = time.Unix(seconds, 0).UTC()
	return r, nil
}

// run makes everything. Whoever reads it has read the release.
func (r *release) run(ctx context.Context) error {
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	for _, t := range r.targets {
		r.say("building for %s", t)
		if err := r.build(ctx, t); err != nil {
			return err
		}
	}
	r.say("writing man pages, completions and licences")
	if err := r.document(ctx); err != nil {
		return err
	}
	for _, t := range r.targets {
		r.say("packing for %s", t)
		if err := r.bill(t); err != nil {
			return err
		}
		if err := r.archive(t); err != nil {
			return err
		}
		if t.os != "linux" {
			continue
		}
		if err := r.packages(ctx, t); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(r.stage()); err != nil {
		return err
	}
	return r.sums()
}

// stage is the folder of what goes into archives and packages.
func (r *release) stage(elements ...string) string {
	return filepath.Join(append([]string{r.out, "stage"}, elements...)...)
}

// name is how a file for t is called.
func (r *release) name(t target, suffix string) string {
	return filepath.Join(r.out, fmt.Sprintf("infershield_%s_%s%s", r.packageVersion(), t, suffix))
}

var (
	tagged = regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+)(.*)$`)
	after  = regexp.MustCompile(`^-[0-9]+-g[0-9a-f]+|^-dirty`)
)

// packageVersion is the version as dpkg and rpm order it: what git describes as
// after a tag comes after its release (+), a candidate comes before it (~), and
// a commit without any tag before all of them.
func (r *release) packageVersion() string {
	m := tagged.FindStringSubmatch(r.version)
	switch {
	case m == nil:
		return fmt.Sprintf("0.0.0~%s.%s", r.time.Format("20060102150405"), strings.ReplaceAll(r.version, "-", "."))
	case m[2] == "":
		return m[1]
	case after.MatchString(m[2]):
		return m[1] + "+" + strings.ReplaceAll(m[2][1:], "-", ".")
	}
	return m[1] + "~" + strings.ReplaceAll(strings.TrimLeft(m[2], "-"), "-", ".")
}

func (r *release) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "release: "+format+"\n", args...)
}

// output runs a command and returns what it says, without the end of its line.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimRight(string(b), "\n"), nil
}
