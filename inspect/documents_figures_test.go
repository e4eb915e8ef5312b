package inspect_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
)

// TestDocumentsLabelledData prints, with -v, how many ordinary documents reach
// the threshold by all detectors together: those of the Go tree and the module
// cache in folders that scripts/train neither learns from nor sets the threshold
// by. It is asked for as the figures of the labelled data are.
func TestDocumentsLabelledData(t *testing.T) {
	if os.Getenv("INFERSHIELD_DATA") == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	counts := map[inspect.Role]*tallied{inspect.User: {}, inspect.Tool: {}, inspect.Model: {}}
	seen := map[string]bool{}
	for _, root := range []string{build.Default.GOROOT, filepath.Join(build.Default.GOPATH, "pkg", "mod")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !reportedDocument(root, path) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) < 200 || !utf8.Valid(data) {
				return err
			}
			text := string(data[:min(len(data), 48<<10)])
			if seen[text] {
				return nil
			}
			seen[text] = true
			for role, c := range counts {
				hit := risk(engine().Scan(inspect.Source{Role: role}, text)) >= threshold
				c.add(false, hit)
				if hit && os.Getenv("INFERSHIELD_DATA_SHOW") == "documents" {
					t.Logf("as %v: %s", role, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for role, c := range counts {
		t.Logf("documents as %v: %v", role, c)
	}
}

var (
	documentKinds = regexp.MustCompile(`(?i)\.(go|md|txt|html|json|ya?ml|py|[chs]|js|sh|toml|css|proto|tmpl|xml|csv|sql|rst|article|pl|mod)$|/(README|CHANGELOG|LICENSE)[^/]*$`)
	moduleVersion = regexp.MustCompile(`@v[^/]*`)
)

// reportedDocument reports whether path is a document that scripts/train keeps
// for its report, dealt out by folder as in its docs.go.
func reportedDocument(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	if err != nil || !documentKinds.MatchString(path) {
		return false
	}
	folder := moduleVersion.ReplaceAllString(rel, "")
	if parts := strings.Split(folder, "/"); len(parts) > 3 {
		folder = strings.Join(parts[:3], "/")
	}
	h := uint64(14695981039346656037)
	for _, b := range []byte("deal " + folder) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return (h^h>>29)%2 == 0
}
