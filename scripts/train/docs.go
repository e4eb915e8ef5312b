package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	docBytes = 48 << 10 // what counts of a document
	docLeast = 200
)

var docKinds = []string{
	".go", ".md", ".txt", ".html", ".json", ".yaml", ".yml", ".py", ".c", ".h", ".s", ".js", ".sh",
	".toml", ".css", ".proto", ".tmpl", ".xml", ".csv", ".sql", ".rst", ".article", ".pl", ".mod",
}

// readDocs reads ordinary documents, each content once, and deals them out by
// folder, so that files that resemble each other stay together: half of the
// folders to the report, the others to learning and to the threshold.
func (c *corpus) readDocs(roots []string) error {
	seen := map[uint64]bool{}
	for _, root := range roots {
		var paths []string
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.Type().IsRegular() && ordinary(path) {
				paths = append(paths, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("walking documents: %w", err)
		}
		slices.Sort(paths)
		for _, path := range paths {
			if err := c.readDoc(root, path, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func ordinary(path string) bool {
	base := strings.ToUpper(filepath.Base(path))
	return slices.Contains(docKinds, filepath.Ext(path)) || strings.HasPrefix(base, "README") ||
		strings.HasPrefix(base, "CHANGELOG") || strings.HasPrefix(base, "LICENSE")
}

var version = regexp.MustCompile(`@v[^/]*`)

func (c *corpus) readDoc(root, path string, seen map[uint64]bool) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading a document: %w", err)
	}
	if len(data) < docLeast || !utf8.Valid(data) {
		return nil
	}
	text := string(data[:min(len(data), docBytes)])
	if sum := hashString(text); seen[sum] {
		return nil
	} else {
		seen[sum] = true
	}
	rel, _ := filepath.Rel(root, path)
	folder := version.ReplaceAllString(rel, "")
	if parts := strings.Split(folder, "/"); len(parts) > 3 {
		folder = strings.Join(parts[:3], "/")
	}
	doc := sample{text: text, origin: rel, doc: true, group: uint32(hashString(folder)) | 1<<30, weight: 0.5}
	switch h := hashString("deal " + folder); {
	case h%2 == 0:
		c.docsReport = append(c.docsReport, doc)
	case h/2%2 == 0:
		c.docsCut = append(c.docsCut, doc)
	default:
		c.docsTrain = append(c.docsTrain, doc)
	}
	return nil
}
