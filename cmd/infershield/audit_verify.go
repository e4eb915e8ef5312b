package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
)

func newAuditVerifyCommand(a *app) *cobra.Command {
	var head, asJSON bool
	var expect string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Checks that no record was changed, moved or taken out",
		Long: `Walks the chain of hashes over all records, and compares each record with its
link, its columns and the index that finds it. What is wrong is named.

Whoever can write the database can also write its whole chain anew, or cut off
its end. Against that, keep the hash that --head prints somewhere else, and ask
for it later with --expect.`,
		Example: "  infershield audit verify --head >> heads.txt   # by cron, to another machine\n  infershield audit verify --expect 9f86d081…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if expect = strings.TrimSpace(expect); expect != "" && len(expect) != 64 {
				return misuse{withHint(errors.New("--expect takes the 64 digits that --head prints"), "infershield audit verify --head")}
			}
			return a.withLog(cmd, func(log *audit.Log) error {
				if head {
					return a.printHead(cmd.Context(), log, asJSON)
				}
				return a.verify(cmd.Context(), log, expect, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&head, "head", false, "print the newest link, to be kept elsewhere, and check nothing")
	cmd.Flags().StringVar(&expect, "expect", "", "a `hash` that --head printed, which must be in the chain")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "audit", "data-dir")
	return cmd
}

func (a *app) printHead(ctx context.Context, log *audit.Log, asJSON bool) error {
	h, err := log.Head(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.stdout, h)
	}
	_, err = fmt.Fprintf(a.stdout, "%d %s %s\n", h.Seq, h.Hash, h.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	return err
}

func (a *app) verify(ctx context.Context, log *audit.Log, expect string, asJSON bool) error {
	told := a.progress()
	r, err := log.Verify(ctx, expect, func(seen, of int64) { told("%d of %d entries seen", seen, of) })
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(a.stdout, r)
	} else {
		err = a.printReport(r, expect)
	}
	if err == nil && (len(r.Faults) > 0 || expect != "" && !r.Expected) {
		return exitCode(exitFailed)
	}
	return err
}

func (a *app) printReport(r audit.Report, expect string) error {
	p := a.palette(a.stdout)
	var b strings.Builder
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "%s  entry %d, record %s, %s: %s\n", p.red(column(strings.ToUpper(f.Kind), 7)), f.Seq, dash(printable(f.ID)),
			f.Time.UTC().Format("2006-01-02T15:04:05.000Z"), printable(f.Text))
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.More)
	}
	verdict := p.bold("The chain is whole")
	if len(r.Faults) > 0 {
		verdict = p.red("The chain is not whole")
	}
	fmt.Fprintf(&b, "%s: %d records, of entries %d to %d", verdict, r.Records, r.Deleted+1, r.Head.Seq)
	if r.Deleted > 0 {
		fmt.Fprintf(&b, "; %d before them were deleted by retention", r.Deleted)
	}
	if r.Gaps > 0 {
		fmt.Fprintf(&b, "; %d entries tell of %d records that were lost", r.Gaps, r.Lost)
	}
	fmt.Fprintf(&b, ".\nHead %s\n", r.Head.Hash)
	switch {
	case expect == "":
		fmt.Fprintf(&b, "%s\n", p.dim("Whether its end was cut off, or all of it written anew, shows only a head that was kept: --expect."))
	case r.Expected:
		fmt.Fprintf(&b, "The expected head is in the chain: nothing up to it was written anew.\n")
	default:
		fmt.Fprintf(&b, "%s in the chain: it was written anew or cut off, or retention deleted that entry.\n", p.red("The expected head is not"))
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
