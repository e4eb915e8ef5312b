package inspect

// streets finds the addresses of the countries where the number comes after
// the street.
func streets() Detector {
	d := Detector{name: "streets", masks: masksPII, ahead: 160}
	for _, word := range streetEndings {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, back: personBytes, backMax: 24, match: germanStreet})
	}
	for _, word := range streetBeginnings {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, left: wordBytes, match: southernStreet})
	}
	for _, word := range []string{"Via ", "Corso ", "Largo ", "Viale "} {
		d.triggers = append(d.triggers, trigger{literal: word, left: wordBytes, match: southernStreet})
	}
	for _, word := range []string{"p.o. box ", "po box ", "postfach ", "apartado de correos "} {
		d.triggers = append(d.triggers, trigger{literal: word, fold: true, left: wordBytes, match: postBox})
	}
	return d
}

// streetEndings end the names of streets in Germany, the Netherlands and the
// north, streetBeginnings begin them in the south and in Poland.
var (
	streetEndings = []string{
		"straße ", "strasse ", "str. ", "platz ", "allee ", "gasse ", "damm ", "ufer ", "weg ", "straat ", "laan ", "gracht ", "plein ", "gatan ", "vägen ", "katu ", "tie ",
	}
	streetBeginnings = []string{"calle ", "c/ ", "avenida ", "avda. ", "plaza ", "paseo ", "piazza ", "vicolo ", "rua ", "av. ", "alameda ", "praça ", "ul. "}
)

func germanStreet(w *window) {
	start := w.back(0, personBytes, 24)
	first := w.at(start)
	end := houseEnd(w, w.n)
	if !upperBytes[first] && first < 0x80 || end == 0 {
		return
	}
	full := addressEnd(w, end)
	if (w.fold(w.n-4, "tie") || w.fold(w.n-4, "weg") || w.fold(w.n-5, "ufer")) && (full == end || start == 0) {
		return // a tie, and what is not enough by itself
	}
	w.take(PII, "street_address", 0.55, start, full)
}

// southernStreet reports the address that begins with a kind of street.
func southernStreet(w *window) {
	end := streetName(w, w.n)
	if end == 0 {
		return
	}
	i := end
	if w.at(i) == ',' {
		i++
	}
	if w.at(i) != ' ' {
		return
	}
	i++
	for _, word := range []string{"nº ", "n. ", "no. ", "núm. ", "n° ", "civico "} {
		if w.fold(i, word) {
			i += len(word)
		}
	}
	if end = houseEnd(w, i); end != 0 {
		w.take(PII, "street_address", 0.55, 0, addressEnd(w, end))
	}
}

// houseEnd returns the end of the house number at offset i, such as 12a or 12/4,
// 0 if there is none.
func houseEnd(w *window, i int) int {
	end := w.run(i, digitBytes, 5)
	if end == i || end > i+4 || w.at(i) == '0' || end == i+4 && in(w.at(i), "12") && in(w.at(i+1), "09") {
		return 0 // none, or a year
	}
	if alphaBytes[w.at(end)] && !alphaBytes[w.at(end+1)] {
		end++
	}
	if (w.at(end) == '/' || w.at(end) == '-') && isDigit(w.at(end+1)) {
		end = w.run(end+1, digitBytes, 4)
	}
	if wordBytes[w.at(end)] {
		return 0
	}
	return end
}

// postBox reports the address that is a box.
func postBox(w *window) {
	if end := w.run(w.n, digitBytes, 7); end > w.n && !wordBytes[w.at(end)] {
		w.take(PII, "street_address", 0.5, 0, addressEnd(w, end))
	}
}
