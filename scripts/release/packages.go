package main

import "context"

// nfpm writes the packages. It is no dependency of ours: the Go command fetches
// it, at the last version whose own dependencies can all be had.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4"

// maintainer is who packages name; packaging/nfpm.yaml has it too.
const maintainer = "InferShield <infershield@users.noreply.github.com>"

// packages writes the .deb and the .rpm for t, as packaging/nfpm.yaml says.
func (r *release) packages(ctx context.Context, t target) error {
	env := []string{
		"ARCH=" + t.arch, "PACKAGE_VERSION=" + r.packageVersion(), "STAGE=" + r.stage(), "BINARY=" + r.stage(t.String(), t.exe()),
		"GOFLAGS=",
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := r.goTool(ctx, env, "run", nfpm, "package", "--config", "packaging/nfpm.yaml", "--packager", format, "--target", r.out); err != nil {
			return err
		}
	}
	return nil
}
