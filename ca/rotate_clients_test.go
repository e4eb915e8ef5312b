package ca_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/infershield/infershield/ca"
)

// These follow the link of a rotation, but do not hold a root to its
// constraints, or do not say so in the words of the others.
var moreClients = []client{
	{"gnutls-cli", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		address, port, _ := net.SplitHostPort(addr)
		return exec.CommandContext(ctx, path, "--x509cafile="+roots, "--sni-hostname="+host, "--verify-hostname="+host, "--port="+port, address)
	}},
	{"java", func(ctx context.Context, path, roots, addr, host string) *exec.Cmd {
		address, port, _ := net.SplitHostPort(addr)
		return exec.CommandContext(ctx, path, "testdata/Client.java", roots, address, port, host)
	}},
}

// While an overlap lasts every client gets through, whichever root it trusts;
// without one, only those who trust the new root.
func TestClientsRotate(t *testing.T) {
	dir, roots := t.TempDir(), t.TempDir()
	a := open(t, dir, openAI)
	file := func(name string, certs []byte) string {
		path := filepath.Join(roots, name)
		write(t, path, certs)
		return path
	}
	old := file("old.pem", pemOf(a.Root()))
	rotate(t, a, ca.DefaultOverlap)
	current := file("current.pem", pemOf(a.Root()))
	both := file("both.pem", written(t, a.WritePEM))
	overlapping := serve(t, a.Certificate)

	b := open(t, dir, openAI)
	rotate(t, b, 0)
	last := file("last.pem", pemOf(b.Root()))
	abrupt := serve(t, b.Certificate)

	for _, c := range slices.Concat(clients, moreClients) {
		t.Run(c.tool, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && c.tool == "java" {
				t.Skip("starting Java takes seconds")
			}
			path := need(t, c.tool)
			for name, trusted := range map[string]string{"the old root": old, "the new root": current, "both": both} {
				if out, err := run(c.connect(t.Context(), path, trusted, overlapping, openAI)); err != nil {
					t.Errorf("trusting %s, in the overlap: %v\n%s", name, err, out)
				}
			}
			if out, err := run(c.connect(t.Context(), path, current, abrupt, openAI)); err == nil {
				t.Errorf("trusting the root before, without an overlap: accepted; want refused\n%s", out)
			}
			if out, err := run(c.connect(t.Context(), path, last, abrupt, openAI)); err != nil {
				t.Errorf("trusting the new root, without an overlap: %v\n%s", err, out)
			}
		})
	}
}
