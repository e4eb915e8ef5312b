package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var moment = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// dpkg and rpm must order builds as git does.
func TestPackageVersion(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.0":            "1.2.0",
		"1.2.0":             "1.2.0",
		"v1.2.0-rc.1":       "1.2.0~rc.1",
		"v1.2.0-5-g0123abc": "1.2.0+5.g0123abc",
		"v1.2.0-dirty":      "1.2.0+dirty",
		"0123abc":           "0.0.0~20260314150926.0123abc",
		"0123abc-dirty":     "0.0.0~20260314150926.0123abc.dirty",
	} {
		r := &release{version: version, time: moment}
		if got := r.packageVersion(); got != want {
			t.Errorf("%s: got %s; want %s", version, got, want)
		}
	}
}

// The same files give the same archive, whoever's they are and however old.
func TestArchivesAreReproducible(t *testing.T) {
	for name, pack := range map[string]func(io.Writer, []entry, time.Time) error{"tar": writeTar, "zip": writeZip} {
		t.Run(name, func(t *testing.T) {
			var sums [2][32]byte
			for i := range sums {
				file := filepath.Join(t.TempDir(), "file")
				if err := os.WriteFile(file, []byte("content"), []os.FileMode{0o600, 0o777}[i]); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(file, moment, moment.Add(time.Duration(i)*time.Hour)); err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if err := pack(&b, []entry{{"a/file", file, 0o644}, {"b/file", file, 0o755}}, moment); err != nil {
					t.Fatal(err)
				}
				sums[i] = sha256.Sum256(b.Bytes())
			}
			if sums[0] != sums[1] {
				t.Error("two archives of the same files differ")
			}
		})
	}
}

// testBill is the bill of this test's own binary.
func testBill(t *testing.T) (*bom, *debug.BuildInfo) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	info.Deps = append(info.Deps, &debug.Module{Path: "example.com/a", Version: "v2.0.0+incompatible", Sum: "h1:VlbKKnNfV8bJzeqoa4cOKqO6bYr3WgKZxO8Z16+hsOM="})
	b, err := newBill(info, info.Deps, sha256.Sum256([]byte("x")), "v1.2.3", moment)
	if err != nil {
		t.Fatal(err)
	}
	return b, info
}

// What the schema of CycloneDX 1.6 demands of a bill such as ours.
func TestBillIsCycloneDX(t *testing.T) {
	b, info := testBill(t)
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"bomFormat":"CycloneDX","specVersion":"1.6"`, `"timestamp":"2026-03-14T15:09:26Z"`, `"type":"application","name":"infershield","version":"v1.2.3"`,
		`"purl":"pkg:golang/example.com/a@v2.0.0%2Bincompatible"`, `"alg":"SHA-256","content":"5656ca2a735f57c6c9cdeaa86b870e2aa3ba6d8af75a0299c4ef19d7afa1b0e3"`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.Serial) {
		t.Errorf("serial number %s", b.Serial)
	}
	if got, want := len(b.Components), len(info.Deps)+1; got != want {
		t.Errorf("%d components; want %d", got, want)
	}
	refs := []string{b.Metadata.Component.Ref}
	for _, c := range b.Components {
		if slices.Contains(refs, c.Ref) {
			t.Errorf("%s stands there twice", c.Ref)
		}
		refs = append(refs, c.Ref)
	}
	for _, d := range b.Dependencies {
		for _, ref := range append(d.DependsOn, d.Ref) {
			if !slices.Contains(refs, ref) {
				t.Errorf("%s is depended on and not there", ref)
			}
		}
	}
}

func TestLicencesAreQuoted(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	if err := appendLicences(&b, "example.com/a v1.0.0", dir); err == nil {
		t.Error("a module without a licence may be handed out")
	}
	for _, name := range []string{"LICENSE.md", "COPYING", "NOTICE", "LICENSE-3RD-PARTY.md", "SQLITE-LICENSE", "license.go", "README"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("text of "+name+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := appendLicences(&b, "example.com/a v1.0.0", dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE.md", "COPYING", "NOTICE", "LICENSE-3RD-PARTY.md", "SQLITE-LICENSE"} {
		if want := "example.com/a v1.0.0 (" + name + ")"; !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "text of "+name+"\n") {
			t.Errorf("%s is not quoted in\n%s", name, b.String())
		}
	}
	for _, name := range []string{"license.go", "README"} {
		if strings.Contains(b.String(), name) {
			t.Errorf("%s is quoted", name)
		}
	}
}

// Every setting of the units is one that systemd knows.
func TestUnitsAreVerified(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("systemd-analyze is not installed")
		}
		t.Skip("systemd-analyze is not installed")
	}
	root := t.TempDir()
	for _, scope := range []string{"system", "user"} {
		units, err := filepath.Glob("../../packaging/systemd/" + scope + "/*")
		if err != nil || len(units) != 3 {
			t.Fatalf("%s units: %q, %v", scope, units, err)
		}
		dir := filepath.Join(root, scope)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		args := []string{"verify", "--man=no"}
		if scope == "user" {
			args = append(args, "--user")
		}
		for _, unit := range units {
			text, err := os.ReadFile(unit)
			if err != nil {
				t.Fatal(err)
			}
			// The binary of a package that is not installed here.
			text = bytes.ReplaceAll(text, []byte("ExecStart=/usr/bin/infershield"), []byte("ExecStart=/bin/true"))
			file := filepath.Join(dir, filepath.Base(unit))
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
		cmd := exec.CommandContext(t.Context(), "systemd-analyze", args...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+root)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// What cannot be run here is at least read by what would read it first.
func TestScriptsAndPropertyListAreWellFormed(t *testing.T) {
	for _, folder := range []string{"deb/p*", "rpm/*"} {
		scripts, err := filepath.Glob("../../packaging/" + folder)
		if err != nil || len(scripts) != 3 {
			t.Fatalf("%s: %q, %v", folder, scripts, err)
		}
		for _, script := range scripts {
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", script).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", script, err, out)
			}
		}
	}
	list, err := os.ReadFile("../../packaging/launchd/com.github.infershield.plist")
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(list)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
