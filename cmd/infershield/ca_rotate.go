package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

// overlapMax bounds --overlap: longer, and the root before is as good as in use.
const overlapMax = 366 * 24 * time.Hour

func newCARotateCommand(a *app) *cobra.Command {
	var overlap time.Duration
	var now, asJSON bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Replaces the authority by another one for the same hosts",
		Long: `Makes another authority, with a key of its own, and forgets the key of the one
before. While the overlap lasts programs that trust either of the two go on, so
that there is time to install the new one; ca export then prints both. A running
instance takes the new one over within seconds.

--now makes no overlap: programs that trust only the one before are refused at
once, as must be if somebody may have its key.`,
		Example: `  infershield ca rotate
  infershield ca rotate --overlap 168h
  infershield ca rotate --now`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if overlap <= 0 || overlap > overlapMax {
				return misuse{withHint(fmt.Errorf("an overlap of %v: it must be longer than 0 and %v at most", overlap, overlapMax),
					"infershield ca rotate --overlap %v; --now makes none", ca.DefaultOverlap)}
			}
			if now && cmd.Flags().Changed("overlap") {
				return misuse{withHint(errors.New("--now is without an overlap, and --overlap is for one"), "infershield ca rotate --now")}
			}
			if now {
				overlap = 0
			}
			authority, err := a.openAuthority(cmd)
			if err != nil {
				return err
			}
			change := authority.Change()
			if change.Event == ca.Unchanged { // else it is as new as can be
				change, err = authority.Rotate(overlap)
			}
			if err != nil {
				return rotateError(err)
			}
			done := describeRotation(authority, change)
			if asJSON {
				return writeJSON(a.stdout, done)
			}
			return done.print(a.stdout)
		},
	}
	cmd.Flags().DurationVar(&overlap, "overlap", ca.DefaultOverlap, "for `how long` programs that trust only the authority before go on")
	cmd.Flags().BoolVar(&now, "now", false, "without an overlap")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "data-dir", "intercept")
	return cmd
}

func rotateError(err error) error {
	switch {
	case errors.Is(err, ca.ErrOverlapping):
		return withHint(err, "wait until then; or infershield ca rotate --now, which cuts off what trusts neither the authority in use nor the next")
	case errors.Is(err, ca.ErrCannotVouch):
		return withHint(err, "infershield ca rotate --now, then infershield ca install: programs are refused in between")
	}
	return withHint(err, "infershield ca show")
}

// rotation is what `ca rotate` prints.
type rotation struct {
	Name         string     `json:"name"`
	Fingerprint  string     `json:"fingerprint_sha256"`
	Certificate  string     `json:"certificate"`   // path
	Before       string     `json:"before"`        // path of the certificate that was replaced
	OverlapUntil *time.Time `json:"overlap_until"` // null without one
}

func describeRotation(authority *ca.Authority, change ca.Change) rotation {
	return rotation{
		Name:         authority.Root().Subject.CommonName,
		Fingerprint:  authority.Fingerprint(),
		Certificate:  authority.Path(),
		Before:       change.Old,
		OverlapUntil: timeOrNull(change.Until),
	}
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (r rotation) print(w io.Writer) error {
	text := fmt.Sprintf("The authority is now %s.\n", r.Name)
	switch {
	case r.OverlapUntil != nil:
		text += fmt.Sprintf("Until %s programs that trust only the one before go on as they are.\n", r.OverlapUntil.Format(time.DateTime+" MST"))
	case r.Before != "":
		text += "Programs that trust only the one before are refused from now on.\n"
	}
	text += "A running instance takes it over within seconds.\n\n" +
		"Next, let this machine's programs trust it:\n  infershield ca install\n" +
		"and give those elsewhere what this prints:\n  infershield ca export\n"
	_, err := io.WriteString(w, text)
	return err
}
