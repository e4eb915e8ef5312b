package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/policy"
)

func newAuditCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Reads the record of what went through",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return which(cmd) },
	}
	cmd.AddCommand(newAuditListCommand(a), newAuditShowCommand(a), newAuditTailCommand(a))
	return cmd
}

// auditFlags are what list and tail may be asked for.
type auditFlags struct {
	json                                     bool
	limit                                    int
	since, action, label, host, agent, model string
	risk                                     int
}

func (f *auditFlags) bind(cmd *cobra.Command, limit int, limitUsage string) {
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line")
	cmd.Flags().IntVarP(&f.limit, "limit", "n", limit, limitUsage)
	cmd.Flags().StringVar(&f.since, "since", "", "only `when` or later: 30m, 2h, 7d, 2026-01-31 or RFC 3339")
	cmd.Flags().StringVar(&f.action, "action", "", "only `action`: allow, redact or block")
	cmd.Flags().IntVar(&f.risk, "risk", 0, "only this `risk` or a higher one")
	cmd.Flags().StringVar(&f.label, "label", "", "only with this `label`")
	cmd.Flags().StringVar(&f.host, "host", "", "only to this `host`")
	cmd.Flags().StringVar(&f.agent, "agent", "", "only from this `agent`")
	cmd.Flags().StringVar(&f.model, "model", "", "only to this `model`")
	bindSettings(cmd, "audit", "data-dir")
}

// filter checks the flags.
func (f *auditFlags) filter(now time.Time) (audit.Filter, error) {
	picked := audit.Filter{Action: f.action, RiskMin: f.risk, Label: f.label, Host: f.host, Agent: f.agent, Model: f.model, Limit: f.limit}
	var err error
	if picked.Since, err = parseSince(f.since, now); err != nil {
		return picked, misuse{withHint(fmt.Errorf("--since: %w", err), "for example --since 2h")}
	}
	if f.action != "" {
		if err := oneOf(f.action, policy.Allow.String(), policy.Redact.String(), policy.Block.String()); err != nil {
			return picked, misuse{withHint(fmt.Errorf("--action: %w", err), "for example --action block")}
		}
	}
	if f.limit < 0 || f.risk < 0 || f.risk > 100 {
		return picked, misuse{withHint(errors.New("--limit is 0 or more, --risk 0 to 100"), "for example --limit 20 --risk 70")}
	}
	return picked, nil
}

// parseSince reads a point in time, or how long ago it was.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 36500 {
			return now.Add(-daysLong(n)), nil
		}
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is neither a time nor how long ago", quoted(s))
}

func newAuditListCommand(a *app) *cobra.Command {
	var flags auditFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Lists exchanges, newest first",
		Example: "  infershield audit list --since 2h --action block\n  infershield audit list --json --limit 1000",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			return a.withLog(cmd, func(log *audit.Log) error { return a.list(cmd.Context(), log, picked, flags.json) })
		},
	}
	flags.bind(cmd, 50, "at most this `many`; 0 for all")
	return cmd
}

// listPage is how many records list holds at a time.
const listPage = 500

func (a *app) list(ctx context.Context, log *audit.Log, picked audit.Filter, asJSON bool) error {
	table := a.newAuditTable()
	left := picked.Limit
	for {
		picked.Limit = listPage
		if left > 0 {
			picked.Limit = min(left, listPage)
		}
		page, err := log.Query(ctx, picked)
		if err != nil {
			return err
		}
		if err := a.printRecords(table, page.Records, asJSON); err != nil {
			return err
		}
		picked.Before = page.Next
		if left -= len(page.Records); left == 0 || page.Next == 0 {
			break
		}
	}
	if !asJSON && table.rows == 0 {
		a.printHint("no exchange fits, or none is stored yet; without filters infershield audit list shows all")
	}
	return nil
}

