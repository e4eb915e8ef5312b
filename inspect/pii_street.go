package inspect

// streetWords end the name of a street, in lower case.
var streetWords = []string{
	"street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive", "dr", "court", "ct", "place", "pl", "square", "sq", "terrace",
	"way", "parkway", "pkwy", "circle", "cir", "highway", "hwy", "close", "crescent", "mews", "alley", "trail", "gardens", "grove", "hill", "row", "walk",
	"quay", "esplanade", "loop", "path", "plaza", "wharf", "crossing",
}

// frenchStreets begin it, written just so.
var frenchStreets = []string{
	"rue ", "avenue ", "av. ", "boulevard ", "bd ", "place ", "chemin ", "allée ", "impasse ", "quai ", "route ", "cours ", "passage ", "square ", "sentier ",
	"Rue ", "Avenue ", "Boulevard ", "Bd ", "Chemin ", "Allée ", "Impasse ", "Quai ",
}

const streetWordsMax = 5

// streetNumber reports the address whose house number is n's first group, and says
// whether the number looks like one.
func streetNumber(w *window, n *written) bool {
	i := n.group[0]
	if i > 5 || n.groups == 2 && n.between[0] == '-' && n.digits > 7 {
		return false
	}
	if n.groups == 2 && n.between[0] == '-' {
		i = n.end // 12-14
	}
	if alphaBytes[w.at(i)] && w.at(i+1) == ' ' {
		i++ // 221B
	}
	switch b := w.at(i); {
	case b != ' ' && b != ',':
		return false
	case b == ' ' && (upperBytes[w.at(i+1)] || isDigit(w.at(i+1)) && alphaBytes[w.at(n.end)]):
		return street(w, i) || frenchStreet(w, i)
	default:
		return frenchStreet(w, i)
	}
}

// street reports the address whose house number ends at offset n: a few words
// with capitals, the last of which is a kind of street.
func street(w *window, n int) bool {
	if before := w.at(-1); before == '-' || before == '.' || before == '/' || before == '#' || before == '$' {
		return false
	}
	i := n + 1
	for words := range streetWordsMax {
		if !upperBytes[w.at(i)] && !isDigit(w.at(i)) {
			return false
		}
		end := w.run(i, personBytes, personBytesMax)
		if isDigit(w.at(i)) {
			end = w.run(i, alnumBytes, 6) // 5th Avenue
		}
		if words > 0 && upperBytes[w.at(i)] && oneOf(w.slice(i, end), streetWords) && !wordBytes[w.at(end)] {
			if more := w.run(end+1, personBytes, 12); w.at(end) == ' ' && oneOf(w.slice(end+1, more), streetWords) {
				end = more // Coyote Hill Road
			}
			w.take(PII, "street_address", 0.6, 0, addressEnd(w, end))
			return true
		}
		if w.at(end) == '.' && end == i+1 {
			end++ // 12 W. Elm Street
		}
		if end == i || w.at(end) != ' ' {
			return false
		}
		i = end + 1
	}
	return false
}

func oneOf(word string, words []string) bool {
	for _, s := range words {
		if foldEqual(word, s) {
			return true
		}
	}
	return false
}

// frenchStreet reports the address whose house number ends at offset i: a kind
// of street, and a name with a capital.
func frenchStreet(w *window, i int) bool {
	for _, more := range []string{" bis", " ter", " quater"} {
		if w.fold(i, more) {
			i += len(more)
		}
	}
	if w.at(i) == ',' {
		i++
	}
	if w.at(i) != ' ' {
		return false
	}
	i++
	for _, kind := range frenchStreets {
		if !w.has(i, kind) {
			continue
		}
		end := streetName(w, i+len(kind))
		if end < i+len(kind)+3 {
			return false
		}
		w.take(PII, "street_address", 0.55, 0, addressEnd(w, end))
		return true
	}
	return false
}

// streetParticles stand in the names of streets, in lower case.
var streetParticles = []string{
	"de la ", "de las ", "de los ", "de l'", "des ", "del ", "della ", "delle ", "dei ", "degli ", "du ", "de ", "di ", "d'", "do ", "dos ", "da ", "das ", "la ", "le ", "les ", "l'", "y ", "e ", "et ",
}

// streetName returns the end of the name of a street at offset i: up to five
// words, the last of which has a capital; 0 if there is none.
func streetName(w *window, i int) int {
	end := 0
	for range streetWordsMax {
		for _, particle := range streetParticles {
			if w.has(i, particle) {
				i += len(particle)
				break
			}
		}
		if first := w.at(i); !upperBytes[first] && (first < 0xc3 || first > 0xc5) {
			break
		}
		next := w.run(i, personBytes, personBytesMax)
		if wordBytes[w.at(next)] || next == i+personBytesMax {
			return 0
		}
		if end = next; w.at(next) == '.' && next < i+4 {
			next++
		}
		if w.at(next) != ' ' {
			break
		}
		i = next + 1
	}
	return end
}
