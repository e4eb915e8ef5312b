package inspect_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// TestDisguisesLabelledData prints, with -v, how many of the attacks that are
// found plainly are found in each disguise, and how many harmless texts become
// attacks by it. It fails only when it cannot read the data.
func TestDisguisesLabelledData(t *testing.T) {
	dir := os.Getenv("INFERSHIELD_DATA")
	if dir == "" {
		t.Skip("INFERSHIELD_DATA names no folder")
	}
	attacks, harmless := shortRows(t, filepath.Join(dir, "injection", "dev.jsonl"))
	found := 0
	for _, d := range disguises {
		c := tallied{}
		for _, text := range attacks {
			if risk(engine().Scan(inspect.Source{}, text)) >= threshold {
				found++
				c.add(true, risk(engine().Scan(inspect.Source{}, d.write(text))) >= threshold)
			}
		}
		for _, text := range harmless {
			c.add(false, risk(engine().Scan(inspect.Source{}, d.write(text))) >= threshold)
		}
		t.Logf("%-24s %v", d.name, &c)
	}
	t.Logf("%d short attacks, %d of them found plainly", len(attacks), found/len(disguises))
}

// shortRows returns the attacks and the harmless texts that a view takes in at
// one look, at most 200 of the latter.
func shortRows(t *testing.T, path string) (attacks, harmless []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r labelled
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		switch attack := string(r.Label) == `"attack"`; {
		case len(r.Text) > 600:
		case attack:
			attacks = append(attacks, r.Text)
		case len(harmless) < 200 && len(r.Text) > 24:
			harmless = append(harmless, r.Text)
		}
	}
	return attacks, harmless
}
