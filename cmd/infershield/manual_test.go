package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var manual = flag.String("manual", "", "folder to write the man pages to")

// The man pages are written from the commands themselves, here and not by the
// binary, which would have to carry what writes them:
// go test ./cmd/infershield -run TestManual -args -manual DIR
func TestManual(t *testing.T) {
	dir := *manual
	if dir == "" {
		dir = t.TempDir()
	}
	if err := writeManual(dir); err != nil {
		t.Fatal(err)
	}
	commands := 0
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		commands++
		if c.Short == "" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub)
			}
		}
	}
	visit(newRootCommand(&app{stdout: io.Discard, stderr: io.Discard}))
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) != commands {
		t.Errorf("%d pages for %d commands, %v", len(pages), commands, err)
	}
	if _, err := exec.LookPath("mandoc"); err != nil {
		missing(t, "mandoc, which would read the pages,")
	}
	lint := exec.CommandContext(t.Context(), "mandoc", append([]string{"-Tlint", "-Werror"}, pages...)...)
	if out, err := lint.CombinedOutput(); err != nil {
		t.Errorf("mandoc: %v\n%s", err, bytes.TrimSpace(out))
	}
}

// writeManual writes a page for each command. SOURCE_DATE_EPOCH dates them, so
// that one commit gives one set of pages.
func writeManual(dir string) error {
	date := time.Now()
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		date = time.Unix(epoch, 0)
	}
	date = date.UTC()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := newRootCommand(&app{stdout: io.Discard, stderr: io.Discard})
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "InferShield", Manual: "InferShield", Date: &date}
	return doc.GenManTree(root, header, dir)
}
