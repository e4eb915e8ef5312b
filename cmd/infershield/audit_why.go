package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
)

func newAuditWhyCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why ID",
		Short: "Says in words why an exchange was decided as it was",
		Long:  "Says in words why an exchange was decided as it was. ID is the request_id\nthat a blocked client was told.",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRecord(cmd, args[0], func(r audit.Record) error {
				if asJSON {
					return writeJSON(a.stdout, struct {
						ID  string   `json:"id"`
						Why []string `json:"why"`
					}{r.ID, whyRecord(r)})
				}
				for _, line := range whyRecord(r) {
					if _, err := fmt.Fprintln(a.stdout, printable(line)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "audit", "data-dir")
	return cmd
}

// whyRecord says in sentences what decided.
func whyRecord(r audit.Record) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	verdict := map[string]string{"allow": "was allowed", "redact": "was masked and went on", "block": "was blocked"}[r.Action]
	say("%s %s%s %s: risk %d of 100 (%s), in mode %s, by policy %s.", r.Method, r.Host, r.Path, verdict, r.Risk, r.Severity, r.Mode, r.PolicyVersion)
	found := sortedFindings(r)
	slices.SortStableFunc(found, func(a, b audit.Finding) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	for i, f := range found {
		weight := "It also found"
		if i == 0 {
			weight = "What weighed most is"
		}
		say("%s %s (%s, score %.2f) in the %s, role %s, at %s, bytes %d to %d.", weight, f.Rule, f.Category, f.Score, f.Direction, dash(f.Role), dash(f.Path), f.Start, f.End)
	}
	if len(found) == 0 {
		say("Nothing was found in what was inspected.")
	}
	for _, c := range r.Coverage {
		if c.State != "scanned" {
			say("Not inspected: %s is %s, %s.", c.Surface, c.State, dash(c.Reason))
		}
	}
	if r.BodySHA256.RequestIn != "" && r.BodySHA256.RequestIn != r.BodySHA256.RequestOut && r.Action != "block" {
		say("The request went on changed: the sums of its body differ.")
	}
	if r.Error != "" {
		say("The exchange did not end well: %s.", r.Error)
	}
	return lines
}
