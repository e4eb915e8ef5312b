package ca

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// commandTimeout bounds each command that is run. keytool and the hooks of
// update-ca-certificates start a Java each.
const commandTimeout = 2 * time.Minute

// Machine says where to look for stores and how to run what changes them. Its
// zero value, with OS and Home set, is the machine that the program runs on.
type Machine struct {
	OS        string   // as runtime.GOOS
	Home      string   // of the user whose browsers are meant; empty leaves them out
	JavaHomes []string // of Java installations beyond those in the usual places
	Root      string   // before every absolute path; for tests

	// Run runs a command and returns what it wrote to stdout; nil executes it.
	Run func(ctx context.Context, argv []string) ([]byte, error)
	// LookPath is exec.LookPath unless it is set.
	LookPath func(name string) (string, error)
}

// Kinds of stores.
const (
	KindSystem = "system" // most programs
	KindNSS    = "nss"    // Firefox, and Chromium on Linux
	KindJava   = "java"
)

// Store is a place where programs look for the roots that they trust.
type Store struct {
	Kind string // KindSystem, KindNSS or KindJava
	Name string // such as "system (Debian)"
	Path string // of the file or folder that holds the roots

	// Needs is the command that installs the tool without which the store cannot
	// be read or changed; empty if all is there, or no such command is known: the
	// store's errors wrap exec.ErrNotFound then.
	Needs string

	backend backend
}

// backend is how one kind of store is read and changed.
type backend interface {
	// list returns the roots that the store's users trust.
	list(ctx context.Context) ([]entry, error)
	// add and remove return what is to be done; nothing is done yet.
	add(g Generation) []step
	remove(entries []entry) ([]step, error)
	// writable is the error that stands in the way, which wraps
	// fs.ErrPermission if it is that.
	writable() error
}

// entry is a root in a store.
type entry struct {
	der    []byte
	handle string // what the store calls it; empty where it cannot be taken out
}

// step is one act on a store, and the same in a shell's words.
type step struct {
	shell string
	run   func(ctx context.Context) error
}

// Stores returns the stores that are found, the system's first. It looks for
// files and runs nothing.
func (m Machine) Stores() []Store {
	var stores []Store
	if s, ok := m.systemStore(); ok {
		stores = append(stores, s)
	}
	return slices.Concat(stores, m.nssStores(), m.javaStores())
}

// Find returns the roots in the store that InferShield made, of this folder or
// another, and those that nobody should trust any more: what Origin names.
func (s Store) Find(ctx context.Context) ([]Found, error) {
	entries, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, e := range entries {
		f := identify(e.der)
		again := slices.ContainsFunc(found, func(o Found) bool { return bytes.Equal(o.DER, f.DER) })
		if f.Origin != "" && !again {
			found = append(found, f)
		}
	}
	return found, nil
}

// Has reads the store and reports whether its users trust the certificate.
func (s Store) Has(ctx context.Context, der []byte) (bool, error) {
	entries, err := s.list(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(entries, func(e entry) bool { return bytes.Equal(e.der, der) }), nil
}

// Add makes the store's users trust g, and reads the store again to see that
// they do. Adding what is there changes nothing. The error wraps
// fs.ErrPermission where another user must do it, and exec.ErrNotFound where a
// tool is missing; nothing is changed then.
func (s Store) Add(ctx context.Context, g Generation) (changed bool, err error) {
	has, err := s.Has(ctx, g.Cert.Raw)
	if err != nil || has {
		return false, err
	}
	if err := s.backend.writable(); err != nil {
		return false, fmt.Errorf("adding to %s: %w", s.Name, err)
	}
	if err := s.do(ctx, s.backend.add(g)); err != nil {
		return true, fmt.Errorf("adding to %s: %w", s.Name, err)
	}
	if has, err = s.Has(ctx, g.Cert.Raw); err == nil && !has {
		err = fmt.Errorf("all commands succeeded, and still %s does not hold the certificate", s.Name)
	}
	return true, err
}

// Remove takes certificates out, and no others, and reads the store again to see
// that they are gone. Removing what is not there changes nothing. Errors are
// those of Add.
func (s Store) Remove(ctx context.Context, ders ...[]byte) (changed bool, err error) {
	entries, err := s.holding(ctx, ders)
	if err != nil || len(entries) == 0 {
		return false, err
	}
	if err := s.backend.writable(); err != nil {
		return false, fmt.Errorf("removing from %s: %w", s.Name, err)
	}
	steps, err := s.backend.remove(entries)
	if err != nil {
		return false, fmt.Errorf("removing from %s: %w", s.Name, err)
	}
	if err := s.do(ctx, steps); err != nil {
		return true, fmt.Errorf("removing from %s: %w", s.Name, err)
	}
	left, err := s.holding(ctx, ders)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("all commands succeeded, and still %s holds the certificate", s.Name)
	}
	return true, err
}

