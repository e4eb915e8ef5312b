package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/launch"
)

const runReference = "../../docs/run.md"

// The table of docs/run.md is written from the one that the program uses:
// go test ./cmd/infershield -run TestRunReference -update
func TestRunReference(t *testing.T) {
	got, err := os.ReadFile(runReference)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- the table -->\n", "<!-- end of the table -->\n"
	before, rest, ok := strings.Cut(string(got), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", runReference)
	}
	want := before + begin + runTable() + end + after
	if *update {
		if err := os.WriteFile(runReference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what run does; run this test with -update (-want +got):\n%s", runReference, diff)
	}
}

func runTable() string {
	what := map[launch.Kind]string{
		launch.KindProxy:    "the proxy",
		launch.KindBypass:   "yours, without what would take an intercepted host around, and this machine",
		launch.KindReplaces: "file: the system's certificates, yours and ours",
		launch.KindAdds:     "file: our certificate, and yours",
		launch.KindSwitch:   "turned on",
		launch.KindOptions:  "yours, and ours behind them",
		launch.KindFolder:   "yours or the system's, and ours",
	}
	var b strings.Builder
	b.WriteString("| variable | is given | who reads it |\n|---|---|---|\n")
	for _, v := range launch.Variables() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, what[v.Kind], v.Clients)
	}
	return b.String()
}
