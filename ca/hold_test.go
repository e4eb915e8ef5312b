package ca_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infershield/infershield/ca"
)

func hold(t testing.TB, dir string, hosts ...string) *ca.Authority {
	t.Helper()
	a, err := ca.Hold(dir, hosts)
	if err != nil {
		t.Fatalf("Hold: %v", err)
	}
	t.Cleanup(a.Close)
	return a
}

// Two instances on one folder: the second must not take the authority away from
// under the first.
func TestHoldKeepsTheRoot(t *testing.T) {
	dir := t.TempDir()
	first := hold(t, dir, openAI)
	if got := first.Change().Event; got != ca.Created {
		t.Errorf("first: got %v; want created", got)
	}
	second := hold(t, dir, openAI) // the same list shares it
	before := read(t, first.Path())
	for name, other := range map[string]func(string, []string) (*ca.Authority, error){"Hold": ca.Hold, "Open": ca.Open} {
		_, err := other(dir, []string{"api.other.test"})
		if !errors.Is(err, ca.ErrInUse) || !strings.Contains(err.Error(), "added: api.other.test, removed: "+openAI) {
			t.Errorf("%s for another list: got %v; want ErrInUse and how they differ", name, err)
		}
	}
	first.Close()
	if _, err := ca.Hold(dir, []string{"api.other.test"}); !errors.Is(err, ca.ErrInUse) {
		t.Errorf("while one of two serves: got %v; want ErrInUse", err)
	}
	if got := string(read(t, first.Path())); got != string(before) {
		t.Error("the root was replaced")
	}
	second.Close()
	second.Close() // twice does no harm
	third := hold(t, dir, "api.other.test")
	if got := third.Change().Event; got != ca.Reissued {
		t.Errorf("after both: got %v; want reissued", got)
	}
	if _, err := ca.Open(dir, []string{openAI}); !errors.Is(err, ca.ErrInUse) {
		t.Errorf("after a change, Hold holds nothing: got %v; want ErrInUse", err)
	}
}

// Whoever serves takes over another root for the same hosts, so its files may be
// lost, but none for other hosts may come in their place.
func TestHoldOutlivesTheFiles(t *testing.T) {
	dir := t.TempDir()
	first := hold(t, dir, openAI)
	remove(t, first.Path())
	remove(t, first.KeyPath())
	if _, err := ca.Open(dir, []string{openAI}); !errors.Is(err, ca.ErrInUse) {
		t.Errorf("got %v; want ErrInUse", err)
	}
	if got := list(t, dir); len(got) != 2 {
		t.Errorf("files: got %v; want the two locks", got)
	}
	if _, err := first.Refresh(); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "ca.pem")+" is gone") {
		t.Errorf("Refresh: got %v; want an error that names the file", err)
	}
	verifyWithGo(t, first, first.Root(), openAI)
}
