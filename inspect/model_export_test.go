package inspect

// ModelPieces scores a text that comes in pieces, by the built-in model. The
// engine's streams do the same.
func ModelPieces(role Role, pieces ...string) []Finding {
	s := newModelScanner(modelBuiltIn(), role)
	s.lex = modelLexiconTable()
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
