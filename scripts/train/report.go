package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/infershield/infershield/inspect"
)

const (
	block      = 0.7  // the score from which policy blocks
	margin     = 0.05 // logits above the document that sets it
	promptMore = 0.5  // logits more that a prompt needs: most of them are no documents
	modelMore  = 2.0  // logits more that an answer needs than a document
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

// docsShare is the share of documents that may reach a role's threshold where it
// is set. It is less than the one in a thousand that is wanted of other documents,
// and least for tools, whose head is the more easily alarmed by documents.
var docsShare = map[inspect.Role]float64{inspect.User: 0.0007, inspect.Tool: 0.0007}

// setCuts sets the threshold of each role where few enough documents reach it.
// open is the model with every cut at 0.
func setCuts(t *table, open *inspect.LinearModel, set *corpus) {
	for _, role := range []inspect.Role{inspect.User, inspect.Tool} {
		all := scores(open, role, set.docsCut)
		slices.Sort(all)
		at := len(all) - 1 - int(docsShare[role]*float64(len(all)))
		t.cut[role] = logit(all[at]) + margin
	}
	t.cut[inspect.User] += promptMore
	fmt.Printf("cuts: user %.2f, tool %.2f\n", t.cut[inspect.User], t.cut[inspect.Tool])
	t.cut[inspect.Model] = t.cut[inspect.Tool] + modelMore
	t.cut[inspect.System] = t.cut[inspect.User]
}

// role is the speaker that a sample is scored as.
func (s *sample) role() inspect.Role {
	switch {
	case s.answer:
		return inspect.Model
	case s.tool:
		return inspect.Tool
	}
	return inspect.User
}

// speaker is the role that a sample's features are taken as. An ordinary document
// is read as what a tool brought in, which has the more phrases.
func (s *sample) speaker() inspect.Role {
	if s.doc {
		return inspect.Tool
	}
	return s.role()
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

// recallAt returns the share of attacks caught where the given share of honest
// texts, and no more, is flagged.
func recallAt(m *inspect.LinearModel, samples []sample, flagged float64) float64 {
	var attacks, honest []float64
	for i := range samples {
		s := &samples[i]
		if score := logit(m.Score(s.role(), s.text)); s.attack {
			attacks = append(attacks, score)
		} else {
			honest = append(honest, score)
		}
	}
	slices.Sort(honest)
	cut := honest[len(honest)-1-int(flagged*float64(len(honest)))]
	caught := 0
	for _, a := range attacks {
		if a > cut {
			caught++
		}
	}
	return float64(caught) / float64(len(attacks))
}

// ranking says what the model would catch if other shares of the honest texts
// were flagged: how well it tells them apart, whatever the threshold.
func ranking(m *inspect.LinearModel, set *corpus) string {
	out := ""
	for _, flagged := range []float64{0.005, 0.01, 0.02} {
		out += fmt.Sprintf(" %.1f%% caught at %.1f%%;", 100*recallAt(m, set.held, flagged), 100*flagged)
	}
	return out
}

// tallies counts by origin.
type tallies map[string]*tally

func (t tallies) add(m *inspect.LinearModel, samples []sample) {
	for i, score := range scoresOwn(m, samples) {
		s := &samples[i]
		if t[s.origin] == nil {
			t[s.origin] = new(tally)
		}
		t[s.origin].count(s.attack, score >= block)
	}
}

// scoresOwn scores each sample in its own role.
func scoresOwn(m *inspect.LinearModel, samples []sample) []float64 {
	out := make([]float64, len(samples))
	for i := range samples {
		out[i] = m.Score(samples[i].role(), samples[i].text)
	}
	return out
}

func (t tallies) print(w io.Writer) {
	var all tally
	for _, name := range slices.Sorted(maps.Keys(t)) {
		n := t[name]
		all.attacks, all.caught = all.attacks+n.attacks, all.caught+n.caught
		all.benign, all.flagged = all.benign+n.benign, all.flagged+n.flagged
		fmt.Fprintf(w, "  %-38s %v\n", name, n)
	}
	fmt.Fprintf(w, "  %-38s %v\n", "all", all)
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

// report prints how the model does on what it has not learned from, and on what
// it has.
func report(w io.Writer, m *inspect.LinearModel, set *corpus) {
	for _, part := range []struct {
		name    string
		samples []sample
	}{{"dev", set.dev}, {"texts that nothing is learned from or set by", set.unseen}, {"learned from", set.train}} {
		fmt.Fprintf(w, "\n%s\n", part.name)
		t := tallies{}
		t.add(m, part.samples)
		t.print(w)
	}
	fmt.Fprintf(w, "\nordinary documents, neither learned from nor used for the threshold\n")
	for _, role := range []inspect.Role{inspect.User, inspect.Tool, inspect.Model} {
		flagged := 0
		for _, score := range scores(m, role, set.docsReport) {
			if score >= block {
				flagged++
			}
		}
		fmt.Fprintf(w, "  as %-6s %s flagged\n", role, share(flagged, len(set.docsReport)))
	}
}

// writeMisses adds to the file what the model gets wrong, worst first, for
// looking at: of held-out text, or of everything else for the last model.
func writeMisses(path string, fold int, m *inspect.LinearModel, set *corpus) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing misses: %w", err)
	}
	defer f.Close()
	lists := [][]sample{set.held}
	if fold == folds {
		lists = [][]sample{set.unseen, set.dev, set.train, set.docsCut}
	}
	out := bufio.NewWriter(f)
	for _, list := range lists {
		misses(out, m, list)
	}
	return out.Flush()
}

func misses(w io.Writer, m *inspect.LinearModel, list []sample) {
	all := scoresOwn(m, list)
	var wrong []int
	for i, score := range all {
		if (score >= block) != list[i].attack {
			wrong = append(wrong, i)
		}
	}
	slices.SortStableFunc(wrong, func(a, b int) int {
		return cmp.Compare(math.Abs(all[b]-block), math.Abs(all[a]-block))
	})
	for _, i := range wrong {
		s := &list[i]
		fmt.Fprintf(w, "%.3f attack=%v %s: %.700s\n", all[i], s.attack, s.origin, strings.ReplaceAll(s.text, "\n", "⏎"))
	}
}
