package inspect

// spacedMin is how many letters set apart are no list or abbreviation.
const spacedMin = 5

var spacerBytes = setOf(" ._*/|,~\n-")

// spacedLetters looks at a letter between two spacers when its neighbours are
// single letters too.
func spacedLetters(w *window) {
	sep := w.at(0)
	left := alphaBytes[w.at(-1)] && !alnumBytes[w.at(-2)]
	right := alphaBytes[w.at(3)] && !alnumBytes[w.at(4)]
	if !left && !right || !left && w.at(-1) != sep || !right && w.at(3) != sep {
		return
	}
	further := left && w.at(-2) == sep && alphaBytes[w.at(-3)] && !alnumBytes[w.at(-4)]
	further = further || right && w.at(4) == sep && alphaBytes[w.at(5)] && !alnumBytes[w.at(6)]
	if further {
		plainView(w)
	}
}

// joinSpaced joins letters that are set apart, and reports whether there were
// any. What is joined is shorter, so the scratch is rewritten in place.
func (s *scratch) joinSpaced() bool {
	any := false
	to := 0
	for i := 0; i < len(s.bytes); {
		end, count := s.spacedRun(i)
		if count < spacedMin {
			s.move(to, i)
			to++
			i++
			continue
		}
		any = true
		to = s.join(to, i, end)
		i = end
	}
	s.bytes, s.from, s.to = s.bytes[:to], s.from[:to], s.to[:to]
	return any
}

func (s *scratch) move(to, from int) {
	s.bytes[to], s.from[to], s.to[to] = s.bytes[from], s.from[from], s.to[from]
}

// single reports whether a letter stands at i by itself.
func (s *scratch) single(i int) bool {
	return i < len(s.bytes) && alphaBytes[s.bytes[i]] && (i+1 == len(s.bytes) || !alnumBytes[s.bytes[i+1]]) && (i == 0 || !alnumBytes[s.bytes[i-1]])
}

// gap returns the length of the spacers at i.
func (s *scratch) gap(i int) int {
	n := 0
	for i+n < len(s.bytes) && n < 4 && spacerBytes[s.bytes[i+n]] {
		n++
	}
	return n
}

// spacedRun returns where the single letters from i on end, and how many there
// are.
func (s *scratch) spacedRun(i int) (end, count int) {
	end = i
	for s.single(i) {
		count++
		end = i + 1
		n := s.gap(end)
		if n == 0 {
			break
		}
		i = end + n
	}
	return end, count
}

// join writes the letters from i to end at to, a blank where more than the
// usual spacer stood between two, and returns where they end.
func (s *scratch) join(to, i, end int) int {
	usual, word := s.bytes[i+1], to
	for i < end {
		s.move(to, i)
		to++
		n := s.gap(i + 1)
		next := i + 1 + n
		if next < end && (n > 1 || s.bytes[i+1] != usual) {
			to = s.divide(word, to)
			s.blank(to, i+1)
			to++
			word = to
		}
		i = next
	}
	return s.divide(word, to)
}

// blank writes a blank at to for what stands at i.
func (s *scratch) blank(to, i int) {
	s.bytes[to], s.from[to], s.to[to] = ' ', s.from[i], s.to[i]
}

const (
	wordMax  = 14  // longer than any word in the vocabulary
	wordsMin = 16  // letters on end that are words run together
	wordsMax = 256 // of them are looked at
)

// divide puts blanks between the known words of the letters from i to end, which
// were set apart so evenly that the words ran together. The spacers that fell
// away leave room for them.
func (s *scratch) divide(i, end int) int {
	if end-i < wordsMin {
		return end
	}
	n := min(end-i, wordsMax)
	var cut [wordsMax + 1]uint8
	s.cuts(i, n, cut[:n+1])
	// From the last cut to the first: each moves what follows it.
	for at := n; at > 0; at -= int(cut[at]) {
		if before := at - int(cut[at]); before > 0 && end < len(s.bytes) && (cut[at] > 1 || cut[before] > 1) {
			end = s.insertBlank(i+before, end)
		}
	}
	return end
}

// cuts finds the division of n letters from i on that leaves the fewest letters
// in no known word, and has the fewest words. The cut at each place says how
// long the word is that ends there; 1 is a letter in none.
func (s *scratch) cuts(i, n int, cut []uint8) {
	const word, stray = 1, 4
	v := viewWords()
	var cost [wordsMax + 1]uint16
	var keys [wordsMax]byte
	for k := range n {
		keys[k] = leetByte(s.bytes[i+k])
	}
	for at := 1; at <= n; at++ {
		cost[at], cut[at] = cost[at-1]+stray, 1
		for size := 2; size <= min(wordMax, at); size++ {
			from := at - size
			c := cost[from] + word
			if c >= cost[at] || !v.begins[pair(keys[from], keys[from+1])] {
				continue
			}
			s.tries++
			if _, ok := v.words[string(keys[from:at])]; ok {
				cost[at], cut[at] = c, uint8(size)
			}
		}
	}
}

// insertBlank moves bytes i to end on by one and returns their new end.
func (s *scratch) insertBlank(i, end int) int {
	for k := end; k > i; k-- {
		s.move(k, k-1)
	}
	s.blank(i, i-1)
	return end + 1
}
