package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/infershield/infershield/launch"
)

// runFlags are those of run that are no settings.
type runFlags struct {
	quiet, jail bool
}

func newRunCommand(a *app) *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG…]",
		Short: "Runs a program with its traffic going through InferShield",
		Long: `Runs CMD with the settings that take its traffic through InferShield and make it
trust the authority; see infershield env for what they are. Where a proxy of yours
is running it is used, unless a flag asks for other settings; else one is started
on a free port, with KEY_MODE=auto unless it is set, and stopped when CMD ends.

With --jail CMD gets a network of its own, whose only way out is the proxy: a
program that ignores its settings fails instead of slipping by. Names are looked up
by the proxy, and localhost is the jail's own: services of this machine cannot be
reached, but for those behind a socket in the file system.

CMD keeps its terminal and gets the signals. The exit code is CMD's own: 128 and
the number for a signal, 127 where there is no such program, 126 where it cannot be
executed.`,
		Example: `  infershield run -- python app.py
  infershield run --mode warn -- codex
  infershield run -- sh -c 'curl -s https://api.openai.com/v1/models'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return withHint(errors.New("nothing to run"), "infershield run -- python app.py")
			}
			return nil
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows CMD is CMD's
	cmd.Flags().BoolVarP(&flags.quiet, "quiet", "q", false, "print no summary at the end")
	cmd.Flags().BoolVar(&flags.jail, "jail", false, "leave CMD no way out but the proxy (Linux): what ignores its settings fails")
	bindTable(cmd, runSettings(), runSettingNames()...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.runProgram(cmd, args, flags)
	}
	return cmd
}

// runSettings are the settings as run takes them: who runs a program of his own
// brings his own key.
func runSettings() []setting {
	table := settings()
	for i := range table {
		if table[i].flag == "key-mode" {
			table[i].initial = "auto"
		}
	}
	return table
}

// runSettingNames leaves out the ports and what has no use without a log.
func runSettingNames() []string {
	var names []string
	for _, s := range settings() {
		if s.flag != "admin" && s.flag != "cors-origins" && s.flag != "log-format" {
			names = append(names, s.flag)
		}
	}
	return names
}

// runProgram finds or makes a proxy and runs the program through it.
func (a *app) runProgram(cmd *cobra.Command, args []string, flags runFlags) error {
	path, err := findProgram(args[0])
	if err != nil {
		return a.cannotRun(args[0], err)
	}
	cfg, err := a.loadTable(cmd, runSettings())
	if err != nil {
		return err
	}
	if decided := a.decidedByFolder(); len(decided) > 0 && !flags.quiet {
		a.warn("this folder decides how InferShield runs: " + strings.Join(decided, ", "))
	}
	// Signals are the program's to handle; the proxy stays until it has ended.
	ctx := context.WithoutCancel(cmd.Context())
	way, err := a.openWay(ctx, cfg, settingsAsked(cmd))
	if err != nil {
		return err
	}
	defer func() {
		if err := way.close(); err != nil {
			a.warn(err.Error()) // the exit code is the program's
		}
	}()
	plan, err := way.plan(a.environ, flags.jail)
	if err != nil {
		return err
	}
	if !flags.quiet {
		for _, note := range plan.Notes {
			a.warn(note)
		}
	}
	if cmd.Context().Err() != nil { // before there was a program to pass it to
		return exitCode(interruptedCode(cmd.Context()))
	}
	child := exec.Command(path, args[1:]...)
	child.Args[0] = args[0]
	child.Env = plan.Environ(a.environ)
	child.Stdin, child.Stdout, child.Stderr = a.stdin, a.stdout, a.stderr
	return a.execute(ctx, child, way, flags)
}

// interruptedCode is a shell's exit code for the signal that ended ctx.
func interruptedCode(ctx context.Context) int {
	if strings.Contains(context.Cause(ctx).Error(), syscall.SIGTERM.String()) {
		return 128 + int(syscall.SIGTERM)
	}
	return 128 + int(syscall.SIGINT)
}

// execute runs the program and says what came of it.
func (a *app) execute(ctx context.Context, child *exec.Cmd, way *way, flags runFlags) error {
	name := child.Args[0]
	code, err := way.runChild(child, flags.jail)
	if errors.As(err, new(errJail)) {
		return err
	}
	if err != nil {
		return a.cannotRun(name, err)
	}
	seen, err := way.finish(ctx)
	if !flags.quiet {
		a.summarise(way, seen, err)
	}
	return codeError(code)
}

// codeError is a program's exit code as an error.
func codeError(code int) error {
	if code == exitDone {
		return nil
	}
	return exitCode(code)
}

// settingsAsked reports whether a flag asks for a setting that a running proxy
// may not have.
func settingsAsked(cmd *cobra.Command) bool {
	asked := false
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if value, ok := f.Value.(*flagValue); ok && !slices.Contains([]string{"listen", "data-dir", "log-level"}, value.setting.flag) {
			asked = true
		}
	})
	return asked
}

// decidedByFolder are the settings that files of the working folder have made:
// it may be somebody else's, for the program to look at.
func (a *app) decidedByFolder() []string {
	var decided []string
	for flag, origin := range a.sources.origins {
		if strings.HasPrefix(origin, dotenvName+":") || strings.HasPrefix(origin, configName+":") {
			decided = append(decided, "--"+flag+" ("+origin+")")
		}
	}
	slices.Sort(decided)
	return decided
}

// findProgram is the path of a program, as a shell finds it.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		err = nil // the user's PATH says so
	}
	if err != nil {
		return "", err
	}
	return path, nil
}

// cannotRun tells why and leaves with a shell's exit code.
func (a *app) cannotRun(name string, err error) error {
	var wrapped *exec.Error
	var path *os.PathError
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the rest repeats the name
	} else if errors.As(err, &path) {
		err = path.Err
	}
	code := launch.ExitCode(err)
	hint := "chmod +x " + name + ", or put the interpreter before it: infershield run -- python3 " + name
	message := "cannot be executed: " + err.Error()
	if code == 127 {
		message = "no such program"
		hint = "command -v " + filepath.Base(name) + " says where a program is; functions and aliases need a shell: infershield run -- bash -ic '" + name + "'"
	}
	a.printError(name+": "+message, hint)
	return exitCode(code)
}

// plan writes the files and makes the plan for a program.
func (w *way) plan(environ []string, jailed bool) (launch.Plan, error) {
	src, err := fileSources(w.authority)
	if err != nil {
		return launch.Plan{}, err
	}
	files, notes, err := launch.Write(w.filesDir, environ, src)
	if err != nil {
		return launch.Plan{}, withHint(err, "--data-dir DIR names another folder")
	}
	s := launch.Settings{Proxy: "http://" + w.addr, Hosts: w.hosts, Files: files, OnlyWay: jailed}
	plan := s.Plan(environ)
	plan.Notes = append(plan.Notes, notes...)
	return plan, nil
}

// launchFolder is where the files for programs are, in the data folder.
const launchFolder = "launch"

// loopback listens on a free port of this machine.
func loopback() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on a free port of this machine: %w", err)
	}
	return l, nil
}
