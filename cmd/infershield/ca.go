package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

func newCACommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Shows, exports, installs and rotates the local certificate authority",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return which(cmd) },
	}
	cmd.AddCommand(newCAShowCommand(a), newCAExportCommand(a), newCARotateCommand(a), newCAInstallCommand(a), newCAUninstallCommand(a))
	return cmd
}

func newCAShowCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Prints the authority's name, fingerprint, validity, limits and who trusts it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			authority, err := a.openAuthority(cmd)
			if err != nil {
				return err
			}
			shown, err := describeAuthority(authority, trusters(cmd.Context(), a.storeMachine().Stores()))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.stdout, shown)
			}
			return shown.print(a.stdout, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	bindSettings(cmd, "data-dir", "intercept")
	return cmd
}

// openAuthority opens the authority as it is, or makes one if there is none.
// It keeps to the hosts that an existing one was made for: looking at it from a
// shell where INFERSHIELD_INTERCEPT differs must not replace the one in use.
func (a *app) openAuthority(cmd *cobra.Command) (*ca.Authority, error) {
	c, err := a.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	dir, err := c.openDataDir()
	if err != nil {
		return nil, err
	}
	hosts := c.Intercept
	if made := madeFor(filepath.Join(dir, "ca.pem")); len(made) > 0 {
		hosts = made
	}
	authority, err := openCA(ca.Open, dir, hosts)
	if err != nil {
		return nil, err
	}
	if authority.Change().Event == ca.Created {
		a.warn("there was no authority yet: made one, which nothing trusts until told to")
	}
	for _, warning := range authorityWarnings(authority, time.Now()) {
		a.warn(warning)
	}
	return authority, nil
}

// expirySoon is when the end of the root is worth a warning: there is time for
// an overlap then.
const expirySoon = 60 * 24 * time.Hour

// authorityWarnings are what whoever opened the authority must be told.
func authorityWarnings(authority *ca.Authority, now time.Time) []string {
	var warnings []string
	if change := authority.Change(); change.Event == ca.Reissued {
		until := "Programs that trusted the old one are refused until they"
		if !change.Until.IsZero() {
			until = "Programs that trusted the old one go on until " + change.Until.Format(time.DateOnly) + " for hosts that were on the list before; by then they"
		}
		warnings = append(warnings, fmt.Sprintf("a new certificate authority replaces the old one (%s). %s must be told to trust %s: infershield ca install",
			change.Why, until, authority.Path()))
	}
	if end := authority.Root().NotAfter; end.Sub(now) < expirySoon {
		warnings = append(warnings, fmt.Sprintf("the certificate authority ends on %s. Replace it before, while programs that trust it can go on: infershield ca rotate",
			end.Format(time.DateOnly)))
	}
	return warnings
}

// openCA calls open, which is ca.Open or ca.Hold. Their errors end in the
// command to type where there is one; that command is the hint.
func openCA(open func(dir string, hosts []string) (*ca.Authority, error), dir string, hosts []string) (*ca.Authority, error) {
	authority, err := open(dir, hosts)
	if err == nil {
		return authority, nil
	}
	if errors.Is(err, ca.ErrInUse) {
		return nil, withHint(err, "--data-dir DIR gives this instance an authority of its own; else end the other one, or give both the same --intercept%s",
			theirList(dir))
	}
	message := err.Error()
	for _, command := range []string{"chmod ", "rm "} {
		if i := strings.LastIndex(message, ": "+command); i >= 0 {
			return nil, withHint(err, "%s", message[i+len(": "):])
		}
	}
	return nil, withHint(err, "--data-dir DIR names another folder")
}

// theirList is the list of the instance that uses dir, as one types it.
func theirList(dir string) string {
	hosts := madeFor(filepath.Join(dir, "ca.pem"))
	if len(hosts) == 0 {
		return ""
	}
	return " " + strings.Join(hosts, ",")
}

// madeFor returns the hosts that the root at path may speak for; none if there
// is no such root.
func madeFor(path string) []string {
	source, err := readBounded(path, 1<<20)
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(source)
	if block == nil {
		return nil
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil // ca.Open says what is wrong with it
	}
	return limits(root)
}

// limits are the names and addresses that a root may speak for, beyond
// localhost and the proxy itself, which each of ours may.
func limits(root *x509.Certificate) []string {
	hosts := slices.DeleteFunc(slices.Clone(root.PermittedDNSDomains), func(name string) bool {
		return name == "localhost" || name == ca.OwnHost
	})
	for _, ipRange := range root.PermittedIPRanges {
		hosts = append(hosts, ipRange.IP.String())
	}
	return hosts
}

