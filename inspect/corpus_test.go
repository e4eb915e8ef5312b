package inspect_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/inspect"
)

// sample is one text of a corpus. A file of testdata/<family>.txtar is named
//
//	<rule>[,<rule>…]/<role>/<anything>   these rules must fire, exactly once each or more
//	clean/<role>/<anything>              no rule may fire with a score of 0.3 or more
//	not-<rule>/<role>/<anything>         this rule must not fire
//
// In the text, a middle dot is dropped, so that tools that look for
// secrets in source do not trip over a fixture. \xNN is a byte.
type sample struct {
	family string
	want   string
	role   inspect.Role
	name   string
	text   string
}

func corpora(t testing.TB) []sample {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpora: %v", err)
	}
	var all []sample
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		family := strings.TrimSuffix(filepath.Base(path), ".txtar")
		for _, file := range archive.Files {
			parts := strings.SplitN(file.Name, "/", 3)
			if len(parts) != 3 {
				t.Fatalf("%s: %q is not want/role/name", path, file.Name)
			}
			role, err := inspect.ParseRole(parts[1])
			if err != nil {
				t.Fatalf("%s: %s: %v", path, file.Name, err)
			}
			all = append(all, sample{family, parts[0], role, file.Name, unfold(strings.TrimSuffix(string(file.Data), "\n"))})
		}
	}
	return all
}

// unfold undoes what keeps a fixture from looking like a secret or holds a byte
// that an editor would lose.
func unfold(s string) string {
	s = strings.ReplaceAll(s, "·", "")
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\x`)
		b.WriteString(before)
		if !ok || len(after) < 2 {
			return b.String()
		}
		n, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil {
			return b.String() + after
		}
		b.WriteByte(byte(n))
		s = after[2:]
	}
}

func (c sample) check(t testing.TB) {
	t.Helper()
	found := engine().Scan(inspect.Source{Role: c.role}, c.text)
	has := func(rule string) bool {
		return slices.ContainsFunc(found, func(f inspect.Finding) bool { return f.Rule == rule && f.Score >= 0.3 })
	}
	if rule, not := strings.CutPrefix(c.want, "not-"); not {
		if has(rule) {
			t.Errorf("%s: %s: got %v; want no %s", c.family, c.name, found, rule)
		}
		return
	}
	if c.want == "clean" {
		for _, f := range found {
			if f.Score >= 0.3 {
				t.Errorf("%s: %s: got %+v in %q; want nothing", c.family, c.name, f, c.text[f.Start:f.End])
			}
		}
		return
	}
	for _, rule := range strings.Split(c.want, ",") {
		if !has(rule) {
			t.Errorf("%s: %s: got %v; want %s", c.family, c.name, found, rule)
		}
	}
}

func TestCorpora(t *testing.T) {
	for _, c := range corpora(t) {
		c.check(t)
	}
}
