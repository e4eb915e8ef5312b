package launch

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Shell is a language in which variables are set.
type Shell string

// The shells that are known.
const (
	Sh         Shell = "sh" // and bash, zsh, dash, ksh
	Fish       Shell = "fish"
	PowerShell Shell = "powershell"
)

// ShellOf returns the language of a login shell, which is what $SHELL names;
// that of the system where it is unknown.
func ShellOf(program string) Shell {
	switch name := strings.TrimSuffix(path.Base(strings.ReplaceAll(program, `\`, "/")), ".exe"); {
	case name == "fish":
		return Fish
	case name == "pwsh" || name == "powershell" || program == "" && runtime.GOOS == "windows":
		return PowerShell
	}
	return Sh
}

// Set returns the line that exports a variable. It keeps its meaning where
// lines are joined by spaces, as in an eval without quotes.
func (s Shell) Set(a Assignment) string {
	switch s {
	case Fish:
		return fmt.Sprintf("set -gx %s %s;", a.Name, s.quote(a.Value))
	case PowerShell:
		return fmt.Sprintf("${env:%s} = %s;", a.Name, s.quote(a.Value))
	}
	return fmt.Sprintf("export %s=%s;", a.Name, s.quote(a.Value))
}

// Unset returns the line that removes a variable.
func (s Shell) Unset(name string) string {
	switch s {
	case Fish:
		return fmt.Sprintf("set -e %s;", name)
	case PowerShell:
		return fmt.Sprintf("Remove-Item -ErrorAction SilentlyContinue Env:%s;", name)
	}
	return fmt.Sprintf("unset %s;", name)
}

// quote makes a value one word that the shell takes as it is.
func (s Shell) quote(value string) string {
	switch s {
	case Fish:
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	case PowerShell:
		// It takes these for the quote as well, each of which stands for itself
		// where it is doubled.
		double := strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019", "\u201a", "\u201a\u201a", "\u201b", "\u201b\u201b")
		return "'" + double.Replace(value) + "'"
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
