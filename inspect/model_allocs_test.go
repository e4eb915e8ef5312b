//go:build !race

// The race detector makes pools forget, so allocations are counted without it.
package inspect_test

import (
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

func TestModelAllocatesNothing(t *testing.T) {
	m := inspect.BuiltInModel()
	for _, text := range []string{modelProse, modelCode, strings.Repeat(modelCode, 50)} {
		m.Score(inspect.User, text)
		if got := testing.AllocsPerRun(50, func() { m.Score(inspect.User, text) }); got >= 1 {
			t.Errorf("got %v allocations for %d bytes; want 0", got, len(text))
		}
	}
}
