package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

// exporter is a format of `ca export`.
type exporter struct {
	name, file string // file is what people call one of its kind
	binary     bool
	write      func(a *ca.Authority, w io.Writer, password string) error
}

func exporters() []exporter {
	plain := func(write func(*ca.Authority, io.Writer) error) func(*ca.Authority, io.Writer, string) error {
		return func(a *ca.Authority, w io.Writer, _ string) error { return write(a, w) }
	}
	return []exporter{
		{name: "pem", file: "ca.pem", write: plain((*ca.Authority).WritePEM)},
		{name: "der", file: "ca.der", binary: true, write: plain((*ca.Authority).WriteDER)},
		{name: "bundle", file: "roots.pem", write: plain((*ca.Authority).WriteBundle)},
		{name: "p12", file: "ca.p12", binary: true, write: func(a *ca.Authority, w io.Writer, password string) error {
			return a.WriteTrustStore(w, password, nil)
		}},
		{name: "mobileconfig", file: "ca.mobileconfig", write: plain((*ca.Authority).WriteProfile)},
	}
}

func newCAExportCommand(a *app) *cobra.Command {
	var format, password, out string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Prints the authority's certificate, never its key",
		Long: `Prints the certificate that programs must trust:

  pem           for most programs
  der           for Android and Windows
  bundle        with the roots of this machine as well, for variables that replace
                them rather than add to them, such as SSL_CERT_FILE
  p12           a PKCS#12 trust store for Java; its password is changeit unless
                --password gives another
  mobileconfig  a configuration profile for iPhone, iPad and Mac, not signed`,
		Example: `  infershield ca export > ca.pem
  infershield ca export --format bundle > roots.pem
  infershield ca export --format p12 > ca.p12
  infershield ca export --format bundle --out /trust/roots.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := findExporter(format)
			if err != nil {
				return err
			}
			if password == "" {
				return misuse{withHint(errors.New("--password is empty, and Java takes a trust store without a password for an empty one"),
					"the default is %s", ca.TrustStorePassword)}
			}
			if out == "" && chosen.binary && isTerminal(a.stdout) {
				return misuse{withHint(fmt.Errorf("%s is binary and would garble the terminal", chosen.name),
					"infershield ca export --format %s > %s", chosen.name, chosen.file)}
			}
			authority, err := a.openAuthority(cmd)
			if err != nil {
				return err
			}
			write := func(w io.Writer) error {
				err := chosen.write(authority, w, password)
				if errors.Is(err, fs.ErrNotExist) {
					return withHint(err, "infershield ca export prints InferShield's own certificate")
				}
				return err
			}
			if out != "" {
				return writeWhole(out, write)
			}
			return write(a.stdout)
		},
	}
	cmd.Flags().StringVar(&format, "format", "pem", "`pem`, der, bundle, p12 or mobileconfig")
	cmd.Flags().StringVar(&password, "password", ca.TrustStorePassword, "of the p12, a `word` that keeps nothing secret: certificates are public")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, whole or not at all, instead of stdout")
	bindSettings(cmd, "data-dir", "intercept")
	return cmd
}

// writeWhole puts what write writes in the file at path, which others may read.
// They see what was there before or all of the new, nothing in between.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".infershield-*")
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			err = failed.Err // the temporary name tells nobody anything
		}
		return withHint(fmt.Errorf("writing %s: %w", path, err), "name a file in a folder that user %d may write to", os.Getuid())
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // err says more
		}
	}()
	err = errors.Join(write(temporary), temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

func findExporter(format string) (exporter, error) {
	var names []string
	for _, e := range exporters() {
		if e.name == format {
			return e, nil
		}
		names = append(names, e.name)
	}
	return exporter{}, misuse{withHint(oneOf(format, names...), "infershield ca export --format pem")}
}
