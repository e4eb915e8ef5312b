package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/policy"
)

// auditFlags are what the verbs that list records may be asked for.
type auditFlags struct {
	json                 bool
	since, until, status string
	picked               audit.Filter
}

// bind adds the flags of the filters.
func (f *auditFlags) bind(cmd *cobra.Command, limit int, limitUsage string) {
	flags, p := cmd.Flags(), &f.picked
	flags.IntVarP(&p.Limit, "limit", "n", limit, limitUsage)
	flags.StringVar(&f.since, "since", "", "only `when` or later: 30m, 2h, 7d, 2026-01-31 or RFC 3339")
	flags.StringVar(&f.until, "until", "", "only before `when`")
	flags.IntVar(&p.RiskMin, "risk", 0, "only this `risk` or a higher one")
	flags.StringVar(&f.status, "status", "", "only answers of this `class`: 2xx, 4xx …")
	flags.StringVar(&p.Text, "search", "", "only with these `words` in the excerpts; \"a phrase\" and begin* work too")
	for _, word := range []struct {
		to          *string
		name, about string
	}{
		{&p.Action, "action", "only `action`: allow, redact or block"},
		{&p.Severity, "severity", "only `severity`: low, medium, high or critical"},
		{&p.Label, "label", "only with this `label`"},
		{&p.Category, "category", "only with a finding of this `category`"},
		{&p.Rule, "rule", "only with a finding of this `rule`"},
		{&p.Host, "host", "only to this `host`"},
		{&p.Endpoint, "endpoint", "only to this `endpoint`, such as chat.completions"},
		{&p.Model, "model", "only to this `model`"},
		{&p.Agent, "agent", "only from this `agent`"},
		{&p.Session, "session", "only of this `session`"},
		{&p.Client, "client", "only from this `address`"},
		{&p.Door, "door", "only through this `door`: connect, absolute, local or transparent"},
		{&p.KeyMode, "key-mode", "only in this `mode` of keys: server, passthrough or auto"},
		{&p.IDPrefix, "id", "only ids that begin with `prefix`"},
	} {
		flags.StringVar(word.to, word.name, "", word.about)
	}
	bindSettings(cmd, "audit", "data-dir")
}

func (f *auditFlags) bindJSON(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line")
}

// filter checks the flags.
func (f *auditFlags) filter(now time.Time) (audit.Filter, error) {
	p := f.picked
	wrong := func(flag string, err error, example string) error {
		return misuse{withHint(fmt.Errorf("--%s: %w", flag, err), "for example --%s %s", flag, example)}
	}
	var err error
	if p.Since, err = parseSince(f.since, now); err != nil {
		return p, wrong("since", err, "2h")
	}
	if p.Until, err = parseSince(f.until, now); err != nil {
		return p, wrong("until", err, "2h")
	}
	for _, word := range []struct {
		flag, value, example string
		allowed              []string
	}{
		{"action", p.Action, "block", []string{policy.Allow.String(), policy.Redact.String(), policy.Block.String()}},
		{"severity", p.Severity, "high", []string{"low", "medium", "high", "critical"}},
		{"door", p.Door, "connect", []string{"connect", "absolute", "local", "transparent"}},
		{"key-mode", p.KeyMode, "auto", []string{"server", "passthrough", "auto"}},
		{"status", f.status, "4xx", []string{"1xx", "2xx", "3xx", "4xx", "5xx"}},
	} {
		if word.value == "" {
			continue
		}
		if err := oneOf(word.value, word.allowed...); err != nil {
			return p, wrong(word.flag, err, word.example)
		}
	}
	if f.status != "" {
		p.StatusClass = int(f.status[0] - '0')
	}
	if p.Limit < 0 || p.RiskMin < 0 || p.RiskMin > 100 {
		return p, misuse{withHint(errors.New("--limit is 0 or more, --risk 0 to 100"), "for example --limit 20 --risk 70")}
	}
	return p, nil
}
