package inspect

// names finds the names of people where a word announces one: the rest of them
// cannot be told from other capitalised words without knowing the language. So
// it is a best effort, and says so with its scores.
func names() Detector {
	d := Detector{name: "names", held: true, ahead: 128}
	for _, cue := range []struct {
		words []string
		match func(w *window)
	}{
		{[]string{"name is ", "name's ", "name: ", "nombre es ", "call me ", "i am called ", "je m'appelle ", "ich heiße ", "mi chiamo ", "me llamo "}, introduced},
		{[]string{"call me ", "calls me "}, called},
		{[]string{"dear ", "signed,", "regards,", "sincerely,", "yours truly,", "cheers,"}, greeted},
		{[]string{"patient: ", "patient name", "first_name", "last_name", "full_name", "firstname", "lastname", "fullname", "surname"}, labelled},
	} {
		for _, word := range cue.words {
			d.triggers = append(d.triggers, trigger{literal: word, fold: true, left: alphaBytes, match: cue.match})
		}
	}
	for _, title := range []string{"Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Herr", "Frau", "Mme", "Señor", "Señora"} {
		d.triggers = append(d.triggers, trigger{literal: title, left: wordBytes, match: titled})
	}
	return d
}

// introduced reports the name after "my name is" and the like. Things have
// names as well: where it is not said whose, it takes two words.
func introduced(w *window) {
	least := 2
	if w.at(w.n-2) != ':' && (w.at(0) == 'j' || w.at(0) == 'i' || w.context(0, 8, "my ", "his ", "her ", "mi ", "maiden ", "last ", "first ")) {
		least = 1
	}
	if w.at(w.n-2) == ':' && isAlnum(w.at(-2)) && !w.context(0, 10, "full ", "patient ", "customer ", "client ", "employee ", "contact ", "legal ", "user ") {
		return // "File name: ", "Prompt name: "
	}
	if end, words := nameEnd(w, w.n); words >= least {
		w.take(PII, "person", 0.65, w.n, end)
	}
}

// called reports the name of whom others call so.
func called(w *window) {
	if end, words := nameEnd(w, w.n); words > 0 && !w.fold(end, " back") {
		w.take(PII, "person", 0.5, w.n, end)
	}
}

// greeted reports the name after "Dear", or the one that signs a letter on a
// line of its own.
func greeted(w *window) {
	i := w.n
	if w.at(i-1) == ',' {
		if i = w.run(i, blankBytes, 4); i == w.n || w.at(i-1) == ' ' && w.at(w.n) != '\n' {
			return
		}
	}
	i = titleEnd(w, i)
	if end, words := nameEnd(w, i); words >= 1 && (in(w.at(end), ",:!;\n\r.") || w.at(end) == 0) {
		w.take(PII, "person", 0.5, i, end)
	}
}

// labelled reports the value of a field of a form or a record.
func labelled(w *window) {
	i := w.run(w.n, fieldGapBytes, 6)
	if i == w.n && w.at(w.n-1) != ' ' {
		return
	}
	i = titleEnd(w, i)
	end, words := nameEnd(w, i)
	if words >= 2 || words == 1 && i > w.n {
		w.take(PII, "person", 0.55, i, end)
	}
}

var fieldGapBytes = setOf(" \t:='\"")

// titled reports the name after a title.
func titled(w *window) {
	i := w.n
	if w.at(i) == '.' {
		i++
	}
	if w.at(i) != ' ' {
		return
	}
	if end, words := nameEnd(w, i+1); words > 0 && end > i+3 {
		w.take(PII, "person", 0.6, i+1, end)
	}
}

// titleEnd passes over a title.
func titleEnd(w *window, i int) int {
	for _, title := range []string{"mr", "mrs", "ms", "dr", "prof", "miss"} {
		if !w.fold(i, title) {
			continue
		}
		end := i + len(title)
		if w.at(end) == '.' {
			end++
		}
		if w.at(end) == ' ' {
			return end + 1
		}
	}
	return i
}

// nameWordsMax is how many words a name has at most, and personBytesMax how many
// bytes each.
const (
	nameWordsMax   = 4
	personBytesMax = 24
)

var (
	personBytes = setOf("A-Za-z'\x80-\xff-")
	particles   = []string{"van ", "von ", "der ", "den ", "de ", "da ", "di ", "del ", "la ", "bin ", "al ", "ten ", "y "}
	// noNames are words that follow a cue with a capital and are no names.
	noNames = map[string]bool{
		"Sir": true, "Madam": true, "All": true, "Team": true, "Customer": true, "Customers": true, "Friend": true, "Friends": true, "User": true, "Users": true,
		"Everyone": true, "Hiring": true, "Editor": true, "Reader": true, "Readers": true, "Support": true, "The": true, "This": true, "That": true, "It": true,
		"If": true, "In": true, "We": true, "You": true, "Your": true, "My": true, "Our": true, "He": true, "She": true, "They": true,
		"Not": true, "No": true, "Yes": true, "None": true, "Null": true, "True": true, "False": true, "String": true, "Unknown": true, "Name": true,
		"First": true, "Last": true, "Required": true, "Optional": true, "Please": true, "Here": true, "And": true, "Or": true, "But": true, "Is": true,
		"Was": true, "Has": true, "With": true, "For": true, "Of": true, "Id": true, "Sirs": true, "Colleagues": true, "Colleague": true, "Valued": true,
		"Client": true, "Applicant": true, "Recruiter": true, "Manager": true, "Admin": true, "Sincerely": true, "Best": true, "Kind": true, "Data": true, "Type": true,
		"Field": true, "Dear": true, "Mr": true, "Mrs": true, "Ms": true, "Dr": true, "Miss": true, "Prof": true, "Back": true, "Hello": true, "Hi": true, "Thanks": true,
	}
)

// nameEnd returns the end of the name that begins at offset i, and how many
// words it has: none if it is not one.
func nameEnd(w *window, i int) (end, words int) {
	at := i
	for words < nameWordsMax {
		if words > 0 && !upperBytes[w.at(at)] {
			for _, particle := range particles {
				if w.has(at, particle) {
					at += len(particle)
					break
				}
			}
		}
		next := nameWordEnd(w, at)
		if next == 0 {
			break
		}
		end = next
		words++
		if w.at(end) != ' ' {
			break
		}
		at = end + 1
	}
	return end, words
}

// nameWordEnd returns the end of the capitalised word, or the initial, at
// offset i, 0 if there is none.
func nameWordEnd(w *window, i int) int {
	first := w.at(i)
	if !upperBytes[first] && (first < 0xc3 || first > 0xd0) {
		return 0
	}
	end := w.run(i, personBytes, personBytesMax)
	if end == i+1 {
		if w.at(end) == '.' && w.at(end+1) == ' ' && upperBytes[w.at(end+2)] {
			return end + 1
		}
		return 0
	}
	word := w.slice(i, end)
	if n := len(word); n > 2 && word[n-2:] == "'s" {
		word, end = word[:n-2], end-2
	}
	if end == i+personBytesMax || wordBytes[w.at(end)] || upperBytes[word[1]] && word[1] != '\'' {
		return 0
	}
	if noNames[word] {
		return 0
	}
	return end
}
