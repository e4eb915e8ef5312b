package llm

// Inflate decodes DEFLATE data pushed in the given pieces. Its marks are those
// between two bytes.
func Inflate(pieces [][]byte, endless bool) (out []byte, marks [][2]int64, done bool, err error) {
	z := inflater{endless: endless}
	for _, p := range pieces {
		err = z.write(p, 1<<20)
		out = append(out, z.take()...)
		z.trim()
		for _, m := range z.marks {
			if m.bits == 0 {
				marks = append(marks, [2]int64{m.in, m.out})
			}
		}
		if err != nil {
			break
		}
	}
	return out, marks, z.state == inflateDone, err
}
