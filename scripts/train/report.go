package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/infershield/infershield/inspect"
)

const (
	block     = 0.7    // the score from which policy blocks
	docsShare = 0.0005 // of the documents may reach it where the threshold is set
	margin    = 0.15   // logits above the document that sets it
	modelMore = 1.0    // logits more that an answer needs than a document
)

// logit is the distance of a score from the threshold.
func logit(score float64) float64 {
	score = min(max(score, 1e-15), 1-1e-15)
	return math.Log(score/(1-score)) - math.Log(block/(1-block))
}

// scores scores the samples in a role, on two cores.
func scores(m *inspect.LinearModel, role inspect.Role, samples []sample) []float64 {
	out := make([]float64, len(samples))
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := part; i < len(samples); i += 2 {
				out[i] = m.Score(role, samples[i].text)
			}
		})
	}
	wg.Wait()
	return out
}

// setCuts sets the threshold of each role where few enough documents reach it.
// open is the model with every cut at 0.
func setCuts(t *table, open *inspect.LinearModel, set *corpus) {
	for _, role := range []inspect.Role{inspect.User, inspect.Tool} {
		all := scores(open, role, set.docsCut)
		slices.Sort(all)
		at := len(all) - 1 - int(docsShare*float64(len(all)))
		t.cut[role] = logit(all[at]) + margin
	}
	t.cut[inspect.Model] = t.cut[inspect.Tool] + modelMore
	t.cut[inspect.System] = t.cut[inspect.User]
}

// role is the speaker that a sample is scored as.
func (s *sample) role() inspect.Role {
	if s.tool {
		return inspect.Tool
	}
	return inspect.User
}

// tally counts one origin's texts and those that reach the threshold.
type tally struct{ attacks, caught, benign, flagged int }

func (t tally) String() string {
	return fmt.Sprintf("%s attacks caught, %s benign flagged", share(t.caught, t.attacks), share(t.flagged, t.benign))
}

func share(n, of int) string {
	if of == 0 {
		return "       –        "
	}
	return fmt.Sprintf("%5d/%-5d %6.2f%%", n, of, 100*float64(n)/float64(of))
}

func report(w io.Writer, m *inspect.LinearModel, set *corpus) {
	for _, part := range []struct {
		name    string
		samples []sample
	}{{"dev", set.dev}, {"own, held out", set.held}, {"own and train, learned from", set.train}} {
		fmt.Fprintf(w, "\n%s\n", part.name)
		tallies := map[string]*tally{}
		for i := range part.samples {
			s := &part.samples[i]
			t := tallies[s.origin]
			if t == nil {
				t = new(tally)
				tallies[s.origin] = t
			}
			t.count(s.attack, m.Score(s.role(), s.text) >= block)
		}
		printTallies(w, tallies)
	}
	fmt.Fprintf(w, "\nordinary documents, not learned from\n")
	for _, role := range []inspect.Role{inspect.User, inspect.Tool, inspect.Model} {
		flagged := 0
		for _, score := range scores(m, role, set.docsReport) {
			if score >= block {
				flagged++
			}
		}
		fmt.Fprintf(w, "  %-6s flagged %s\n", role, share(flagged, len(set.docsReport)))
	}
}

func (t *tally) count(attack, hit bool) {
	n := 0
	if hit {
		n = 1
	}
	if attack {
		t.attacks++
		t.caught += n
		return
	}
	t.benign++
	t.flagged += n
}

func printTallies(w io.Writer, tallies map[string]*tally) {
	var names []string
	var all tally
	for name, t := range tallies {
		names = append(names, name)
		all.attacks, all.caught = all.attacks+t.attacks, all.caught+t.caught
		all.benign, all.flagged = all.benign+t.benign, all.flagged+t.flagged
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(w, "  %-40s %v\n", name, tallies[name])
	}
	fmt.Fprintf(w, "  %-40s %v\n", "all", all)
}

// writeMisses writes what the model gets wrong, worst first, for looking at.
func writeMisses(path string, m *inspect.LinearModel, set *corpus) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing misses: %w", err)
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	for _, list := range [][]sample{set.dev, set.held, set.train, set.docsCut} {
		type miss struct {
			s     *sample
			score float64
		}
		var misses []miss
		for i := range list {
			s := &list[i]
			if score := m.Score(s.role(), s.text); (score >= block) != s.attack {
				misses = append(misses, miss{s, score})
			}
		}
		slices.SortStableFunc(misses, func(a, b miss) int {
			return cmp.Compare(math.Abs(b.score-block), math.Abs(a.score-block))
		})
		for _, x := range misses {
			text := strings.ReplaceAll(x.s.text, "\n", "⏎")
			fmt.Fprintf(out, "%.3f attack=%v %s: %.700s\n", x.score, x.s.attack, x.s.origin, text)
		}
	}
	return out.Flush()
}
