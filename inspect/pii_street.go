package inspect

// streetWords end the name of a street, in lower case.
var streetWords = []string{
	"street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive", "dr", "court", "ct", "place", "pl", "square", "sq", "terrace",
	"way", "parkway", "pkwy", "circle", "cir", "highway", "hwy", "close", "crescent", "mews", "alley", "trail", "gardens", "grove", "hill", "row", "walk",
}

const streetWordsMax = 5

// street reports the address whose house number has n digits: a few words with
// capitals, the last of which is a kind of street.
func street(w *window, n int) {
	if before := w.at(-1); before == '-' || before == '.' || before == '/' || before == '#' || before == '$' {
		return
	}
	i := n + 1
	for words := range streetWordsMax {
		if !upperBytes[w.at(i)] && !isDigit(w.at(i)) {
			return
		}
		end := w.run(i, personBytes, personBytesMax)
		if isDigit(w.at(i)) {
			end = w.run(i, alnumBytes, 6) // 5th Avenue
		}
		if words > 0 && upperBytes[w.at(i)] && isStreet(w.slice(i, end)) && !wordBytes[w.at(end)] {
			w.take(PII, "street_address", 0.6, 0, townEnd(w, end))
			return
		}
		if w.at(end) == '.' && end == i+1 {
			end++ // 12 W. Elm Street
		}
		if end == i || w.at(end) != ' ' {
			return
		}
		i = end + 1
	}
}

func isStreet(word string) bool {
	for _, s := range streetWords {
		if foldEqual(word, s) {
			return true
		}
	}
	return false
}

// townEnd returns the end of what follows a street at offset i: a flat, a town,
// a state and its code.
func townEnd(w *window, i int) int {
	end := i
	if w.at(i) == '.' && w.at(i+1) != '\n' {
		i++
	}
	for range 4 {
		if w.at(i) == ',' {
			i++
		}
		if b := w.at(i); b != ' ' && b != '\n' || !upperBytes[w.at(i+1)] && w.at(i+1) != '#' && !isDigit(w.at(i+1)) {
			return end
		}
		from := i + 1
		i = w.run(from, townBytes, 20)
		if isDigit(w.at(from)) && i-from != 5 {
			return end
		}
		part := w.slice(from, i)
		switch {
		case len(part) == 5 && isDigit(part[0]):
			return i
		case len(part) == 2 && upperBytes[part[1]], foldEqual(part, "apt"), foldEqual(part, "suite"), foldEqual(part, "unit"), part[0] == '#':
			end = i
			if w.at(i) == '.' {
				i++
			}
			if isDigit(w.at(i+1)) && len(part) > 2 {
				i = w.run(i+1, digitBytes, 5)
				end = i
			}
		case w.at(i) == ',' || w.at(i) == ' ' && upperBytes[w.at(i+1)]:
		default:
			return end
		}
	}
	return end
}

var townBytes = setOf("A-Za-z0-9#\x80-\xff-")

// streets finds the addresses of German-speaking countries, whose numbers
// come after the street.
func streets() Detector {
	d := Detector{name: "streets", held: true, ahead: 64}
	for _, word := range []string{"straße ", "strasse ", "str. ", "platz ", "allee ", "gasse "} {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, back: personBytes, backMax: 24, match: germanStreet})
	}
	return d
}

func germanStreet(w *window) {
	start := w.back(0, personBytes, 24)
	first := w.at(start)
	end := w.run(w.n, digitBytes, 4)
	if !upperBytes[first] && first < 0x80 || end == w.n || end == w.n+4 {
		return
	}
	if alphaBytes[w.at(end)] && !alphaBytes[w.at(end+1)] {
		end++ // 12a
	}
	if wordBytes[w.at(end)] {
		return
	}
	if w.at(end) == ',' && w.at(end+1) == ' ' && w.run(end+2, digitBytes, 6) == end+7 && w.at(end+7) == ' ' {
		if town := w.run(end+8, personBytes, 24); town > end+8 {
			end = town
		}
	}
	w.take(PII, "street_address", 0.55, start, end)
}
