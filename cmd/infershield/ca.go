package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

func newCACommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Shows and exports the local certificate authority",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return which(cmd) },
	}
	cmd.AddCommand(newCAShowCommand(a), newCAExportCommand(a))
	return cmd
}

func newCAShowCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Prints the authority's name, fingerprint, validity and limits",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			authority, err := a.openAuthority(cmd)
			if err != nil {
				return err
			}
			shown := describeAuthority(authority)
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
	authority, err := openCA(dir, hosts)
	if err != nil {
		return nil, err
	}
	switch change := authority.Change(); change.Event {
	case ca.Created:
		a.warn("there was no authority yet: made one, which nothing trusts until told to")
	case ca.Reissued:
		a.warn("made a new authority, because " + change.Why + "; whatever trusted the old one must be told to trust this one")
	}
	return authority, nil
}

// openCA is ca.Open, whose errors end in the command to type where there is
// one, with that command as the hint.
func openCA(dir string, hosts []string) (*ca.Authority, error) {
	authority, err := ca.Open(dir, hosts)
	if err == nil {
		return authority, nil
	}
	message := err.Error()
	for _, command := range []string{"chmod ", "rm "} {
		if i := strings.LastIndex(message, ": "+command); i >= 0 {
			return nil, withHint(err, "%s", message[i+len(": "):])
		}
	}
	return nil, withHint(err, "--data-dir DIR names another folder")
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
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint_sha256"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	LimitedTo   []string  `json:"limited_to"`
	Certificate string    `json:"certificate"` // path
	Key         string    `json:"key"`         // path
}

func describeAuthority(authority *ca.Authority) shownCA {
	root := authority.Root()
	return shownCA{
		Name:        root.Subject.CommonName,
		Fingerprint: authority.Fingerprint(),
		NotBefore:   root.NotBefore.UTC(),
		NotAfter:    root.NotAfter.UTC(),
		LimitedTo:   limits(root),
		Certificate: authority.Path(),
		Key:         authority.KeyPath(),
	}
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
	return t.Flush()
}
