package policy

import (
	"slices"
	"strings"

	"github.com/infershield/infershield/inspect"
)

// rule is one entry of a policy's list. A condition without values holds
// always.
type rule struct {
	categories []inspect.Category
	directions []Direction
	roles      []inspect.Role
	names      []string // patterns, as the rest
	endpoints  []string
	models     []string
	agents     []string
	hosts      []string

	action    Action
	threshold int // 0: the policy's

	line, column int // in the file
}

// match returns the first rule for f, or nil. A rule that blocks from a higher
// risk up has no say: who writes one for private keys before the rule that masks
// secrets does not mean to let them through.
func (p *Policy) match(s *Subject, f inspect.Finding) *rule {
	for i := range p.rules {
		r := &p.rules[i]
		if oneOf(r.categories, f.Category) && anyLike(r.names, f.Rule) && r.covers(s) &&
			(r.action != Block || p.risk(f) >= cmpOr(r.threshold, p.threshold)) {
			return r
		}
	}
	return nil
}

// covers reports whether r may apply to a text of s, whatever is found there.
func (r *rule) covers(s *Subject) bool {
	return oneOf(r.directions, s.Direction) && oneOf(r.roles, s.Role) &&
		anyLike(r.endpoints, s.Endpoint) && anyLike(r.models, s.Model) &&
		anyLike(r.agents, s.Agent) && anyLike(r.hosts, s.Host)
}

func oneOf[T comparable](wanted []T, value T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

func anyLike(patterns []string, value string) bool {
	for _, pattern := range patterns {
		if like(pattern, value) {
			return true
		}
	}
	return len(patterns) == 0
}

// like reports whether value fits pattern, in which * stands for any run of
// characters. ASCII case does not matter. It never backtracks past the last
// star, so a hostile value costs len(pattern)*len(value) at most.
func like(pattern, value string) bool {
	p, v, star, mark := 0, 0, -1, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, v
			p++
		case p < len(pattern) && strings.EqualFold(pattern[p:p+1], value[v:v+1]):
			p++
			v++
		case star >= 0:
			mark++
			p, v = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
