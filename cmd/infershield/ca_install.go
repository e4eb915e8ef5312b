package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

func newCAInstallCommand(a *app) *cobra.Command {
	var f storeFlags
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Makes this machine's programs trust the authority",
		Long: `Puts the authority's certificate in the trust stores of this machine: the
system's, those of Firefox and Chromium, and Java's. It reads each store again to
see that it is there. Where another user must do it, it prints the commands.
Browsers must be started anew. infershield ca uninstall undoes it.`,
		Example: `  infershield ca install
  infershield ca install --store nss
  infershield ca install --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stores, err := a.stores(f.kind)
			if err != nil {
				return err
			}
			known, err := a.generations(cmd)
			if err != nil {
				return err
			}
			err = a.change(cmd.Context(), stores, f, func(ctx context.Context, s ca.Store) storeChange {
				c := installIn(ctx, s, known[0], f.dryRun)
				c.findOthers(ctx, s, known)
				return c
			})
			if err == nil && !f.asJSON && !f.dryRun {
				fmt.Fprintln(a.stderr, "Browsers must be started anew. To undo it: infershield ca uninstall")
			}
			return err
		},
	}
	f.bind(cmd)
	return cmd
}

// generations opens the authority, which makes one if there is none, and
// returns its roots, the one in use first.
func (a *app) generations(cmd *cobra.Command) ([]ca.Generation, error) {
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	if err := a.refuseSudo(cfg.DataDir); err != nil {
		return nil, err
	}
	authority, err := a.openAuthority(cmd)
	if err != nil {
		return nil, err
	}
	known, err := ca.Generations(absolute(filepath.Dir(authority.Path())))
	if err == nil && (len(known) == 0 || !known[0].Current) {
		err = errors.New("the authority has just been removed")
	}
	return known, err
}

func installIn(ctx context.Context, s ca.Store, g ca.Generation, dryRun bool) storeChange {
	c, ok := begin(s)
	if !ok {
		return c
	}
	commands := s.AddCommands(g)
	if !dryRun {
		changed, err := s.Add(ctx, g)
		c.settle(changed, err, stateInstalled, stateThere, commands)
		return c
	}
	has, err := s.Has(ctx, g.Cert.Raw)
	c.settle(!has, err, stateWouldInstall, stateThere, nil)
	if c.State == stateWouldInstall {
		c.Commands = asWho(s, commands)
	}
	return c
}

// asWho puts sudo before commands that this user cannot run.
func asWho(s ca.Store, commands []string) []string {
	if s.Writable() != nil {
		return withSudo(commands)
	}
	return commands
}

func newCAUninstallCommand(a *app) *cobra.Command {
	var f storeFlags
	var old bool
	var print string
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Takes the authority out of this machine's trust stores",
		Long: `Takes the certificates of the authority and of those it replaced out of the trust
stores of this machine, and no others.`,
		Example: `  infershield ca uninstall
  infershield ca uninstall --old
  infershield ca uninstall --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stores, err := a.stores(f.kind)
			if err != nil {
				return err
			}
			pick, known, err := a.pickRoots(cmd, old, print)
			if err != nil {
				return err
			}
			return a.change(cmd.Context(), stores, f, func(ctx context.Context, s ca.Store) storeChange {
				c := uninstallFrom(ctx, s, pick, f.dryRun)
				if print == "" && !f.dryRun {
					c.findOthers(ctx, s, known)
				}
				return c
			})
		},
	}
	f.bind(cmd)
	cmd.Flags().BoolVar(&old, "old", false, "only the authorities that were replaced, not the one in use")
	cmd.Flags().StringVar(&print, "fingerprint", "", "only the one with this `SHA-256`, of InferShield of any folder or version")
	return cmd
}

// pickRoots returns what tells the roots to be taken out, and the roots of the
// data folder, where it makes nothing.
func (a *app) pickRoots(cmd *cobra.Command, old bool, print string) (func(ca.Found) bool, []ca.Generation, error) {
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return nil, nil, err
	}
	if print != "" {
		want := strings.ToLower(strings.ReplaceAll(print, ":", ""))
		if sum, err := hex.DecodeString(want); err != nil || len(sum) != 32 {
			return nil, nil, misuse{withHint(fmt.Errorf("%s is no SHA-256 of a certificate", quoted(print)), "infershield ca show prints one")}
		}
		return func(f ca.Found) bool {
			return strings.ToLower(strings.ReplaceAll(f.Fingerprint(), ":", "")) == want
		}, nil, nil
	}
	if err := a.refuseSudo(cfg.DataDir); err != nil {
		return nil, nil, err
	}
	known, err := ca.Generations(absolute(cfg.DataDir))
	if err != nil {
		return nil, nil, err
	}
	return func(f ca.Found) bool {
		return slices.ContainsFunc(known, func(g ca.Generation) bool {
			return bytes.Equal(g.Cert.Raw, f.DER) && !(old && g.Current)
		})
	}, known, nil
}

func uninstallFrom(ctx context.Context, s ca.Store, pick func(ca.Found) bool, dryRun bool) storeChange {
	c, ok := begin(s)
	if !ok {
		return c
	}
	found, err := s.Find(ctx)
	var ders [][]byte
	for _, f := range found {
		if pick(f) {
			ders = append(ders, f.DER)
		}
	}
	if err != nil || len(ders) == 0 {
		c.settle(false, err, "", stateAbsent, nil)
		return c
	}
	commands, err := s.RemoveCommands(ctx, ders...)
	if dryRun {
		c.settle(true, err, stateWouldRemove, "", nil)
		c.Commands = asWho(s, commands)
		return c
	}
	changed, err := s.Remove(ctx, ders...)
	c.settle(changed, err, stateRemoved, stateAbsent, commands)
	return c
}
