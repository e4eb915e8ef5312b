package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/inspect"
)

// lists is what the engine finds, seen from outside: the rules that fire on the
// corpora beside the detectors, which have a text for each.
type lists struct {
	rules     map[inspect.Category][]string
	views     []string
	languages int // that the lexicon of attacks is written in
}

func readLists(root string) (*lists, error) {
	l := &lists{rules: map[inspect.Category][]string{}}
	paths, err := filepath.Glob(filepath.Join(root, "inspect/testdata/*.txtar"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no corpora below %s: %w", root, err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			return nil, err
		}
		for _, file := range archive.Files {
			parts := strings.SplitN(file.Name, "/", 3)
			if len(parts) != 3 {
				continue
			}
			role, err := inspect.ParseRole(parts[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, file.Name, err)
			}
			l.add(engine.Scan(inspect.Source{Role: role}, unfold(string(file.Data))))
		}
	}
	if l.views, err = views(root); err != nil {
		return nil, err
	}
	l.languages, err = languages(root)
	return l, err
}

func (l *lists) add(found []inspect.Finding) {
	for _, f := range found {
		if f.Score < counts {
			continue
		}
		l.rules[f.Category] = insert(l.rules[f.Category], f.Rule)
	}
}

// insert puts s into a sorted list once.
func insert(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found {
		return list
	}
	return slices.Insert(list, i, s)
}

var folded = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)

// unfold undoes what keeps the corpora from looking like secrets.
func unfold(s string) string {
	return folded.ReplaceAllStringFunc(strings.ReplaceAll(s, "·", ""), func(hex string) string {
		n, _ := strconv.ParseUint(hex[2:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(n)})
	})
}

var viewName = regexp.MustCompile(`(?m)^\tview\w+ += "(\w+)"$`)

// views reads the names where the engine has them.
func views(root string) ([]string, error) {
	source, err := os.ReadFile(filepath.Join(root, "inspect/views.go"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range viewName.FindAllStringSubmatch(string(source), -1) {
		names = insert(names, m[1])
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("inspect/views.go names no view")
	}
	return names, nil
}

var lexiconLanguage = regexp.MustCompile(`(?m)^([a-z]{2}): `)

// languages counts those of the lexicon.
func languages(root string) (int, error) {
	text, err := os.ReadFile(filepath.Join(root, "inspect/model_lexicon.txt"))
	if err != nil {
		return 0, err
	}
	var names []string
	for _, m := range lexiconLanguage.FindAllStringSubmatch(string(text), -1) {
		names = insert(names, m[1])
	}
	return len(names), nil
}
