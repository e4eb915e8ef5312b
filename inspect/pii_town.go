package inspect

// addressEnd returns the end of the address whose street ends at offset i: with
// the flat, the town, the state and the postal code that follow.
func addressEnd(w *window, i int) int {
	end, at := i, i
	for range 6 {
		from, divided := addressGap(w, at)
		if from == at {
			break
		}
		if next := flatEnd(w, from); next > 0 {
			end, at = next, next
			continue
		}
		if next := codeEnd(w, from); next > 0 {
			end, at = next, next
			continue
		}
		town := townEnd(w, from)
		if town == 0 {
			break
		}
		// A town by itself may be the next sentence's first word.
		if at = town; divided && end > i-1 && (in(w.at(town), ",;\n\r)\"") || w.at(town) == 0 || w.at(town) == '.' && !isAlnum(w.at(town+2))) {
			end = town
		} else if end > i && codeBefore(w, end) {
			end = town // 10117 Berlin
		}
	}
	return end
}

// addressGap passes over what divides two parts of an address, and reports
// whether it is more than a space.
func addressGap(w *window, i int) (int, bool) {
	from := i
	if w.at(i) == '.' && w.at(i+1) != '\n' {
		i++
	}
	divided := w.at(i) == ','
	if divided {
		i++
	}
	blanks := w.run(i, blankBytes, 4)
	if blanks == i {
		return from, false
	}
	return blanks, divided || w.at(i) == '\n'
}

// flatWords are followed by a number or a letter.
var flatWords = []string{"apt", "apartment", "suite", "ste", "unit", "flat", "floor", "fl", "room", "#"}

func flatEnd(w *window, i int) int {
	for _, word := range flatWords {
		if !w.fold(i, word) {
			continue
		}
		from := i + len(word)
		if w.at(from) == '.' {
			from++
		}
		if w.at(from) == ' ' {
			from++
		}
		end := w.run(from, alnumBytes, 6)
		if end > from && end < from+6 && (isDigit(w.at(from)) || end == from+1) && (word == "#" || from > i+len(word)) {
			return end
		}
	}
	return 0
}

// codeEnd returns the end of the state or the postal code at offset i: two or
// three capitals, 62704-1234, 75002, 1015 CJ, 111 51, 00-238, SW1A 2AA, M5H 2N2.
func codeEnd(w *window, i int) int {
	digits := w.run(i, digitBytes, 7) - i
	end := i + digits
	switch {
	case digits == 0:
		return lettersCodeEnd(w, i)
	case digits == 5 && w.at(end) == '-' && w.run(end+1, digitBytes, 5) == end+5:
		return end + 5
	case digits == 4 && w.at(end) == ' ' && w.run(end+1, upperBytes, 3) == end+3 && !wordBytes[w.at(end+3)]:
		return end + 3
	case digits == 3 && w.at(end) == ' ' && w.run(end+1, digitBytes, 3) == end+3 && !wordBytes[w.at(end+3)]:
		return end + 3
	case digits == 2 && w.at(end) == '-' && w.run(end+1, digitBytes, 4) == end+4:
		return end + 4
	case digits >= 4 && digits <= 6 && !wordBytes[w.at(end)] && (digits > 4 || w.at(i) > '2' || upperBytes[w.at(end+1)] || upperBytes[w.at(i-2)]):
		return end
	}
	return 0
}

func lettersCodeEnd(w *window, i int) int {
	end := w.run(i, upperBytes, 5)
	letters := end - i
	if letters == 0 || letters > 3 {
		return 0
	}
	if letters == 1 && in(w.at(i), "NSEW") && in(w.at(end), ",\n") {
		return end // 24 Queen St W
	}
	if !wordBytes[w.at(end)] && letters > 1 {
		return end // a state
	}
	next := w.run(end, alnumBytes, 4)
	if !isDigit(w.at(end)) || next > end+3 {
		return 0
	}
	inward := next
	if w.at(next) == ' ' {
		inward++
	}
	last := w.run(inward, alnumBytes, 4)
	if last == inward+3 && isDigit(w.at(inward)) && alphaBytes[w.at(inward+1)] {
		return last
	}
	return 0
}

// codeBefore reports whether a postal code with digits ends at offset i.
func codeBefore(w *window, i int) bool {
	return isDigit(w.at(i-1)) && isDigit(w.at(i-2)) || upperBytes[w.at(i-1)] && w.at(i-3) == ' ' && isDigit(w.at(i-4))
}

// townEnd returns the end of up to three words with capitals at offset i.
func townEnd(w *window, i int) int {
	end := 0
	for range 3 {
		if first := w.at(i); !upperBytes[first] && (first < 0xc3 || first > 0xc5) {
			break
		}
		next := w.run(i, personBytes, 20)
		if next < i+3 || next == i+20 || wordBytes[w.at(next)] || noNames[w.slice(i, next)] {
			break
		}
		end = next
		if w.at(next) != ' ' || upperBytes[w.at(next+1)] && upperBytes[w.at(next+2)] {
			break
		}
		i = next + 1
	}
	return end
}