// AddCommands returns what Add would do, as lines for a shell.
func (s Store) AddCommands(g Generation) []string { return shellLines(s.backend.add(g)) }

// RemoveCommands returns what Remove would do, as lines for a shell; none if
// there is nothing to remove.
func (s Store) RemoveCommands(ctx context.Context, ders ...[]byte) ([]string, error) {
	entries, err := s.holding(ctx, ders)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	steps, err := s.backend.remove(entries)
	return shellLines(steps), err
}

// Writable returns nil if this user may change the store. The error wraps
// fs.ErrPermission if another one may.
func (s Store) Writable() error { return s.backend.writable() }

func (s Store) list(ctx context.Context) ([]entry, error) {
	if s.Needs != "" {
		return nil, fmt.Errorf("reading %s: a tool is missing: %w", s.Name, exec.ErrNotFound)
	}
	entries, err := s.backend.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.Name, err)
	}
	return entries, nil
}

// errNoTool is the error of a store whose tool is missing.
func errNoTool(tool string) error { return fmt.Errorf("%s, is missing: %w", tool, exec.ErrNotFound) }

// installs is the command that installs a tool, whose package is given by the
// family of a Linux, and for others by OS; "" if none is known.
func (m Machine) installs(packages map[string]string) string {
	if m.OS == "darwin" {
		if name := packages[m.OS]; name != "" {
			return "brew install " + name
		}
		return ""
	}
	l, ok := m.layout()
	name := packages[l.family]
	if !ok || name == "" {
		return ""
	}
	manager, _, _ := strings.Cut(l.install, " ca-certificates")
	return "sudo " + manager + " " + name
}

// holding returns the entries that hold one of the certificates.
func (s Store) holding(ctx context.Context, ders [][]byte) ([]entry, error) {
	entries, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(entries, func(e entry) bool {
		return !slices.ContainsFunc(ders, func(der []byte) bool { return bytes.Equal(der, e.der) })
	}), nil
}

func (s Store) do(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

func shellLines(steps []step) []string {
	var lines []string
	for _, step := range steps {
		lines = append(lines, step.shell)
	}
	return lines
}

// storeName names a certificate of ours where a name must be a word.
func storeName(der []byte) string {
	return "infershield-" + strings.ToLower(strings.ReplaceAll(hexPairs(der)[:23], ":", ""))
}

// path is an absolute path of the machine.
func (m Machine) path(parts ...string) string { return m.Root + filepath.Join(parts...) }

// exists reports whether any file has the path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// tool returns how a command is called, "" if it is not there. The PATH of
// others than root often lacks the folders that end in sbin.
func (m Machine) tool(name string) string {
	look := m.LookPath
	if look == nil {
		look = exec.LookPath
	}
	if path, err := look(name); err == nil {
		return path
	}
	for _, folder := range []string{"/usr/sbin", "/sbin"} {
		if path := m.path(folder, name); m.OS == "linux" && exists(path) {
			return path
		}
	}
	return ""
}

func (m Machine) output(ctx context.Context, argv ...string) ([]byte, error) {
	if m.Run != nil {
		return m.Run(ctx, argv)
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C") // what is written is read
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) { // keytool complains on stdout
		said := strings.TrimSpace(string(append(exit.Stderr, out...)))
		return out, fmt.Errorf("running %s: %w: %.300s", filepath.Base(argv[0]), err, said)
	}
	return out, fmt.Errorf("running %s: %w", filepath.Base(argv[0]), err)
}

// command is the step that runs argv.
func (m Machine) command(argv ...string) step {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = shellQuote(word)
	}
	return step{shell: strings.Join(words, " "), run: func(ctx context.Context) error {
		_, err := m.output(ctx, argv...)
		return err
	}}
}

// place is the step that puts a certificate in a file.
func place(g Generation, path string) step {
	return step{
		shell: "install -D -m 644 " + shellQuote(g.Path) + " " + shellQuote(path),
		run: func(context.Context) error {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := writeFile(path+fresh, encodeCert(g.Cert), 0o644); err != nil {
				return err
			}
			return os.Rename(path+fresh, path)
		},
	}
}

// discard is the step that deletes a file.
func discard(path string) step {
	return step{shell: "rm -f " + shellQuote(path), run: func(context.Context) error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}}
}

// folderWritable tries whether files can be made in a folder, or in the nearest
// one above it that is there.
func folderWritable(dir string) error {
	for !exists(dir) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
	}
	probe, err := os.CreateTemp(dir, ".infershield-*")
	if err != nil {
		return unwrapPath(err, dir)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// fileWritable tries whether a file can be changed.
func fileWritable(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return unwrapPath(err, path)
	}
	return file.Close()
}

// unwrapPath names path in err instead of the file that was tried.
func unwrapPath(err error, path string) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("writing to %s: %w", path, err)
}

// thumbprint is how the tools of macOS and Windows name a certificate: its
// SHA-1, which protects nothing here.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
