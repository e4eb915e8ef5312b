package policy_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// Each pair of files in invalid.txtar is a policy and what is said about it.
func TestInvalid(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/invalid.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		source, want := archive.Files[i], archive.Files[i+1]
		t.Run(strings.TrimSuffix(source.Name, ".yaml"), func(t *testing.T) {
			_, err := policy.Parse(source.Data)
			var invalid *policy.Error
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v; want a *policy.Error", err)
			}
			if diff := cmp.Diff(string(want.Data), err.Error()+"\n"); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	for name, source := range map[string]string{
		"size":   "version: 1 #" + strings.Repeat("x", 1<<20),
		"rules":  "version: 1\nrules:\n" + strings.Repeat("- action: allow\n", 1001),
		"values": "version: 1\nrules: [{action: allow, when: {model: [" + strings.Repeat("a,", 1001) + "]}}]",
	} {
		if _, err := policy.Parse([]byte(source)); err == nil {
			t.Errorf("%s: no error past the bound", name)
		}
	}
}

func TestDefaultIsItsSource(t *testing.T) {
	want, err := os.ReadFile("default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	if !bytes.Equal(p.Source(), want) {
		t.Error("Source is not default.yaml")
	}
	if p.Mode() != policy.ModeBlock || p.Threshold() != 70 || p.OnError() != policy.Block || !p.WebSocketAllowed() {
		t.Errorf("mode %v, threshold %d, on_error %v, websocket %v", p.Mode(), p.Threshold(), p.OnError(), p.WebSocketAllowed())
	}
	for _, c := range inspect.Categories() {
		if !strings.Contains(string(want), "\n  "+string(c)+": ") {
			t.Errorf("default.yaml does not weigh %s", c)
		}
	}
}

// A file that says only what it must behaves as default.yaml does, but for the
// rules.
func TestDefaults(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1"))
	if err != nil {
		t.Fatal(err)
	}
	d := policy.Default()
	for _, reason := range []policy.Reason{policy.TooLarge, policy.Undecodable, policy.Opaque} {
		if got, want := p.Unscannable(reason), d.Unscannable(reason); got != want {
			t.Errorf("unscannable %s: %s; want %s", reason, got, want)
		}
	}
	if p.OnError() != d.OnError() || p.Threshold() != d.Threshold() || p.WebSocketAllowed() != d.WebSocketAllowed() {
		t.Error("an empty file is not as strict as default.yaml")
	}
	for _, c := range inspect.Categories() {
		found := []inspect.Finding{finding(c, "x", 0.6)}
		if got, want := p.Decide(policy.Subject{}, found).Risk, d.Decide(policy.Subject{}, found).Risk; got != want {
			t.Errorf("%s: risk %d without weights; want %d", c, got, want)
		}
	}
}

func TestHandling(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nmode: block\nunscannable: flag\non_error: allow\nwebsocket: forbid"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Unscannable(policy.TooLarge) != policy.Flag || p.OnError() != policy.Allow || p.WebSocketAllowed() {
		t.Errorf("too_large %s, on_error %s, websocket %v; want flag, allow, false",
			p.Unscannable(policy.TooLarge), p.OnError(), p.WebSocketAllowed())
	}
	if got := p.Unscannable("unheard_of"); got != policy.Refuse {
		t.Errorf("unknown reason: %s; want block", got)
	}
	if !p.With(policy.Settings{Mode: policy.ModeWarn}).WebSocketAllowed() {
		t.Error("warn forbids a WebSocket")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(policy.Default().Source())
	archive, err := txtar.ParseFile("testdata/invalid.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := policy.Parse(source)
		var invalid *policy.Error
		switch {
		case err == nil:
			if v := p.Decide(policy.Subject{}, []inspect.Finding{override, key, email}); v.Risk < 0 || v.Risk > 100 {
				t.Errorf("risk %d", v.Risk)
			}
		case !errors.As(err, &invalid) || len(invalid.Problems) == 0:
			t.Errorf("got %v; want problems", err)
		}
	})
}
