package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/launch"
)

// envFlags are those of env.
type envFlags struct {
	shell       string
	unset, json bool
}

func newEnvCommand(a *app) *cobra.Command {
	var flags envFlags
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Prints the settings that take a shell's programs through InferShield",
		Long: `Prints the variables that take programs through InferShield and make them trust
its authority, for a shell to evaluate. What the shell has set already is kept: options
and certificates are added to it. The files that the variables name are in the data
folder. The proxy is the one of infershield serve, which need not run yet.`,
		Example: `  eval "$(infershield env)"
  infershield env --shell fish | source
  infershield env --shell powershell | Out-String | Invoke-Expression
  eval "$(infershield env --unset)"`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&flags.shell, "shell", "", "`sh`, fish or powershell (default: that of $SHELL)")
	cmd.Flags().BoolVar(&flags.unset, "unset", false, "print what takes them back")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print JSON")
	bindSettings(cmd, "listen", "data-dir", "intercept")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		shell, err := a.shell(flags.shell)
		if err != nil {
			return err
		}
		printed := shownEnv{Set: []launch.Assignment{}, Unset: []string{}, Notes: []string{}}
		if flags.unset {
			set, unset := launch.Restore(a.environ)
			printed.Set, printed.Unset = append(printed.Set, set...), append(printed.Unset, unset...)
		} else if err := a.planEnv(cmd, &printed); err != nil {
			return err
		}
		if flags.json {
			return writeJSON(a.stdout, printed.json())
		}
		for _, note := range printed.Notes {
			a.warn(note)
		}
		return printed.print(a.stdout, shell)
	}
	return cmd
}

// shownEnv is what env prints.
type shownEnv struct {
	Set          []launch.Assignment
	Unset, Notes []string
}

// envJSON is the same for scripts.
type envJSON struct {
	Set   map[string]string `json:"set"`
	Unset []string          `json:"unset"`
	Notes []string          `json:"notes"`
}

func (s shownEnv) json() envJSON {
	set := make(map[string]string, len(s.Set))
	for _, assignment := range s.Set {
		set[assignment.Name] = assignment.Value
	}
	return envJSON{set, s.Unset, s.Notes}
}

func (s shownEnv) print(w io.Writer, shell launch.Shell) error {
	for _, assignment := range s.Set {
		if _, err := fmt.Fprintln(w, shell.Set(assignment)); err != nil {
			return err
		}
	}
	for _, name := range s.Unset {
		if _, err := fmt.Fprintln(w, shell.Unset(name)); err != nil {
			return err
		}
	}
	return nil
}

// shell is the one that is asked for, or the user's.
func (a *app) shell(asked string) (launch.Shell, error) {
	if asked == "" {
		return launch.ShellOf(plain(environment(a.environ))["SHELL"]), nil
	}
	if err := oneOf(asked, string(launch.Sh), string(launch.Fish), string(launch.PowerShell)); err != nil {
		return "", misuse{withHint(fmt.Errorf("--shell: %w", err), "infershield env --shell sh, for bash and zsh too")}
	}
	return launch.Shell(asked), nil
}

// planEnv writes the files and plans for the proxy of serve.
func (a *app) planEnv(cmd *cobra.Command, printed *shownEnv) error {
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return err
	}
	authority := a.runningAuthority(cmd.Context(), cfg)
	if authority == nil {
		if authority, err = a.openAuthority(cmd); err != nil {
			return err
		}
		printed.Notes = append(printed.Notes, "no proxy of yours is running on "+doctor.Dialable(cfg.Listen)+
			": until one is, these settings leave programs without a way out. Start it: "+a.command()+" serve")
	}
	w := &way{
		addr: doctor.Dialable(cfg.Listen), hosts: limits(authority.Root()), authority: authority,
		filesDir: filepath.Join(cfg.DataDir, launchFolder),
	}
	plan, err := w.plan(a.environ, false)
	if err != nil {
		return err
	}
	printed.Set = append(printed.Set, plan.Set...)
	printed.Notes = append(printed.Notes, plan.Notes...)
	return nil
}
