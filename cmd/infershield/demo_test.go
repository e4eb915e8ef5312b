package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	// None of these may have a part in it.
	t.Setenv("OPENAI_API_KEY", clientKey)
	t.Setenv("KEY_MODE", "passthrough")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"demo", "--json"}, strings.NewReader(""), &stdout, &stderr); code != exitDone {
		t.Fatalf("got exit code %d; want 0\n%s%s", code, stdout.String(), stderr.String())
	}
	var shown demo
	if err := json.Unmarshal(stdout.Bytes(), &shown); err != nil {
		t.Fatal(err)
	}
	if !shown.OK || len(shown.Steps) != 5 {
		t.Errorf("got %+v; want five steps, all well", shown)
	}
	for _, step := range shown.Steps {
		if step.Record == nil || len(step.Wrong) > 0 {
			t.Errorf("%s: got record %v, wrong %q; want a record and nothing wrong", step.Name, step.Record, step.Wrong)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v left behind; want nothing", left, err)
	}
}

func TestDemoTable(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"demo"}, strings.NewReader(""), &stdout, &stderr); code != exitDone {
		t.Fatalf("got exit code %d; want 0\n%s%s", code, stdout.String(), stderr.String())
	}
	for _, want := range []string{"✓ clean prompt", "✓ leaked key", "✓ injection", "✓ stream", "✓ missing key", "403, firewall_block", "401, missing_authorization", "All as it should be"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", stdout.String(), want)
		}
	}
	if strings.Contains(stdout.String(), "\x1b") {
		t.Error("got colours where there is no terminal")
	}
}

// TestDemoNoticesWhatIsWrong spoils a good run in one place at a time.
func TestDemoNoticesWhatIsWrong(t *testing.T) {
	const key = "sk-" + "proj-" + "demo"
	spoil := map[string]struct {
		step  int
		spoil func(*demoResult)
	}{
		"status":             {0, func(r *demoResult) { r.Client.Status = 500 }},
		"changed request":    {0, func(r *demoResult) { r.Provider.SeenSHA256 = "other" }},
		"changed answer":     {3, func(r *demoResult) { r.Provider.AnswerSHA256 = "other" }},
		"wrong sums":         {0, func(r *demoResult) { r.Record.BodySHA256.RequestOut = "other" }},
		"other protocol":     {0, func(r *demoResult) { r.Provider.Protocol = "HTTP/1.1" }},
		"key lost":           {0, func(r *demoResult) { r.Provider.ClientsKey = false }},
		"key recorded":       {0, func(r *demoResult) { r.Record.PromptExcerpt = key }},
		"secret not masked":  {1, func(r *demoResult) { r.body = []byte("use " + demoSecret(key)) }},
		"secret recorded":    {1, func(r *demoResult) { r.Record.Model = demoSecret(key) }},
		"not recorded":       {1, func(r *demoResult) { r.Record = nil }},
		"recorded as allow":  {2, func(r *demoResult) { r.Record.Action = "allow" }},
		"injection through":  {2, func(r *demoResult) { r.Provider.Reached = true }},
		"other error":        {2, func(r *demoResult) { r.Client.Code = "server_error" }},
		"one event":          {3, func(r *demoResult) { r.Client.Events = 1 }},
		"other door":         {3, func(r *demoResult) { r.Record.Door = "local" }},
		"keyless got beyond": {4, func(r *demoResult) { r.Provider.Reached = true }},
	}
	for name, c := range spoil {
		step := demoSteps(key)[c.step]
		good := goodResult(step)
		if wrong := step.wrong(good); len(wrong) > 0 {
			t.Fatalf("%s: got %q of a good run", step.name, wrong)
		}
		c.spoil(&good)
		if wrong := step.wrong(good); len(wrong) == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// goodResult is what a step shows when all is well.
func goodResult(s demoStep) demoResult {
	r := demoResult{Name: s.name, Client: demoClient{
		Status: s.status, Code: s.code, Protocol: "HTTP/2.0", SentSHA256: "sent", ReadSHA256: "read", Events: 11,
	}}
	r.Record = &audit.Record{
		Status: s.status, Action: s.action, Door: "connect",
		BodySHA256: audit.Digests{RequestIn: "sent", RequestOut: "sent", ResponseIn: "read", ResponseOut: "read"},
	}
	if s.passes() {
		r.Provider = demoProvider{Reached: true, ClientsKey: true, Protocol: "HTTP/2.0", SeenSHA256: "sent", AnswerSHA256: "read"}
	}
	return r
}
