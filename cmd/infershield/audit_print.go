package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/infershield/infershield/audit"
)

// auditTable prints records as rows. Its columns have fixed widths, because
// rows may come one at a time.
type auditTable struct {
	w       io.Writer
	colours palette
	ago     bool // times as "5m ago"
	rows    int
}

func (a *app) newAuditTable() *auditTable {
	return &auditTable{w: a.stdout, colours: a.palette(a.stdout), ago: isTerminal(a.stdout)}
}

func (t *auditTable) row(r audit.Record) error {
	when, width := r.Time.UTC().Format("2006-01-02T15:04:05Z"), 20
	if t.ago {
		when, width = ago(time.Since(r.Time)), 8
	}
	if t.rows == 0 {
		header := fmt.Sprintf("%-*s  %-6s  %4s  %6s  %-18s  %-16s  %-16s  %-36s  %s", width,
			"TIME", "ACTION", "RISK", "STATUS", "ENDPOINT", "MODEL", "AGENT", "LABELS", "ID")
		if _, err := fmt.Fprintln(t.w, t.colours.bold(header)); err != nil {
			return err
		}
	}
	t.rows++
	_, err := fmt.Fprintf(t.w, "%s  %s  %s  %6d  %s  %s  %s  %s  %s\n",
		t.colours.dim(column(when, width)), t.colours.action(column(r.Action, 6)), t.colours.risk(r.Risk), r.Status,
		column(r.Endpoint, 18), column(dash(r.Model), 16), column(r.Agent, 16),
		column(dash(strings.Join(r.Labels, ",")), 36), printable(r.ID))
	return err
}

// risk is four columns wide.
func (p palette) risk(risk int) string {
	text := fmt.Sprintf("%4d", risk)
	switch {
	case risk >= 70:
		return p.red(text)
	case risk >= 40:
		return p.yellow(text)
	}
	return text
}

// column is s in exactly n columns.
func column(s string, n int) string {
	s = printable(s)
	if count := utf8.RuneCountInString(s); count <= n {
		return s + strings.Repeat(" ", n-count)
	}
	return string([]rune(s)[:n-1]) + "…"
}

// printable replaces what could move the cursor or colour the terminal: much
// of a record is the client's to choose.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// ago is how long ago something was, in one unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", d/time.Hour)
	}
	return fmt.Sprintf("%dd ago", d/(24*time.Hour))
}

// showRecord prints everything that a record holds.
func (a *app) showRecord(r audit.Record) error {
	p := a.palette(a.stdout)
	t := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(t, "%s\t%s\n", "Action", p.action(printable(r.Action))+fmt.Sprintf(", risk %d (%s), mode %s", r.Risk, printable(r.Severity), printable(r.Mode)))
	line("Labels", "%s", dash(strings.Join(r.Labels, ", ")))
	line("ID", "%s", r.ID)
	line("Time", "%s", r.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	line("Request", "%s %s%s", r.Method, r.Host, r.Path)
	line("Status", "%d", r.Status)
	line("Endpoint", "%s, model %s, stream %t", dash(r.Endpoint), dash(r.Model), r.Stream)
	line("Client", "%s, agent %s, session %s", dash(r.Client), dash(r.Agent), dash(r.Session))
	line("Door", "%s, key mode %s, policy %s", dash(r.Door), dash(r.KeyMode), dash(r.PolicyVersion))
	line("Bytes", "%d asked, %d answered, %d held at most", r.RequestBytes, r.ResponseBytes, r.HeldBytesMax)
	line("Time taken", "%d ms, first byte after %d ms, inspection %d µs", r.DurationMS, r.FirstByteMS, r.InspectUS)
	line("Request body", "%s", digests(r.BodySHA256.RequestIn, r.BodySHA256.RequestOut))
	line("Answer body", "%s", digests(r.BodySHA256.ResponseIn, r.BodySHA256.ResponseOut))
	line("Prompt", "%s", dash(r.PromptExcerpt))
	line("Answer", "%s", dash(r.ResponseExcerpt))
	if r.Error != "" {
		line("Error", "%s", r.Error)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return a.showTables(r)
}

// digests says whether a body went on as it came.
func digests(in, out string) string {
	switch {
	case in == "" && out == "":
		return "–"
	case in == out:
		return "unchanged, sha256 " + in
	}
	return "sha256 " + dash(in) + " came, " + dash(out) + " went on"
}

// showTables prints what was found and what was inspected.
func (a *app) showTables(r audit.Record) error {
	t := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	if len(r.Findings) > 0 {
		fmt.Fprint(t, "\nFINDING\tCATEGORY\tSCORE\tIN\tROLE\tPATH\tBYTES\n")
	}
	for _, f := range sortedFindings(r) {
		fmt.Fprintf(t, "%s\t%s\t%.2f\t%s\t%s\t%s\t%d-%d\n", printable(f.Rule), printable(f.Category), f.Score,
			printable(f.Direction), printable(f.Role), printable(dash(f.Path)), f.Start, f.End)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(r.Coverage) > 0 {
		fmt.Fprint(t, "\nSURFACE\tSTATE\tREASON\n")
	}
	for _, c := range r.Coverage {
		fmt.Fprintf(t, "%s\t%s\t%s\n", printable(c.Surface), printable(c.State), printable(dash(c.Reason)))
	}
	return t.Flush()
}
