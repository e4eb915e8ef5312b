package metrics_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/metrics"
)

const (
	rulesFile   = "../packaging/observe/infershield.rules.yml"
	grafanaFile = "../packaging/observe/grafana.json"
)

// The rules and the dashboard that we hand out ask for what there is.
func TestObserversUseExportedNames(t *testing.T) {
	cfg := config()
	cfg.Exports = func() []metrics.Export { return []metrics.Export{{Name: "webhook", Sent: 1}} }
	m := metrics.New(cfg)
	m.Record(audit.Record{Door: "connect", Endpoint: "generic", Action: "allow", Status: 200, FirstByteMS: 3, Stream: true})
	exported := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^(infershield_\w+)`).FindAllString(scrape(t, m), -1) {
		exported[name] = true
	}
	for _, file := range []string{rulesFile, grafanaFile} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		used := regexp.MustCompile(`infershield_\w+`).FindAllString(string(source), -1)
		if len(used) < 10 {
			t.Errorf("%s uses %d names", file, len(used))
		}
		for _, name := range used {
			if !exported[name] {
				t.Errorf("%s uses %s, which is not exported", file, name)
			}
		}
	}
}

func TestPromtoolTakesRulesAndQueries(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is missing; scripts/test-deps.sh installs it")
		}
		t.Skip("promtool is missing; on Debian: sudo apt-get install prometheus")
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", rulesFile).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	source, err := os.ReadFile(grafanaFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(source, &dashboard); err != nil {
		t.Fatal(err)
	}
	// The rule checker parses any expression; Grafana's variables are put in.
	var rules strings.Builder
	rules.WriteString("groups:\n- name: grafana\n  rules:\n")
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h", "$instance", ".*").Replace(target.Expr)
			quoted, _ := json.Marshal(expr)
			rules.WriteString("  - record: x\n    expr: " + string(quoted) + "\n    labels: {panel: " + `"` + p.Title + target.Expr[:3] + `"` + "}\n")
		}
	}
	file := t.TempDir() + "/grafana.yml"
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
