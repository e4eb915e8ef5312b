package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader walks YAML nodes and gathers what is wrong with them, each at its own
// line and column. The YAML library decodes into structs as well, but stops at
// the first unknown field and gives no columns.
type reader struct {
	problems []Problem
}

func (r *reader) problem(n *yaml.Node, field, message string) {
	r.problems = append(r.problems, Problem{Line: n.Line, Column: n.Column, Field: field, Message: message})
}

// resolve follows an alias. A policy's shape has a fixed depth, so that an
// alias to its own ancestor ends as a value of the wrong kind.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping hands each field of n to its reader.
func (r *reader) mapping(n *yaml.Node, field string, read map[string]func(*yaml.Node, string)) {
	known := slices.Sorted(maps.Keys(read))
	m := resolve(n)
	if m.Kind != yaml.MappingNode {
		r.problem(n, field, fmt.Sprintf("is %s; expected a mapping of %s", kind(m), choices(known)))
		return
	}
	seen := make(map[string]bool, len(known))
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		name := strings.TrimPrefix(field+"."+short(key.Value), ".")
		switch {
		case read[key.Value] == nil:
			r.problem(key, name, "unknown field; allowed: "+choices(known)+meant(key.Value, known))
		case seen[key.Value]:
			r.problem(key, name, "given twice")
		default:
			read[key.Value](value, name)
		}
		seen[key.Value] = true
	}
}

// list returns the entries of n, itself if it is none.
func (r *reader) list(n *yaml.Node, field string, most int) []*yaml.Node {
	l := resolve(n)
	switch {
	case l.Kind != yaml.SequenceNode:
		r.problem(n, field, fmt.Sprintf("is %s; expected a list", kind(l)))
		return nil
	case len(l.Content) > most:
		r.problem(n, field, fmt.Sprintf("has %d entries; at most %d are allowed", len(l.Content), most))
		return nil
	}
	return l.Content
}

// values returns the words of a condition, which is one or a list.
func (r *reader) values(n *yaml.Node, field string) []*yaml.Node {
	if resolve(n).Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	before := len(r.problems)
	found := r.list(n, field, valuesMax)
	if len(found) == 0 && len(r.problems) == before {
		r.problem(n, field, "empty list: it would never hold; leave the condition out, or name a value")
	}
	return found
}

// text reads a scalar that is not empty.
func (r *reader) text(n *yaml.Node, field string) string {
	s := resolve(n)
	switch {
	case s.Kind != yaml.ScalarNode:
		r.problem(n, field, fmt.Sprintf("is %s; expected a word", kind(s)))
		return ""
	case s.Value == "" || s.Tag == "!!null":
		r.problem(n, field, "is empty")
		return ""
	}
	return s.Value
}

// word reads one of a closed set.
func (r *reader) word(n *yaml.Node, field string, allowed ...string) string {
	before := len(r.problems)
	value := r.text(n, field)
	if len(r.problems) > before {
		r.problems[before].Message += "; allowed: " + choices(allowed)
		return ""
	}
	if !slices.Contains(allowed, value) {
		r.problem(n, field, fmt.Sprintf("%q is not allowed; allowed: %s%s", short(value), choices(allowed), meant(value, allowed)))
		return ""
	}
	return value
}

// number reads a whole number from least to most.
func (r *reader) number(n *yaml.Node, field string, least, most int) int {
	before := len(r.problems)
	value := r.text(n, field)
	if len(r.problems) > before {
		return least
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < least || number > most {
		allowed := fmt.Sprintf("%d to %d", least, most)
		if least == most {
			allowed = strconv.Itoa(least)
		}
		r.problem(n, field, fmt.Sprintf("%q is not allowed; allowed: %s", short(value), allowed))
		return least
	}
	return number
}

func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return "one word"
}

// short keeps a message readable whatever stands in the file.
func short(value string) string {
	const most = 40
	if len(value) <= most {
		return value
	}
	return cut(value, most) + "…"
}
