package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/infershield/infershield/inspect"
)

// Bounds of a policy file.
const (
	sourceBytesMax = 1 << 20
	rulesMax       = 1000
	valuesMax      = 1000 // of one condition
)

// Parse reads a policy file. The error, if any, is an *Error that lists every
// problem; default.yaml, which Default holds, explains the format.
func Parse(source []byte) (*Policy, error) {
	root, problem := document(source)
	if problem != nil {
		return nil, &Error{Problems: []Problem{*problem}}
	}
	p := &Policy{
		source:      bytes.Clone(source),
		mode:        ModeBlock,
		threshold:   thresholdDefault,
		unscannable: map[Reason]Handling{TooLarge: Refuse, Undecodable: Refuse, Opaque: Flag},
		onError:     Block,
		websocket:   true,
	}
	for i := range categories {
		p.weights[i] = categories[i].weight
	}
	r := &reader{}
	r.policy(root, p)
	if len(r.problems) > 0 {
		return nil, &Error{Problems: r.problems}
	}
	p.sign()
	return p, nil
}

const emptyMessage = "empty; a policy begins with `version: 1`"

var yamlLine = regexp.MustCompile(`line (\d+): `)

// document returns the root of the one YAML document in source.
func document(source []byte) (*yaml.Node, *Problem) {
	if len(source) > sourceBytesMax {
		return nil, &Problem{Message: fmt.Sprintf("larger than %d bytes", sourceBytesMax)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Problem{Message: emptyMessage}
		}
		return nil, syntax(err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, &Problem{Line: more.Line, Column: more.Column, Message: "a second document; a policy is one"}
	case !errors.Is(err, io.EOF):
		return nil, syntax(err)
	}
	if len(doc.Content) == 0 {
		return nil, &Problem{Message: emptyMessage}
	}
	return doc.Content[0], nil
}

// syntax finds the line in the YAML library's words. It gives no column.
func syntax(err error) *Problem {
	p := &Problem{Message: "not YAML: " + err.Error()}
	if m := yamlLine.FindStringSubmatchIndex(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(err.Error()[m[2]:m[3]]) // digits, or no line is told
		p.Column = 1
		p.Message = "not YAML: " + err.Error()[m[1]:]
	}
	return p
}

// policy reads the file's top level.
func (r *reader) policy(root *yaml.Node, p *Policy) {
	versioned := false
	r.mapping(root, "", map[string]func(*yaml.Node, string){
		"version": func(n *yaml.Node, field string) {
			versioned = true
			r.number(n, field, 1, 1)
		},
		"risk_threshold": func(n *yaml.Node, field string) {
			p.threshold = r.number(n, field, ThresholdMin, ThresholdMax)
		},
		"mode": func(n *yaml.Node, field string) {
			p.mode = Mode(r.word(n, field, "block", "warn", "off"))
		},
		"weights": func(n *yaml.Node, field string) { r.weights(n, field, p) },
		"rules":   func(n *yaml.Node, field string) { r.rules(n, field, p) },
		"unscannable": func(n *yaml.Node, field string) {
			r.unscannable(n, field, p)
		},
		"on_error": func(n *yaml.Node, field string) {
			p.onError = Allow
			if r.word(n, field, "allow", "block") == "block" {
				p.onError = Block
			}
		},
		"websocket": func(n *yaml.Node, field string) {
			p.websocket = r.word(n, field, "allow", "forbid") == "allow"
		},
	})
	if !versioned && len(r.problems) == 0 {
		r.problem(root, "version", "missing; write `version: 1`")
	}
	r.reachable(p)
}

func (r *reader) weights(n *yaml.Node, field string, p *Policy) {
	read := make(map[string]func(*yaml.Node, string), len(categories))
	for i := range categories {
		read[string(categories[i].name)] = func(n *yaml.Node, field string) {
			p.weights[i] = r.number(n, field, 0, 100)
		}
	}
	r.mapping(n, field, read)
}

func (r *reader) unscannable(n *yaml.Node, field string, p *Policy) {
	handling := func(n *yaml.Node, field string) Handling {
		return Handling(r.word(n, field, string(Pass), string(Flag), string(Refuse)))
	}
	if resolve(n).Kind == yaml.ScalarNode {
		all := handling(n, field)
		p.unscannable = map[Reason]Handling{TooLarge: all, Undecodable: all, Opaque: all}
		return
	}
	read := make(map[string]func(*yaml.Node, string), len(p.unscannable))
	for reason := range p.unscannable {
		read[string(reason)] = func(n *yaml.Node, field string) { p.unscannable[reason] = handling(n, field) }
	}
	r.mapping(n, field, read)
}

func (r *reader) rules(n *yaml.Node, field string, p *Policy) {
	for i, entry := range r.list(n, field, rulesMax) {
		p.rules = append(p.rules, r.rule(entry, fmt.Sprintf("%s[%d]", field, i)))
	}
}

// rule reads one entry. Its action is required, its conditions are not.
func (r *reader) rule(n *yaml.Node, field string) rule {
	made := rule{line: n.Line, column: n.Column}
	acts, before := false, len(r.problems)
	r.mapping(n, field, map[string]func(*yaml.Node, string){
		"when": func(n *yaml.Node, field string) { r.when(n, field, &made) },
		"action": func(n *yaml.Node, field string) {
			acts = true
			word := r.word(n, field, actionNames[:]...)
			made.action = Action(max(0, indexOf(actionNames[:], word)))
		},
		"threshold": func(n *yaml.Node, field string) {
			made.threshold = r.number(n, field, ThresholdMin, ThresholdMax)
		},
	})
	if len(r.problems) > before {
		return made
	}
	if !acts {
		r.problem(n, field+".action", "missing; allowed: "+choices(actionNames[:]))
	}
	if made.threshold != 0 && made.action != Block {
		r.problem(n, field+".threshold", "only a rule with `action: block` has a threshold")
	}
	return made
}

func (r *reader) when(n *yaml.Node, field string, made *rule) {
	patterns := func(to *[]string) func(*yaml.Node, string) {
		return func(n *yaml.Node, field string) {
			for _, value := range r.values(n, field) {
				*to = append(*to, r.text(value, field))
			}
		}
	}
	r.mapping(n, field, map[string]func(*yaml.Node, string){
		"category": func(n *yaml.Node, field string) {
			for _, value := range r.values(n, field) {
				made.categories = append(made.categories, inspect.Category(r.word(value, field, categoryNames()...)))
			}
		},
		"direction": func(n *yaml.Node, field string) {
			for _, value := range r.values(n, field) {
				at := indexOf(directionNames[:], r.word(value, field, directionNames[:]...))
				made.directions = append(made.directions, Direction(max(0, at)))
			}
		},
		"role": func(n *yaml.Node, field string) {
			for _, value := range r.values(n, field) {
				role, _ := inspect.ParseRole(r.word(value, field, "user", "system", "tool", "model"))
				made.roles = append(made.roles, role)
			}
		},
		"rule":     patterns(&made.names),
		"endpoint": patterns(&made.endpoints),
		"model":    patterns(&made.models),
		"agent":    patterns(&made.agents),
		"host":     patterns(&made.hosts),
	})
}

// reachable finds block rules that no finding can ever set off, which would
// look like protection and be none.
func (r *reader) reachable(p *Policy) {
	if len(r.problems) > 0 {
		return
	}
	for i, rule := range p.rules {
		if rule.action != Block || len(rule.categories) == 0 {
			continue
		}
		threshold, heaviest := cmpOr(rule.threshold, p.threshold), 0
		for _, c := range rule.categories {
			heaviest = max(heaviest, p.weights[place(c)])
		}
		if heaviest < threshold {
			r.problems = append(r.problems, Problem{Line: rule.line, Column: rule.column, Field: fmt.Sprintf("rules[%d]", i),
				Message: fmt.Sprintf("never blocks: these findings weigh %d at most and the threshold is %d; "+
					"give the rule `threshold: %d` or less, or raise their weights", heaviest, threshold, max(heaviest, ThresholdMin))})
		}
	}
}

func categoryNames() []string {
	names := make([]string, len(categories))
	for i := range categories {
		names[i] = string(categories[i].name)
	}
	return names
}

func indexOf(words []string, word string) int {
	for i := range words {
		if words[i] == word {
			return i
		}
	}
	return -1
}
