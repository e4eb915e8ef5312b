package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/policy"
)

func newPolicyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Validates and prints the policy",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return which(cmd) },
	}
	cmd.AddCommand(newPolicyShowCommand(a), newPolicyCheckCommand(a))
	return cmd
}

func newPolicyShowCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Prints the policy in force, as a file to change",
		Long: `Prints the policy in force: the file that --policy names, or the built-in one,
whose comments explain the format. RISK_THRESHOLD and INFERSHIELD_MODE, which
override what a policy says, are told on stderr.`,
		Example: "  infershield policy show > policy.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadConfig(cmd)
			if err != nil {
				return err
			}
			p, err := c.loadPolicy()
			if err != nil {
				return err
			}
			if c.Settings != (policy.Settings{}) {
				a.warn(fmt.Sprintf("settings override this policy: mode %s, risk_threshold %d", p.Mode(), p.Threshold()))
			}
			_, err = a.stdout.Write(p.Source())
			return err
		},
	}
	bindSettings(cmd, "policy", "mode", "risk-threshold")
	return cmd
}

func newPolicyCheckCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check [FILE]",
		Short:   "Validates a policy file, by default the one in force",
		Example: "  infershield policy check policy.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.loadConfig(cmd)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				c.PolicyPath = args[0]
			}
			return a.checkPolicy(c)
		},
	}
	bindSettings(cmd, "policy", "mode", "risk-threshold")
	return cmd
}

// checkPolicy fails with 1 for a policy with problems: finding them is what it
// was asked for, so it was not misused.
func (a *app) checkPolicy(c *Config) error {
	p, err := c.loadPolicy()
	var invalid *invalidConfig
	if errors.As(err, &invalid) {
		a.report(err)
		return exitCode(exitFailed)
	}
	if err != nil {
		return err
	}
	name := c.PolicyPath
	if name == "" {
		name = "built-in policy"
	}
	_, err = fmt.Fprintf(a.stdout, "%s: valid, mode %s, risk_threshold %d, version %s\n", name, p.Mode(), p.Threshold(), p.Version())
	return err
}

// which is what a command says that needs another after it.
func which(cmd *cobra.Command) error {
	return misuse{withHint(fmt.Errorf("%s needs a command after it", cmd.CommandPath()), "%s --help lists them", cmd.CommandPath())}
}
