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
)

func newAuditCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Reads the record of what went through",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return which(cmd) },
	}
	cmd.AddCommand(newAuditListCommand(a), newAuditShowCommand(a), newAuditWhyCommand(a), newAuditTailCommand(a),
		newAuditExportCommand(a), newAuditVerifyCommand(a))
	return cmd
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
	flags.bindJSON(cmd)
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
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRecord(cmd, args[0], func(r audit.Record) error {
				if asJSON {
					return writeJSON(a.stdout, r)
				}
				return a.showRecord(r)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "audit", "data-dir")
	return cmd
}

func oneID(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return withHint(fmt.Errorf("one ID is needed, not %d", len(args)), "infershield audit list shows ids in its last column")
}

// withRecord finds one exchange.
func (a *app) withRecord(cmd *cobra.Command, id string, use func(audit.Record) error) error {
	return a.withLog(cmd, func(log *audit.Log) error {
		records, err := findSoon(cmd.Context(), log, id)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return withHint(fmt.Errorf("no exchange has the id %s", quoted(id)), "infershield audit list shows ids in its last column")
		}
		return use(records[0])
	})
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
	flags.bindJSON(cmd)
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
