package policy

import (
	"fmt"
	"slices"

	"github.com/infershield/infershield/inspect"
)

// Action is what happens to a text, from the mildest to the strongest.
type Action uint8

// The actions.
const (
	Allow Action = iota
	Redact
	Block
)

var actionNames = [...]string{Allow: "allow", Redact: "redact", Block: "block"}

// String returns the word used in records, policy files and answers.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Direction is which way a text travels.
type Direction uint8

// The directions.
const (
	Request  Direction = iota // from the client to the provider
	Response                  // from the provider to the client
)

var directionNames = [...]string{Request: "request", Response: "response"}

// String returns the word used in records and policy files.
func (d Direction) String() string {
	if int(d) < len(directionNames) {
		return directionNames[d]
	}
	return fmt.Sprintf("direction(%d)", uint8(d))
}

// Subject is what the rules may ask of one text. Empty fields match only a
// rule that does not ask.
type Subject struct {
	Direction Direction
	Role      inspect.Role
	Stream    bool // the text arrives in pieces
	Host      string
	Endpoint  string
	Model     string
	Agent     string
}

// Verdict is what policy makes of the findings in one text, or, joined, in
// several. The zero value allows and has seen nothing.
type Verdict struct {
	// Action is what must be done.
	Action Action
	// Would is what ModeBlock would do; in that mode it equals Action. It is
	// Block exactly when Risk reaches the policy's threshold.
	Would Action
	// Risk is 0 to 100.
	Risk int
	// Labels are each category that counts followed by its rules, without
	// repeats. Coverage stands for nothing by itself and is left out.
	Labels []string
	// Masked are the findings to hand to Mask, for the one text decided on. A
	// joined verdict has none.
	Masked []inspect.Finding

	tallies []tally // in category order
}

// tally is what one category adds to a verdict. Labels and risk follow from
// the tallies alone, which makes Join exact: the verdict on two pieces is the
// verdict on both at once.
type tally struct {
	place   int      // in categories
	risk    int      // of the strongest finding
	ceiling int      // that several findings together may not pass
	rules   []string // sorted, distinct
}

// Several different findings of one category are worse than the worst of them,
// by a little, and never by enough to reach the threshold.
const (
	bonusEach = 2
	bonusMax  = 6
)

// leastScore keeps guesses out of verdicts and labels.
const leastScore = 0.3

// Decide judges the findings of one text. It allocates nothing when there are
// none, and keeps found only within Verdict.Masked.
func (p *Policy) Decide(s Subject, found []inspect.Finding) Verdict {
	var v Verdict
	if p.mode == ModeOff {
		return v
	}
	for _, f := range found {
		if f.Score < leastScore {
			continue
		}
		action, t := p.judge(&s, f)
		v.Would = max(v.Would, action)
		if action == Redact && p.mode == ModeBlock {
			v.Masked = append(v.Masked, f)
		}
		v.tallies = add(v.tallies, t)
	}
	if p.mode == ModeBlock {
		v.Action = v.Would
	}
	v.sum()
	return v
}

// judge finds the rule for f and returns what it does and adds.
func (p *Policy) judge(s *Subject, f inspect.Finding) (Action, tally) {
	t := tally{place: place(f.Category), rules: []string{f.Rule}}
	weight := p.weight(t.place)
	if t.place < 0 {
		t.place = len(categories) // after all that are known
	}
	t.risk = risk(f.Score, weight)
	r := p.match(s, f)
	if r != nil && r.action == Block {
		t.risk = max(t.risk, p.threshold)
		t.ceiling = max(t.risk, weight)
		return Block, t
	}
	// What does not block stays below the threshold, or a risk would say
	// "blocked" of something that went through.
	t.ceiling = min(weight, p.threshold-1)
	t.risk = min(t.risk, t.ceiling)
	if r == nil {
		return Allow, t
	}
	return r.action, t
}

// weight is the risk of a certain finding of the category at place.
func (p *Policy) weight(place int) int {
	if place < 0 {
		return ThresholdMax // one that this build does not know
	}
	return p.weights[place]
}

// risk is what f comes to, before a rule has its say.
func (p *Policy) risk(f inspect.Finding) int { return risk(f.Score, p.weight(place(f.Category))) }

func cmpOr(threshold, otherwise int) int {
	if threshold == 0 {
		return otherwise
	}
	return threshold
}

// risk is a certainty times a weight, rounded down; the small term makes up
// for products such as 0.57*100 that fall short of the number meant.
func risk(score float64, weight int) int {
	return int(min(score, 1)*float64(weight) + 1e-9)
}

// Refusal is the verdict on what must not go on although no finding says so: a
// body that cannot be inspected, say. Its risk is the policy's threshold, so
// that a risk and an action never contradict each other.
func (p *Policy) Refusal(label string) Verdict {
	v := Verdict{Action: Block, Would: Block, tallies: []tally{{
		place: place(inspect.Coverage), risk: p.threshold, ceiling: p.threshold, rules: []string{label},
	}}}
	v.sum()
	return v
}

// Join returns the verdict on what v and o judged together: the strongest
// action, the greatest risk, all labels. It does not depend on the order.
func (v Verdict) Join(o Verdict) Verdict {
	joined := Verdict{Action: max(v.Action, o.Action), Would: max(v.Would, o.Would)}
	for _, part := range [][]tally{v.tallies, o.tallies} {
		for _, t := range part {
			joined.tallies = add(joined.tallies, t)
		}
	}
	joined.sum()
	return joined
}

// add puts t into tallies without changing what t or its siblings point at.
func add(tallies []tally, t tally) []tally {
	i, found := slices.BinarySearchFunc(tallies, t.place, func(have tally, place int) int { return have.place - place })
	if !found {
		return slices.Insert(tallies, i, t)
	}
	have := &tallies[i]
	have.risk = max(have.risk, t.risk)
	have.ceiling = max(have.ceiling, t.ceiling)
	for _, name := range t.rules {
		if at, known := slices.BinarySearch(have.rules, name); !known {
			have.rules = slices.Insert(slices.Clip(have.rules), at, name)
		}
	}
	return tallies
}

// sum sets the fields that follow from the tallies.
func (v *Verdict) sum() {
	for _, t := range v.tallies {
		bonus := min(bonusEach*(len(t.rules)-1), bonusMax)
		v.Risk = max(v.Risk, min(t.risk+bonus, t.ceiling))
		if t.place < len(categories) && categories[t.place].name != inspect.Coverage {
			v.Labels = append(v.Labels, string(categories[t.place].name))
		}
		for _, name := range t.rules {
			if !slices.Contains(v.Labels, name) {
				v.Labels = append(v.Labels, name)
			}
		}
	}
}

// CanAct reports whether any finding in a text of s could be masked or
// blocked. Where it is false nothing need be held back.
func (p *Policy) CanAct(s Subject) bool {
	if p.mode != ModeBlock {
		return false
	}
	for i := range p.rules {
		if p.rules[i].action != Allow && p.rules[i].covers(&s) {
			return true
		}
	}
	return false
}

// Masks returns the categories in cats of which a finding in a text of s may be
// masked. Text that could be one of those must not go on before it is decided.
// What is blocked need not be held back: where it becomes whole it is stopped.
func (p *Policy) Masks(s Subject, cats ...inspect.Category) []inspect.Category {
	if p.mode != ModeBlock {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(cats), func(c inspect.Category) bool {
		return !slices.ContainsFunc(p.rules, func(r rule) bool {
			return r.action == Redact && oneOf(r.categories, c) && r.covers(&s)
		})
	})
}
