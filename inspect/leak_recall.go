package inspect

// recall compares a text with the instructions in a memory, word for word, as
// it comes. It reads bytes one at a time, so that no cut can make a difference.
type recall struct {
	memory *Memory

	word  uint64 // the hash of the word under way
	from  int    // where it began
	bytes int    // of it
	wide  int    // bytes still to come of a character that is a word of its own
	pass  int    // bytes still to come of punctuation

	recent [shingleWords]recalled
	words  int

	seen  []uint64 // the shingles that came back, one bit each
	group group
}

type recalled struct {
	hash  uint64
	from  int
	bytes int
}

// group is what came back close together.
type group struct {
	matched int // different shingles
	bytes   int // in their words
	run     int // bytes, in words on end
	longest int
	from    int
	end     int
	score   float64 // reported
	next    int     // the word that would go on with the run
}

const (
	ruleSystemLeak = "system_prompt_leak"
	// recallReach is how far apart pieces of one leak may be.
	recallReach = 1000
	// recallShingles and recallBytes are less than a phrase that everybody uses.
	recallShingles = 4
	recallBytes    = 60
	// recallLeast is how much an operator must have said for it to be worth
	// guarding: "You are a helpful assistant." is no secret.
	recallLeast = 8
)

func (r *recall) reset(m *Memory) {
	*r = recall{memory: m, seen: r.seen[:0]}
	if m != nil {
		for range (len(m.shingles) + 63) / 64 {
			r.seen = append(r.seen, 0)
		}
	}
}

// read takes in text, which stands at at.
func (r *recall) read(m *machine, text string, at int) {
	if len(r.memory.shingles) < recallLeast {
		return
	}
	r.each(text, at, func(hash uint64) { r.shingle(m, hash) })
}

// end takes in the word that the end of the text ends.
func (r *recall) end(m *machine) {
	if r.memory != nil && len(r.memory.shingles) >= recallLeast {
		r.flush(func(hash uint64) { r.shingle(m, hash) })
	}
}

// each calls do for every shingle that ends in text, and leaves the last word
// open.
func (r *recall) each(text string, at int, do func(hash uint64)) {
	for i := range len(text) {
		b := text[i]
		switch {
		case r.pass > 0:
			r.pass--
		case r.wide > 0:
			r.add(b, at+i)
			if r.wide--; r.wide == 0 {
				r.flush(do)
			}
		case b == 0xe2 || b == 0xef: // quotes, dashes, marks that take no room
			r.flush(do)
			r.pass = 2
		case b >= 0xe3 && b <= 0xed: // scripts that put no space between words
			r.flush(do)
			r.add(b, at+i)
			r.wide = 2
		case alnumBytes[b] || b >= 0x80:
			r.add(lower(b), at+i)
		default:
			r.flush(do)
		}
	}
}

func (r *recall) add(b byte, at int) {
	if r.bytes == 0 {
		r.word, r.from = r.memory.salt, at
	}
	r.word = (r.word ^ uint64(b)) * fnvPrime
	r.bytes++
}

// flush ends the word under way.
func (r *recall) flush(do func(hash uint64)) {
	if r.bytes == 0 {
		return
	}
	r.recent[r.words%shingleWords] = recalled{r.word, r.from, r.bytes}
	r.words++
	r.bytes = 0
	if r.words < shingleWords {
		return
	}
	hash := r.memory.salt
	for k := r.words - shingleWords; k < r.words; k++ {
		hash = (hash ^ r.recent[k%shingleWords].hash) * fnvPrime
		hash ^= hash >> 31
	}
	do(hash)
}

// shingle takes in the last words of the text, and reports when enough of the
// instructions came back.
func (r *recall) shingle(m *machine, hash uint64) {
	number, ok := r.memory.shingles[hash]
	if !ok || r.seen[number/64]>>(number%64)&1 != 0 {
		return
	}
	if _, said := r.memory.known[hash]; said {
		return
	}
	last := r.recent[(r.words-1)%shingleWords]
	first := r.recent[r.words%shingleWords]
	g := &r.group
	if g.matched == 0 || first.from > g.end+recallReach {
		*g = group{from: first.from, end: first.from}
		clear(r.seen)
	}
	r.seen[number/64] |= 1 << (number % 64)
	if r.words != g.next {
		g.run = 0
		for k := range shingleWords - 1 {
			g.run += r.recent[(r.words+k)%shingleWords].bytes
		}
		g.bytes += g.run
	}
	g.next = r.words + 1
	g.matched++
	g.bytes += last.bytes
	g.run += last.bytes
	g.longest = max(g.longest, g.run)
	g.end = last.from + last.bytes
	r.report(m)
}

// report makes a finding when the group's score has risen by a step.
func (r *recall) report(m *machine) {
	g := &r.group
	score := g.sure(len(r.memory.shingles))
	if score <= g.score {
		return
	}
	g.score = score
	m.out = append(m.out, Finding{Rule: ruleSystemLeak, Category: Leak, Score: score, Start: g.from, End: g.end})
}

// sure says how sure it is that the instructions, of total shingles, came back:
// by how much of them did, and by how much did on end. Some sentences of a long
// text may be what the operator wants said.
func (g *group) sure(total int) float64 {
	share := float64(g.matched) / float64(total)
	switch {
	case g.matched < recallShingles || g.bytes < recallBytes && share < 0.8:
		return 0
	case share >= 0.6, g.longest >= 600:
		return 0.95
	case share >= 0.4, g.longest >= 300:
		return 0.85
	case share >= 0.2 && g.bytes >= 2*recallBytes:
		return 0.7
	case g.bytes >= 2*recallBytes:
		return 0.5
	}
	return 0.3
}
