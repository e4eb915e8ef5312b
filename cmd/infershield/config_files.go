package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
	"github.com/spf13/cobra"
)

// Bounds of the files that are read whole.
const (
	dotenvBytesMax = 64 << 10
	configBytesMax = 1 << 20
	policyBytesMax = 1 << 20
	keyBytesMax    = 64 << 10
)

// Names of the files that are read where the program starts.
const (
	dotenvName = ".env"
	configName = "infershield.yaml"
)

// readBounded reads a file of at most n bytes.
func readBounded(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, n+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > n {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, n)
	}
	return b, nil
}

// given is a value and where it came from.
type given struct {
	text   string
	rank   int    // higher wins
	origin string // for messages
	name   string // what the setting is called there; empty when origin says it
}

// The ranks of the sources.
const (
	rankInitial = iota
	rankYAML
	rankDotenv
	rankEnvironment
	rankFlag
)

// readDotenv returns the variables of .env, by name. Messages never quote the
// file: it is where keys are kept.
func readDotenv() (map[string]given, []problem) {
	if info, err := os.Stat(dotenvName); errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil, nil // a folder of that name is somebody's Python
	}
	source, err := readBounded(dotenvName, dotenvBytesMax)
	if err != nil {
		return nil, []problem{{origin: dotenvName, message: err.Error(), hint: "chmod u+r .env, or start from another folder"}}
	}
	variables, err := godotenv.UnmarshalBytes(source)
	if err != nil {
		// The library's own words quote the file.
		return nil, []problem{{origin: fmt.Sprintf("%s:%d", dotenvName, faultyLine(source)),
			message: "the line is not NAME=value, or a quote is not closed", hint: "infershield reads .env where it is started; each line is NAME=value or a # comment"}}
	}
	found := make(map[string]given, len(variables))
	for name, value := range variables {
		origin := fmt.Sprintf("%s:%d", dotenvName, lineOf(source, name))
		found[name] = given{text: value, rank: rankDotenv, origin: origin, name: name}
	}
	return found, nil
}

// readKeyFile returns the key that is all that the file holds, but for space
// around it. Messages quote neither the file nor its path, which is the key
// itself where somebody mistook one variable for the other.
func readKeyFile(path string) (string, error) {
	source, err := readBounded(path, keyBytesMax)
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", withHint(errors.New("the file cannot be read: permission denied"), "infershield runs as user %d, which must be able to read it", os.Getuid())
	case errors.As(err, &failed):
		return "", withHint(fmt.Errorf("the file cannot be read: %w", failed.Err), "it names a file that holds the key and nothing else; the key itself goes in %s", apiKeyEnv)
	case err != nil:
		return "", err
	}
	key := strings.TrimSpace(string(source))
	if key == "" {
		return "", withHint(errors.New("the file is empty"), "write the key into it, and nothing else")
	}
	return key, nil
}

// faultyLine is the line after the longest beginning that can be read.
func faultyLine(source []byte) int {
	line, number := 1, 0
	for end := range source {
		if source[end] != '\n' {
			continue
		}
		number++
		if _, err := godotenv.UnmarshalBytes(source[:end+1]); err == nil {
			line = number + 1
		}
	}
	return line
}

// lineOf is the last line that sets name, since the last one counts.
func lineOf(source []byte, name string) int {
	assignment := regexp.MustCompile(`^\s*(export\s+)?` + regexp.QuoteMeta(name) + `\s*[=:]`)
	line := 0
	for i, text := range bytes.Split(source, []byte("\n")) {
		if assignment.Match(text) {
			line = i + 1
		}
	}
	return line
}

// closest returns the known word that typed is most likely meant to be, or "".
// Measuring is left to cobra, which does it for the names of commands.
func closest(typed string, known []string) string {
	if typed == "" || len(typed) > 64 {
		return ""
	}
	c := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, word := range known {
		c.AddCommand(&cobra.Command{Use: word, Run: func(*cobra.Command, []string) {}})
	}
	if near := c.SuggestionsFor(typed); len(near) > 0 {
		return near[0]
	}
	return ""
}

// environment is the process's own, by name. Empty values count as unset:
// compose files pass variables on whether they are set or not.
func environment(environ []string) map[string]given {
	found := make(map[string]given, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			found[name] = given{text: value, rank: rankEnvironment, origin: "environment " + name}
		}
	}
	return found
}
