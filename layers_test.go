// Package infershield_test holds the rules of the house that span packages.
package infershield_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/infershield/infershield"

// layers is the map of docs/design.md: each package and the packages of ours
// that it may import. Drawing a new arrow is a design change.
var layers = map[string][]string{
	"cmd/infershield": {"mitm", "ca", "llm", "inspect", "policy", "guard", "keys", "audit", "metrics", "gateway", "dashboard", "launch", "doctor", "export"},
	"guard":           {"llm", "inspect", "policy", "audit", "keys"},
	"policy":          {"inspect"},
	"dashboard":       {"audit"},
	"metrics":         {"audit"},
	"export":          {"audit"},
	"doctor":          {"ca", "launch"},
	"mitm":            nil,
	"ca":              nil,
	"llm":             nil,
	"inspect":         nil,
	"keys":            nil,
	"audit":           nil,
	"gateway":         nil,
	"launch":          nil,
}

// homes gives each vendor the one package that may import it.
var homes = map[string]string{
	"github.com/elazarl/goproxy":          "mitm",
	"github.com/google/martian/":          "mitm",
	"github.com/miekg/dns":                "gateway",
	"github.com/prometheus/":              "metrics",
	"github.com/go-json-experiment/":      "llm",
	"github.com/gobwas/":                  "llm",
	"github.com/klauspost/compress":       "llm",
	"github.com/andybalholm/brotli":       "llm",
	"modernc.org/sqlite":                  "audit",
	"go.opentelemetry.io/":                "export",
	"github.com/jackc/pgx":                "audit",
	"golang.org/x/text/unicode/norm":      "inspect",
	"go.yaml.in/yaml/":                    "policy cmd/infershield",
	"github.com/joho/godotenv":            "cmd/infershield",
	"github.com/spf13/":                   "cmd/infershield",
	"github.com/fsnotify/fsnotify":        "cmd/infershield",
	"golang.org/x/term":                   "cmd/infershield",
	"golang.org/x/sync/singleflight":      "ca gateway",
	"golang.org/x/sys/":                   "gateway mitm audit launch",
	"golang.org/x/net/":                   "mitm",
	"golang.org/x/time/":                  "gateway dashboard",
	"software.sslmate.com/src/go-pkcs12":  "ca",
	"github.com/coreos/go-systemd/":       "cmd/infershield",
	"github.com/infershield/infershield/": "*",
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestLayers(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == p.ImportPath || strings.HasPrefix(name, "scripts/") {
			continue // the root holds tests alone; scripts hold no product logic
		}
		allowed, ok := layers[name]
		if !ok {
			t.Errorf("package %s is not on the map of docs/design.md", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s: no such arrow in docs/design.md", name, ours)
				}
				continue
			}
			checkVendor(t, name, imported)
		}
	}
}

func checkVendor(t *testing.T, name, imported string) {
	t.Helper()
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return // the standard library
	}
	for prefix, home := range homes {
		if strings.HasPrefix(imported, prefix) {
			if !slices.Contains(strings.Fields(home), name) {
				t.Errorf("%s imports %s, whose home is %s", name, imported, home)
			}
			return
		}
	}
	t.Errorf("%s imports %s, which has no home in layers_test.go", name, path.Clean(imported))
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
