package inspect

// births finds the dates of birth that a word announces. Other dates are
// nobody's.
func births() Detector {
	d := Detector{name: "births", masks: masksPII, ahead: 128}
	for _, word := range birthWords {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, match: birth})
	}
	for _, word := range birthShortWords {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, left: alphaBytes, match: birth})
	}
	return d
}

// birthWords announce a date of birth wherever they stand, birthShortWords at
// the beginning of a word.
var (
	birthWords = []string{
		"birth", "born", "dob", "d.o.b", "geboren", "geburtsdatum", "geburtstag", "naissance", "nacimiento", "nascita", "nascimento", "födelsedatum", "fødselsdato",
		"geboortedatum", "urodzenia", "syntymäaika", "syntynyt", "narození", "дата рождения", "Дата рождения", "doğum tarihi", "生年月日", "出生日期", "出生", "생년월일",
	}
	birthShortWords = []string{
		"né le ", "née le ", "nacido ", "nacida ", "nato il ", "nata il ", "nato a ", "nata a ", "nascido ", "nascida ", "geb. ", "urodzony ", "urodzona ", "ur. ", "född ", "født ", "родился ", "родилась ",
	}
)

// birthGapBytes and birthGapWords stand between the word and the date.
var (
	birthGapBytes = setOf(" \t:=\"'_,.()*\\>|-")
	birthGapWords = []string{
		"date", "day", "of", "its", "it's", "is", "was", "on", "the", "le", "el", "am", "il", "em", "in", "op", "den", "dnia", "er", "at", "ng",
		"mm/dd/yyyy", "dd/mm/yyyy", "yyyy-mm-dd", "dd.mm.yyyy", "dd-mm-yyyy", "день", "día",
	}
)

// birth reports the date after the word, and after where that was: "born in
// New York on".
func birth(w *window) {
	i := w.n
	if w.has(i-3, " a ") {
		i = placeEnd(w, i)
	}
	for range 5 {
		next := skipGapWord(w, w.run(i, birthGapBytes, 5))
		if next == i {
			break
		}
		i = next
		if w.fold(i-3, " in") {
			i = placeEnd(w, i+1)
		}
	}
	if w.has(i, "：") {
		i += len("：")
	}
	i = w.run(i, birthGapBytes, 5)
	if end := dateEnd(w, i); end != 0 && (i > w.n || in(w.at(w.n-1), " .") || w.at(w.n-1) >= 0x80) {
		w.take(PII, "date_time", 0.65, i, end)
	}
}

// placeEnd passes over the capitalised words from offset i on.
func placeEnd(w *window, i int) int {
	for word := nameWordEnd(w, i); word > 0; word = nameWordEnd(w, i) {
		if i = word; w.at(i) != ' ' {
			break
		}
		i++
	}
	return i
}

func skipGapWord(w *window, i int) int {
	for _, word := range birthGapWords {
		if w.fold(i, word) && !alphaBytes[w.at(i+len(word))] {
			return i + len(word)
		}
	}
	return i
}
