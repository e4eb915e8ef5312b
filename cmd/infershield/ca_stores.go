package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/ca"
)

// What became of a store.
const (
	stateInstalled    = "installed"
	stateThere        = "already there"
	stateRemoved      = "removed"
	stateAbsent       = "not there"
	stateWouldInstall = "would install"
	stateWouldRemove  = "would remove"
	stateNeedsRoot    = "needs root"
	stateNeedsTool    = "needs a tool"
	stateFailed       = "failed"
)

// storeChange is what `ca install` and `ca uninstall` say of one store.
type storeChange struct {
	Kind     string        `json:"kind"`
	Name     string        `json:"name"`
	Path     string        `json:"path"`
	State    string        `json:"state"`
	Commands []string      `json:"commands"` // to type, where something is left to do or would be done
	Error    string        `json:"error"`
	Others   []shownAnchor `json:"others"` // roots that are to be taken out as well, and were not
}

// shownAnchor is a root in a store.
type shownAnchor struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint_sha256"`
	Origin      ca.Origin `json:"origin"`
}

func (c storeChange) done() bool {
	return c.State != stateNeedsRoot && c.State != stateNeedsTool && c.State != stateFailed
}

// storeFlags are those of both verbs.
type storeFlags struct {
	kind           string
	dryRun, asJSON bool
}

func (f *storeFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kind, "store", "", "`system`, nss (Firefox, Chromium), java or all (default what is found)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the commands and change nothing")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	bindSettings(cmd, "data-dir", "intercept")
}

// storeMachine is this machine. Under sudo the browsers are somebody else's, whose files
// root must not come to own.
func (a *app) storeMachine() ca.Machine {
	env := plain(environment(a.environ))
	m := ca.Machine{OS: runtime.GOOS, Home: cmp.Or(env["HOME"], env["USERPROFILE"])}
	if env["SUDO_USER"] != "" {
		m.Home = ""
	}
	if home := env["JAVA_HOME"]; home != "" {
		m.JavaHomes = []string{home}
	}
	return m
}

// stores are those that the flag names.
func (a *app) stores(kind string) ([]ca.Store, error) {
	kinds := []string{ca.KindSystem, ca.KindNSS, ca.KindJava}
	if kind != "" && kind != "all" {
		if err := oneOf(kind, append(kinds, "all")...); err != nil {
			return nil, misuse{withHint(err, "--store system")}
		}
		kinds = []string{kind}
	}
	found := slices.DeleteFunc(a.storeMachine().Stores(), func(s ca.Store) bool { return !slices.Contains(kinds, s.Kind) })
	if len(found) == 0 {
		return nil, withHint(fmt.Errorf("no trust store was found (%s)", strings.Join(kinds, ", ")),
			"infershield ca export > ca.pem, and tell programs to trust that file")
	}
	return found, nil
}

// refuseSudo keeps root from making an authority of its own where the user
// meant his.
func (a *app) refuseSudo(dir string) error {
	user := plain(environment(a.environ))["SUDO_USER"]
	if made := madeFor(filepath.Join(dir, "ca.pem")); user == "" || len(made) > 0 {
		return nil
	}
	return withHint(fmt.Errorf("root has no authority in %s; that of %s is meant", dir, user),
		"without sudo: infershield ca install; it prints what needs sudo")
}

// change applies act to each store and prints what became of them.
func (a *app) change(ctx context.Context, stores []ca.Store, f storeFlags, act func(context.Context, ca.Store) storeChange) error {
	changes := make([]storeChange, 0, len(stores))
	for _, s := range stores {
		if isTerminal(a.stderr) {
			fmt.Fprintf(a.stderr, "%s\n", a.palette(a.stderr).dim(s.Name+" …"))
		}
		changes = append(changes, act(ctx, s))
	}
	if f.asJSON {
		if err := writeJSON(a.stdout, struct {
			Stores []storeChange `json:"stores"`
		}{changes}); err != nil {
			return err
		}
	} else if err := printChanges(a.stdout, changes); err != nil {
		return err
	}
	return a.undone(changes)
}

// undone is the error that tells of stores where something is left to do.
func (a *app) undone(changes []storeChange) error {
	var names, commands []string
	for _, c := range changes {
		if !c.done() {
			names = append(names, c.Name+" "+c.State)
			commands = append(commands, c.Commands...)
		}
	}
	switch {
	case len(names) == 0:
		return nil
	case len(commands) == 0:
		return withHint(errors.New("not done: "+strings.Join(names, ", ")), "--dry-run prints the commands")
	}
	return withHint(errors.New("not done: "+strings.Join(names, ", ")), "%s", strings.Join(commands, " && "))
}

func printChanges(w io.Writer, changes []storeChange) error {
	width := 0
	for _, c := range changes {
		width = max(width, len(c.Name))
	}
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%-*s  %s  %s\n", width, c.Name, c.State, c.Path)
		if c.Error != "" {
			fmt.Fprintf(&b, "    %s\n", c.Error)
		}
		for _, command := range c.Commands {
			fmt.Fprintf(&b, "    %s\n", command)
		}
		for _, o := range c.Others {
			fmt.Fprintf(&b, "    also trusts %s%s: infershield ca uninstall --fingerprint %s\n", o.Name, originWords(o.Origin), strings.ReplaceAll(o.Fingerprint, ":", ""))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func originWords(o ca.Origin) string {
	switch o {
	case ca.Leaked:
		return ", whose key is public, so that anybody can speak for every host"
	case ca.Original:
		return " of the Node.js InferShield, which may speak for every host"
	}
	return ", of another folder or lost"
}

// begin begins what is said of a store, and says it all where a tool is
// missing.
func begin(s ca.Store) (storeChange, bool) {
	c := storeChange{Kind: s.Kind, Name: s.Name, Path: s.Path, Commands: []string{}, Others: []shownAnchor{}}
	if s.Needs == "" {
		return c, true
	}
	c.State, c.Commands = stateNeedsTool, []string{s.Needs}
	return c, false
}

// settle fills in what became of an act on a store.
func (c *storeChange) settle(changed bool, err error, did, didNot string, commands []string) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		c.State, c.Commands = stateNeedsRoot, withSudo(commands)
	case errors.Is(err, exec.ErrNotFound):
		c.State, c.Error = stateNeedsTool, err.Error()
	case err != nil:
		c.State, c.Error = stateFailed, err.Error()
	case changed:
		c.State = did
	default:
		c.State = didNot
	}
}

func withSudo(commands []string) []string {
	if runtime.GOOS == "windows" {
		return commands
	}
	sudo := make([]string, len(commands))
	for i, command := range commands {
		sudo[i] = "sudo " + command
	}
	return sudo
}

// findOthers lists the roots in a store that are neither among known nor fit to
// stay. What cannot be read has been told already.
func (c *storeChange) findOthers(ctx context.Context, s ca.Store, known []ca.Generation) {
	found, err := s.Find(ctx)
	if err != nil {
		return
	}
	for _, f := range found {
		ours := slices.ContainsFunc(known, func(g ca.Generation) bool { return string(g.Cert.Raw) == string(f.DER) })
		if !ours {
			c.Others = append(c.Others, shownAnchor{f.Name, f.Fingerprint(), f.Origin})
		}
	}
}
