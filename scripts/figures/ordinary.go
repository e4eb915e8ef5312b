package main

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
)

// ordinaryFigures is what is found in documents that hold next to nothing.
type ordinaryFigures struct {
	Documents int
	Bytes     int
	Blocked   map[string]int // documents, by who is taken to bring them
	Secrets   int            // documents
	PII       map[string]int // findings, by type
}

const (
	documentMost  = 48 << 10 // what counts of a document
	documentLeast = 200
)

var documentKinds = []string{
	".go", ".md", ".txt", ".html", ".json", ".yaml", ".yml", ".py", ".c", ".h", ".s", ".js", ".sh",
	".toml", ".css", ".proto", ".tmpl", ".xml", ".csv", ".sql", ".rst", ".article", ".pl", ".mod",
}

// ordinary reads the half of the Go tree and the module cache, by folder, that
// scripts/train neither learns from nor sets the thresholds by.
func (f *figures) ordinary(string) error {
	f.Ordinary = &ordinaryFigures{Blocked: map[string]int{}, PII: map[string]int{}}
	seen := map[uint64]bool{}
	for _, root := range []string{build.Default.GOROOT, filepath.Join(build.Default.GOPATH, "pkg", "mod")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // one folder that cannot be read is no reason to stop
			}
			if !d.Type().IsRegular() || !isDocument(path) || !reported(root, path) {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) < documentLeast || !utf8.Valid(data) {
				return nil
			}
			text := string(data[:min(len(data), documentMost)])
			if sum := hashString(text); !seen[sum] {
				seen[sum] = true
				f.Ordinary.add(text)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func isDocument(path string) bool {
	base := strings.ToUpper(filepath.Base(path))
	return slices.Contains(documentKinds, filepath.Ext(path)) || strings.HasPrefix(base, "README") ||
		strings.HasPrefix(base, "CHANGELOG") || strings.HasPrefix(base, "LICENSE")
}

var version = regexp.MustCompile(`@v[^/]*`)

// reported deals as scripts/train does.
func reported(root, path string) bool {
	rel, _ := filepath.Rel(root, path)
	folder := version.ReplaceAllString(rel, "")
	if parts := strings.Split(folder, "/"); len(parts) > 3 {
		folder = strings.Join(parts[:3], "/")
	}
	return hashString("deal "+folder)%2 == 0
}

// hashString is that of scripts/train.
func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h ^ h>>29
}

func (o *ordinaryFigures) add(text string) {
	o.Documents++
	o.Bytes += len(text)
	for _, role := range []inspect.Role{inspect.User, inspect.Tool} {
		found := engine.Scan(inspect.Source{Role: role}, text)
		if blocked(role, found) {
			o.Blocked[role.String()]++
		}
		if role == inspect.User {
			continue
		}
		if hasSecret(found) {
			o.Secrets++
		}
		for _, f := range found {
			if f.Category == inspect.PII && f.Score >= counts {
				o.PII[f.Rule]++
			}
		}
	}
}