// shownCA is what `ca show` prints.
type shownCA struct {
	Name         string     `json:"name"`
	Fingerprint  string     `json:"fingerprint_sha256"`
	NotBefore    time.Time  `json:"not_before"`
	NotAfter     time.Time  `json:"not_after"`
	LimitedTo    []string   `json:"limited_to"`
	Certificate  string     `json:"certificate"`   // path
	Key          string     `json:"key"`           // path
	TrustedBy    []string   `json:"trusted_by"`    // names of the stores that hold it
	OverlapUntil *time.Time `json:"overlap_until"` // null without one
	Replaced     []shownOld `json:"replaced"`      // newest first
}

// shownOld is an authority that was replaced.
type shownOld struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint_sha256"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Certificate string    `json:"certificate"` // path
	TrustedBy   []string  `json:"trusted_by"`
	Accepted    bool      `json:"accepted"` // clients that trust it alone go on
}

// trusters returns the names of the stores that hold each certificate, by its
// fingerprint. A store that cannot be read is left out. All are read at the same
// time: some start a program.
func trusters(ctx context.Context, stores []ca.Store) map[string][]string {
	found := make([][]ca.Found, len(stores))
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() { found[i], _ = s.Find(ctx) })
	}
	wg.Wait()
	names := make(map[string][]string)
	for i, all := range found {
		for _, f := range all {
			names[f.Fingerprint()] = append(names[f.Fingerprint()], stores[i].Name)
		}
	}
	return names
}

func describeAuthority(authority *ca.Authority, trustedBy map[string][]string) (shownCA, error) {
	generations, err := ca.Generations(filepath.Dir(authority.Path()))
	if err != nil {
		return shownCA{}, err
	}
	root := authority.Root()
	before, until := authority.Overlap()
	shown := shownCA{
		Name:         root.Subject.CommonName,
		Fingerprint:  authority.Fingerprint(),
		NotBefore:    root.NotBefore.UTC(),
		NotAfter:     root.NotAfter.UTC(),
		LimitedTo:    limits(root),
		Certificate:  authority.Path(),
		Key:          authority.KeyPath(),
		TrustedBy:    append([]string{}, trustedBy[authority.Fingerprint()]...),
		OverlapUntil: timeOrNull(until),
		Replaced:     []shownOld{},
	}
	for _, g := range generations {
		if g.Current {
			continue
		}
		shown.Replaced = append(shown.Replaced, shownOld{
			Name: g.Cert.Subject.CommonName, Fingerprint: ca.Fingerprint(g.Cert), NotBefore: g.Cert.NotBefore.UTC(), NotAfter: g.Cert.NotAfter.UTC(),
			Certificate: g.Path, TrustedBy: append([]string{}, trustedBy[ca.Fingerprint(g.Cert)]...), Accepted: before != nil && before.Equal(g.Cert),
		})
	}
	return shown, nil
}

func (s shownCA) print(w io.Writer, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "Name\t%s\n", s.Name)
	fmt.Fprintf(t, "SHA-256\t%s\n", s.Fingerprint)
	fmt.Fprintf(t, "Valid\t%s to %s (%d days left)\n", s.NotBefore.Format(time.DateOnly), s.NotAfter.Format(time.DateOnly),
		int(s.NotAfter.Sub(now).Hours()/24))
	fmt.Fprintf(t, "Limited to\t%s\n", strings.Join(s.LimitedTo, ", "))
	fmt.Fprintf(t, "Certificate\t%s\n", s.Certificate)
	fmt.Fprintf(t, "Key\t%s\n", s.Key)
	fmt.Fprintf(t, "Trusted by\t%s\n", cmp.Or(strings.Join(s.TrustedBy, ", "), "no store: infershield ca install"))
	for _, old := range s.Replaced {
		more := ""
		if old.Accepted {
			more = ", accepted until " + s.OverlapUntil.Format(time.DateOnly)
		}
		if len(old.TrustedBy) > 0 {
			more += ", trusted by " + strings.Join(old.TrustedBy, ", ")
		}
		fmt.Fprintf(t, "Replaced\t%s to %s, %s (%s%s)\n", old.NotBefore.Format(time.DateOnly), old.NotAfter.Format(time.DateOnly), old.Name, old.Certificate, more)
	}
	return t.Flush()
}
