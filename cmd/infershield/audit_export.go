package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
)

func newAuditExportCommand(a *app) *cobra.Command {
	var flags auditFlags
	var format, output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Writes exchanges as JSON lines, CSV or HTTP Archive",
		Long: `Writes exchanges, newest first, with the filters of list. An HTTP Archive has
masked excerpts in place of bodies, and no headers: none are recorded.`,
		Example: "  infershield audit export --since 7d --format csv -o week.csv\n  infershield audit export --action block --format har > blocked.har",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			if err := oneOf(format, "jsonl", "csv", "har"); err != nil {
				return misuse{withHint(fmt.Errorf("--format: %w", err), "for example --format csv")}
			}
			return a.withLog(cmd, func(log *audit.Log) error { return a.export(cmd.Context(), log, picked, format, output) })
		},
	}
	flags.bind(cmd, 0, "at most this `many`; 0 for all")
	cmd.Flags().StringVar(&format, "format", "jsonl", "`format`: jsonl, csv or har")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this `file` instead of the standard output")
	return cmd
}

func (a *app) export(ctx context.Context, log *audit.Log, picked audit.Filter, format, output string) error {
	told := a.progress()
	write := func(w io.Writer) error {
		var written int64
		err := log.Export(ctx, picked, format, w, func(n int64) {
			written = n
			told("%d records written", n)
		})
		if err == nil && output != "" {
			fmt.Fprintf(a.stderr, "%d records are in %s\n", written, output)
		}
		return err
	}
	if output == "" || output == "-" {
		output = ""
		return write(a.stdout)
	}
	return replaceFile(output, write)
}

// replaceFile writes a file that only its owner can read. Where that fails,
// what was there before stays.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".infershield-*")
	if err != nil {
		return withHint(fmt.Errorf("writing %s: %w", path, err), "-o FILE names a file in a folder of your own")
	}
	defer func() { _ = os.Remove(f.Name()) }() // there is none where all went well
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// progress returns what tells how far something is, on a terminal and no more
// than once a second.
func (a *app) progress() func(format string, args ...any) {
	last := time.Now()
	return func(format string, args ...any) {
		if !isTerminal(a.stderr) || time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(a.stderr, "%s\n", a.palette(a.stderr).dim(fmt.Sprintf(format, args...)))
	}
}
