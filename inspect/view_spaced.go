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

// wordMax is longer than any word in the vocabulary.
const wordMax = 14

// divide puts blanks between the known words of the letters from i to end, which
// were set apart so evenly that the words ran together. The spacers that fell
// away leave room for them.
func (s *scratch) divide(i, end int) int {
	if end-i < spacedMin || s.known(i, end) == end-i {
		return end
	}
	for at := i; at < end && end < len(s.bytes); {
		n := s.known(at, end)
		if n == 0 {
			at++
			continue
		}
		if at > i && s.bytes[at-1] != ' ' {
			end = s.insertBlank(at, end)
			at++
		}
		if at += n; at < end && end < len(s.bytes) {
			end = s.insertBlank(at, end)
			at++
		}
	}
	return end
}

// insertBlank moves bytes i to end on by one and returns their new end.
func (s *scratch) insertBlank(i, end int) int {
	for k := end; k > i; k-- {
		s.move(k, k-1)
	}
	s.blank(i, i-1)
	return end + 1
}

// known returns the length of the longest known word at i.
func (s *scratch) known(i, end int) int {
	words := viewWords().words
	var key [leetMax]byte
	for n := min(wordMax, end-i); n > 1; n-- {
		if _, ok := words[string(leetKey(&key, string(s.bytes[i:i+n])))]; ok {
			return n
		}
	}
	return 0
}
