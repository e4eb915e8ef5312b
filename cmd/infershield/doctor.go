package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/infershield/infershield/doctor"
	"github.com/infershield/infershield/mitm"
)

func newDoctorCommand(a *app) *cobra.Command {
	var asJSON bool
	var only []string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Says what is wrong on this machine, and the command that fixes it",
		Long: `Looks at the keys, the data folder, the authority, the proxy, this shell's
settings and the way to the provider, and has each client of this machine (curl,
Python, Node, Java, …) try whether it comes through InferShield. Nothing is changed.
The clients ask for a name that InferShield answers itself; the provider is asked
once, without a key. Give it the flags that serve is given. It takes up to 30 seconds.
Exit code 1 says that something is wrong.`,
		Example: `  infershield doctor
  infershield doctor --only environment,client.curl
  infershield run -- infershield doctor --only clients`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkNames(only); err != nil {
				return err
			}
			cfg, err := a.loadConfig(cmd)
			if err != nil {
				return err
			}
			machine, err := a.machine(cmd, cfg)
			if err != nil {
				return err
			}
			found := doctor.Run(cmd.Context(), machine, only, a.doctorProgress())
			if asJSON {
				err = writeJSON(a.stdout, diagnosis{OK: countStates(found)[doctor.Wrong] == 0, Findings: found})
			} else {
				err = a.printFindings(found)
			}
			if err == nil && countStates(found)[doctor.Wrong] > 0 {
				return exitCode(exitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringSliceVar(&only, "only", nil, "check these `ids` or groups alone")
	bindSettings(cmd)
	cmd.AddCommand(newDoctorGetCommand(a))
	return cmd
}

// diagnosis is what doctor prints as JSON.
type diagnosis struct {
	OK       bool             `json:"ok"`
	Findings []doctor.Finding `json:"findings"`
}

// newDoctorGetCommand is a client of Go's standard library, for doctor to try.
func newDoctorGetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "get URL", Short: "Gets a URL as programs written in Go do", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, args[0], nil)
			if err != nil {
				return err
			}
			resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
			if err != nil {
				return err
			}
			defer resp.Body.Close() //nolint:errcheck // read to its end, or as far as wanted
			_, err = io.Copy(a.stdout, io.LimitReader(resp.Body, 64<<10))
			return err
		},
	}
}

func checkNames(only []string) error {
	var known []string
	for _, c := range doctor.Checks() {
		known = append(known, c.ID, c.Group)
	}
	for _, name := range only {
		if slices.Contains(known, name) {
			continue
		}
		slices.Sort(known)
		hint := "one of " + strings.Join(slices.Compact(known), ", ")
		if near := closest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		return misuse{withHint(errors.New("there is no check "+quoted(name)), "%s", hint)}
	}
	return nil
}

// machine is what doctor must be told.
func (a *app) machine(cmd *cobra.Command, cfg *Config) (doctor.Machine, error) {
	roots, err := upstreamRoots(cfg.UpstreamCA)
	if err != nil {
		return doctor.Machine{}, err
	}
	m := doctor.Machine{
		Environ:   a.environ,
		Home:      plain(environment(a.environ))["HOME"],
		Listen:    cfg.Listen,
		Admin:     cfg.Admin,
		Intercept: cfg.Intercept,
		DataDir:   absolute(cfg.DataDir),
		AuditPath: cfg.auditFile(),
		Stores:    a.storeMachine().Stores(),
		Key: doctor.Key{Mode: cfg.KeyMode.String(), Set: !cfg.Key.IsZero(),
			Placeholder: a.sources.key.placeholder, Origin: a.sources.key.origin},
		Files: a.configFiles(),
		Upstream: doctor.Provider{
			Host:      providerHost(cfg),
			Transport: mitm.Upstream{Dial: cfg.dial, Roots: roots}.Transport(),
			Addr:      cfg.ConnectTo.addr,
		},
		Unsaid:  tokenFlags(),
		Command: func(verb string) string { return a.commandLine(cmd, verb) },
		Origin:  func(flag string) string { return a.sources.origins[flag] },
	}
	if cfg.DataDir == "" {
		m.DataDir = ""
	}
	if cfg.auditIsURL() {
		m.AuditPath = "" // it can hold a password
	}
	if self, err := os.Executable(); err == nil {
		m.Probe = []string{self, "doctor", "get"}
	}
	return m, nil
}

// providerHost is the host that a check of the way stands for, or that of the
// front where only a suffix is intercepted.
func providerHost(cfg *Config) string {
	for _, host := range cfg.Intercept {
		if !strings.HasPrefix(host, "*.") {
			return strings.ToLower(strings.TrimSuffix(host, "."))
		}
	}
	return cfg.Upstream.Host
}

// configFiles are the files of configuration that are there.
func (a *app) configFiles() []doctor.File {
	var files []doctor.File
	if a.sources.dotenv {
		files = append(files, doctor.File{Path: dotenvName, HoldsSecret: a.sources.secret})
	}
	if a.sources.key.file != "" {
		files = append(files, doctor.File{Path: a.sources.key.file, HoldsSecret: true})
	}
	path := a.configPath
	if path == "" {
		path = configName
	}
	if _, err := os.Stat(path); err == nil {
		files = append(files, doctor.File{Path: path})
	}
	return files
}

// commandLine is a verb of ours with the flags that cmd was given and that the
// verb takes as well.
func (a *app) commandLine(cmd *cobra.Command, verb string) string {
	words := append([]string{a.self()}, strings.Fields(verb)...)
	takes, rest, err := cmd.Root().Find(words[1:])
	if err != nil || len(rest) > 0 {
		return quoteWords(words) // a verb that this build lacks
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		value, isSetting := f.Value.(*flagValue)
		if !isSetting && f.Name != "config" || takes.Flag(f.Name) == nil {
			return
		}
		if isSetting && value.setting.token || strings.Contains(f.Value.String(), "@") {
			return // a URL that can hold a token or a password
		}
		words = append(words, "--"+f.Name, f.Value.String())
	})
	return quoteWords(words)
}

// quoteWords makes a command line for a POSIX shell.
func quoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = doctor.Quote(word)
	}
	return strings.Join(quoted, " ")
}

// doctorProgress tells a terminal how far it is; others get the findings alone.
func (a *app) doctorProgress() func(done, total int) {
	if !isTerminal(a.stderr) {
		return func(int, int) {}
	}
	return func(done, total int) {
		fmt.Fprintf(a.stderr, "\r%d of %d checks done", done, total)
		if done == total {
			fmt.Fprint(a.stderr, "\r\x1b[K")
		}
	}
}
