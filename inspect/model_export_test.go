package inspect

import "slices"

// ModelPieces scores a text that comes in pieces, by the built-in model. The
// engine's streams do the same.
func ModelPieces(role Role, pieces ...string) []Finding {
	s := scoredEngine().Stream(Source{Role: role})
	var out []Finding
	for _, p := range pieces {
		found, _ := s.Write(p)
		out = append(out, found...)
	}
	out = append(out, s.Close()...)
	return slices.DeleteFunc(out, func(f Finding) bool {
		return f.Rule != ruleInjection && f.Rule != ruleIndirect && f.Rule != ruleJailbreak
	})
}

// ModelTopWithRule returns the greatest score of a text behind whose first part
// the rule matched; "" is none.
func ModelTopWithRule(role Role, first, rest, rule string) float64 {
	s := newModelScanner(modelBuiltIn(), role)
	s.write(first)
	if rule != "" {
		s.hit(phraseNumber(rule))
	}
	s.write(rest)
	s.close()
	return s.top
}
