package inspect

// births finds the dates of birth that a word announces. Other dates are
// nobody's.
func births() Detector {
	d := Detector{name: "births", held: true, ahead: 96}
	for _, word := range []string{"birth", "born", "dob", "geboren", "geburtsdatum", "naissance", "nacimiento", "nascita", "nascimento", "födelsedatum"} {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, match: birth})
	}
	return d
}

// birthGapBytes and birthGapWords stand between the word and the date.
var (
	birthGapBytes = setOf(" \t:=\"'_,.()*-")
	birthGapWords = []string{"date", "day", "its", "it's", "is", "was", "on", "the", "le", "el", "am", "il", "em", "in"}
)

func birth(w *window) {
	i := w.n
	for range 3 {
		i = skipGapWord(w, w.run(i, birthGapBytes, 4))
	}
	i = w.run(i, birthGapBytes, 4)
	if end := dateEnd(w, i); end != 0 && i > w.n {
		w.take(PII, "date_time", 0.65, i, end)
	}
}

func skipGapWord(w *window, i int) int {
	for _, word := range birthGapWords {
		if w.fold(i, word) && !alphaBytes[w.at(i+len(word))] {
			return i + len(word)
		}
	}
	return i
}

var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	"januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "janvier", "février", "mars", "avril", "juin", "juillet", "août",
	"septembre", "octobre", "novembre", "décembre", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
	"noviembre", "diciembre", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "okt", "nov", "dec", "dez",
}

// dateEnd returns the end of the date with a day that begins at offset i, 0 if
// there is none.
func dateEnd(w *window, i int) int {
	if !isDigit(w.at(i)) {
		month := monthEnd(w, i)
		if month == 0 {
			return 0
		}
		return yearAfter(w, dayEnd(w, w.run(month, dateGapBytes, 2)))
	}
	first := w.run(i, digitBytes, 5) - i
	sep := w.at(i + first)
	if sep == '/' || sep == '-' || sep == '.' {
		if sep == '.' && w.at(i+first+1) == ' ' {
			return yearAfter(w, monthEnd(w, i+first+2)) // 3. Mai 1977
		}
		from := i + first + 1
		second := w.run(from, digitBytes, 3) - from
		if second < 1 || second > 2 || w.at(from+second) != sep {
			return 0
		}
		third := w.run(from+second+1, digitBytes, 5) - from - second - 1
		end := from + second + 1 + third
		if first == 4 && third >= 1 && third <= 2 || first <= 2 && (third == 4 || third == 2) {
			if !wordBytes[w.at(end)] || w.at(end) == 'T' {
				return end
			}
		}
		return 0
	}
	day := dayEnd(w, i)
	if day == 0 {
		return 0
	}
	day = w.run(day, dateGapBytes, 2)
	if w.fold(day, "of ") {
		day += 3
	} else if w.fold(day, "de ") {
		day += 3
	}
	return yearAfter(w, monthEnd(w, day))
}

var dateGapBytes = setOf(" ,.-")

func monthEnd(w *window, i int) int {
	for _, name := range monthNames {
		if w.fold(i, name) && !alphaBytes[w.at(i+len(name))] {
			return i + len(name)
		}
	}
	return 0
}

// dayEnd returns the end of a day such as 1, 31 or 2nd.
func dayEnd(w *window, i int) int {
	end := w.run(i, digitBytes, 3)
	if end == i || end > i+2 {
		return 0
	}
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if w.fold(end, suffix) {
			return end + 2
		}
	}
	return end
}

// yearAfter returns the end of the year that follows offset i, 0 if none does
// or i is 0, which is no offset of a date.
func yearAfter(w *window, i int) int {
	if i == 0 {
		return 0
	}
	if w.fold(i, " de ") {
		i += 3
	}
	from := w.run(i, dateGapBytes, 3)
	if from == i || w.run(from, digitBytes, 5) != from+4 || w.at(from) != '1' && w.at(from) != '2' {
		return 0
	}
	return from + 4
}
