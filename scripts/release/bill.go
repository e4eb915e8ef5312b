package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// The parts of CycloneDX 1.6 that a Go binary has (cyclonedx.org).
type (
	bom struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     bomMetadata  `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	bomMetadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Ref        string       `json:"bom-ref"`
		Type       string       `json:"type"`
		Name       string       `json:"name"`
		Version    string       `json:"version"`
		Licences   []licence    `json:"licenses,omitempty"`
		Purl       string       `json:"purl,omitempty"`
		Hashes     []bomHash    `json:"hashes,omitempty"`
		Properties []bomSetting `json:"properties,omitempty"`
	}
	licence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	bomHash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	bomSetting struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// bill writes the bill of materials of the binary for t: what the linker says
// is in it, not what go.mod would allow.
func (r *release) bill(t target) error {
	path := r.stage(t.String(), t.exe())
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	modules, err := r.modules(t)
	if err != nil {
		return err
	}
	b, err := newBill(info, modules, sha256.Sum256(binary), r.version, r.time)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return write(r.name(t, ".cdx.json"), append(text, '\n'))
}

func newBill(info *debug.BuildInfo, modules []*debug.Module, sum [32]byte, version string, when time.Time) (*bom, error) {
	self := component{
		Ref: purl(info.Main.Path, version), Type: "application", Name: "infershield", Version: version,
		Purl: purl(info.Main.Path, version), Hashes: []bomHash{{"SHA-256", hex.EncodeToString(sum[:])}}, Licences: make([]licence, 1),
	}
	self.Licences[0].Licence.ID = "MIT"
	for _, s := range info.Settings {
		if !strings.HasPrefix(s.Key, "-") && s.Value != "" {
			self.Properties = append(self.Properties, bomSetting{"go:build:" + s.Key, s.Value})
		}
	}
	std := purl("std", strings.TrimPrefix(info.GoVersion, "go"))
	b := &bom{
		Format: "CycloneDX", Spec: "1.6", Serial: serial(sum), Version: 1,
		Metadata:   bomMetadata{Timestamp: when.Format(time.RFC3339), Component: self},
		Components: []component{{Ref: std, Type: "library", Name: "std", Version: info.GoVersion, Purl: std}},
	}
	needs := dependency{Ref: self.Ref, DependsOn: []string{std}}
	for _, m := range modules {
		c := component{Ref: purl(m.Path, m.Version), Type: "library", Name: m.Path, Version: m.Version, Purl: purl(m.Path, m.Version)}
		// go.sum's h1: is the SHA-256 of the list of the module's files and sums.
		if h1, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
			sum, err := base64.StdEncoding.DecodeString(h1)
			if err != nil {
				return nil, fmt.Errorf("sum of %s: %w", m.Path, err)
			}
			c.Hashes = []bomHash{{"SHA-256", hex.EncodeToString(sum)}}
		}
		b.Components = append(b.Components, c)
		needs.DependsOn = append(needs.DependsOn, c.Ref)
	}
	b.Dependencies = []dependency{needs}
	return b, nil
}

// purl is a module's package URL (github.com/package-url/purl-spec).
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// serial is a UUID (RFC 9562, version 8) that follows from the binary.
func serial(sum [32]byte) string {
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