func (a *app) printRecords(table *auditTable, records []audit.Record, asJSON bool) error {
	for _, r := range records {
		var err error
		if asJSON {
			err = writeJSON(a.stdout, r)
		} else {
			err = table.row(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newAuditShowCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Prints one exchange: what was found where, and what was inspected",
		Long:  "Prints one exchange. ID is the request_id that a blocked client was told, and\nthe last column of `infershield audit list`.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return withHint(fmt.Errorf("one ID is needed, not %d", len(args)), "infershield audit list shows ids in its last column")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLog(cmd, func(log *audit.Log) error {
				records, err := findSoon(cmd.Context(), log, args[0])
				if err != nil {
					return err
				}
				if len(records) == 0 {
					return withHint(fmt.Errorf("no exchange has the id %s", quoted(args[0])), "infershield audit list shows ids in its last column")
				}
				if asJSON {
					return writeJSON(a.stdout, records[0])
				}
				return a.showRecord(records[0])
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "audit", "data-dir")
	return cmd
}

// findSoon looks for one record for a little longer than a proxy takes to store
// it: people look up a 403 the moment they get it.
func findSoon(ctx context.Context, log *audit.Log, id string) ([]audit.Record, error) {
	const tries, pause = 8, 75 * time.Millisecond
	for try := 1; ; try++ {
		page, err := log.Query(ctx, audit.Filter{ID: id, Limit: 1})
		if err != nil || len(page.Records) > 0 || try == tries {
			return page.Records, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func newAuditTailCommand(a *app) *cobra.Command {
	var flags auditFlags
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Prints the latest exchanges, then each new one until interrupted",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := flags.filter(time.Now())
			if err != nil {
				return err
			}
			return a.withLog(cmd, func(log *audit.Log) error { return a.tail(cmd.Context(), log, picked, flags.json) })
		},
	}
	flags.bind(cmd, 10, "begin with the latest so `many`")
	return cmd
}

// tail ends without an error when ctx does: that is how one leaves it.
func (a *app) tail(ctx context.Context, log *audit.Log, picked audit.Filter, asJSON bool) error {
	table := a.newAuditTable()
	for r, err := range log.Follow(ctx, picked) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.printRecords(table, []audit.Record{r}, asJSON); err != nil {
			return err
		}
	}
	return nil
}

// withLog opens the audit log for reading, while a proxy may be writing to it.
func (a *app) withLog(cmd *cobra.Command, use func(*audit.Log) error) error {
	c, err := a.loadConfig(cmd)
	if err != nil {
		return err
	}
	log, err := audit.Open(cmd.Context(), audit.Config{Path: c.auditPath(), ReadOnly: true})
	if err != nil {
		return auditError(c, err)
	}
	return errors.Join(use(log), log.Close())
}

func auditError(c *Config, err error) error {
	path := c.auditPath()
	switch {
	case c.auditIsURL():
		return withHint(err, "INFERSHIELD_AUDIT=postgres://USER@HOST/DATABASE names it; infershield serve sets it up")
	case errors.Is(err, fs.ErrNotExist):
		return withHint(fmt.Errorf("no audit database at %s yet", path), "infershield serve makes it; --audit FILE names another")
	case errors.Is(err, audit.ErrCorrupt):
		return withHint(err, "mv %s %s.damaged", path, path)
	case errors.Is(err, audit.ErrLocked):
		return withHint(err, "infershield audit list, once that program has ended")
	case errors.Is(err, audit.ErrForeign):
		return withHint(err, "infershield version tells this one; --audit FILE names another database")
	case errors.Is(err, fs.ErrPermission):
		return withHint(err, "sudo -u OWNER infershield audit list")
	}
	return err
}

// sortedFindings are r's, in the order in which they stand in the exchange.
func sortedFindings(r audit.Record) []audit.Finding {
	found := slices.Clone(r.Findings)
	slices.SortStableFunc(found, func(a, b audit.Finding) int {
		if a.Direction != b.Direction {
			return strings.Compare(a.Direction, b.Direction) // request before response
		}
		if a.Path != b.Path {
			return strings.Compare(a.Path, b.Path)
		}
		return a.Start - b.Start
	})
	return found
}
