package inspect_test

import (
	"slices"
	"strings"
	"testing"
)

// stepsMost bounds the steps that the families take for a byte of the worst
// text, all together; a step is about a byte looked at.
const stepsMost = 64

// What a text made to be slow may cost is bounded in steps, which no busy
// neighbour changes.
func TestStepsAreBounded(t *testing.T) {
	for _, unit := range slices.Concat(hostile, hostilePII, hostileSecrets) {
		text := strings.Repeat(unit, 64<<10/len(unit)+1)[:64<<10]
		for _, role := range roles {
			if steps := engine().Steps(role, text); steps > stepsMost*len(text) {
				t.Errorf("%.40q as %v: %.1f steps a byte; want up to %d", unit, role, float64(steps)/float64(len(text)), stepsMost)
			}
		}
	}
}
