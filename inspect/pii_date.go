package inspect

// monthNames are those of many languages, in the form that stands in a date.
var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "okt", "nov", "dec", "dez",
	"januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "jänner", "januari", "februari", "maart", "mei", "augustus", "mars", "maj", "augusti", "marts",
	"janvier", "février", "fevrier", "avril", "juin", "juillet", "août", "aout", "septembre", "octobre", "novembre", "décembre", "decembre",
	"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	"gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre",
	"janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
	"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
	"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta",
	"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
	"ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık",
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
	first := w.run(i, digitBytes, 9) - i
	next := i + first
	switch sep := w.at(next); {
	case first == 8:
		return compactEnd(w, i)
	case first > 4:
		return 0
	case w.has(next, "年"), w.has(next, "년"):
		return easternEnd(w, i, next)
	case sep == '.' && w.at(next+1) == ' ':
		return yearAfter(w, monthEnd(w, next+2)) // 3. Mai 1977
	case (sep == '/' || sep == '-' || sep == '.') && isDigit(w.at(next+1)):
		return numericEnd(w, i, next)
	case sep == '/' || sep == '-' || sep == '.':
		return yearAfter(w, monthEnd(w, next+1)) // 14-Jul-1985
	}
	day := dayEnd(w, i)
	if day == 0 {
		return 0
	}
	day = w.run(day, dateGapBytes, 2)
	if w.fold(day, "of ") || w.fold(day, "de ") {
		day += 3
	}
	return yearAfter(w, monthEnd(w, day))
}

// numericEnd returns the end of a date in three numbers, the first of which
// ends at offset next.
func numericEnd(w *window, i, next int) int {
	first, sep := next-i, w.at(next)
	from := next + 1
	second := w.run(from, digitBytes, 3) - from
	if second > 2 || w.at(from+second) != sep {
		return 0
	}
	third := w.run(from+second+1, digitBytes, 5) - from - second - 1
	end := from + second + 1 + third
	if first == 4 && third != 1 && third != 2 || first < 4 && (first > 2 || third != 4 && third != 2) {
		return 0
	}
	a, b := atoi([]byte(w.slice(i, next))), atoi([]byte(w.slice(from, from+second)))
	if first == 4 {
		a = atoi([]byte(w.slice(from+second+1, end)))
	}
	if a == 0 || b == 0 || a > 31 || b > 31 || a > 12 && b > 12 || wordBytes[w.at(end)] && w.at(end) != 'T' {
		return 0
	}
	return end
}

// compactEnd returns the end of 19850714.
func compactEnd(w *window, i int) int {
	value := []byte(w.slice(i, i+8))
	if year := atoi(value[:4]); year < 1900 || year > 2099 || !validDate(atoi(value[4:6]), atoi(value[6:])) || wordBytes[w.at(i+8)] {
		return 0
	}
	return i + 8
}

// easternEnd returns the end of 1985年7月14日 or 1985년 7월 14일.
func easternEnd(w *window, i, next int) int {
	if next != i+4 {
		return 0
	}
	for _, mark := range [...][2]string{{"月", "월"}, {"日", "일"}} {
		from := w.run(next+3, dateGapBytes, 2)
		next = w.run(from, digitBytes, 3)
		if next == from || !w.has(next, mark[0]) && !w.has(next, mark[1]) {
			return 0
		}
	}
	return next + 3
}

var dateGapBytes = setOf(" ,./-")

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
	for _, suffix := range []string{"st", "nd", "rd", "th", "er", "º", "."} {
		if w.fold(end, suffix) {
			return end + len(suffix)
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
