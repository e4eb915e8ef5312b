package inspect

// ModelPieces scores a text that comes in pieces, by the built-in model. The
// engine's streams do the same.
func ModelPieces(role Role, pieces ...string) []Finding {
	s := newModelScanner(modelBuiltIn(), role)
	var out []Finding
	add := func() {
		for _, h := range s.take() {
			out = append(out, h.finding())
		}
	}
	for _, p := range pieces {
		s.write(p)
		add()
	}
	s.close()
	add()
	return out
}

// ModelTopWithRule returns the greatest score of a text behind whose first part
// the engine's rule with this number matched; a rule of 64 is none.
func ModelTopWithRule(role Role, first, rest string, rule uint8) float64 {
	s := newModelScanner(modelBuiltIn(), role)
	s.write(first)
	if rule < 64 {
		s.hit(rule)
	}
	s.write(rest)
	s.close()
	return s.top
}
