package inspect

// names finds the names of people where a word announces one, and where a name
// is so common that it can hardly be anything else. The rest of them cannot be
// told from other capitalised words without knowing the language. So it is
// a best effort, and says so with its scores.
func names() Detector {
	d := Detector{name: "names", masks: masksPII, ahead: 192}
	d.triggers = append(d.triggers, trigger{run: upperBytes, left: nameLeftBytes, match: plain})
	for _, cue := range nameCues {
		for _, word := range cue.words {
			t := trigger{literal: word, fold: true, left: alphaBytes, match: cue.match}
			if word[0] == '\n' {
				t.left = nil
			}
			d.triggers = append(d.triggers, t)
		}
	}
	for _, title := range titles {
		d.triggers = append(d.triggers, trigger{literal: title, left: wordBytes, match: titled})
	}
	return d
}

// nameLeftBytes stand before a capital in identifiers, paths, addresses and numbers.
var nameLeftBytes = setOf("A-Za-z0-9_.@/\\$#%&=+~-")

// nameCues are the words that announce a name, in the languages where they do.
var nameCues = []struct {
	words []string
	match func(w *window)
}{
	{[]string{
		"name is ", "name's ", "name: ", "nombre es ", "i am called ", "je m'appelle ", "ich heiße ", "mi chiamo ", "me llamo ", "mein name ist ",
		"meu nome é ", "me chamo ", "mijn naam is ", "ik heet ", "jag heter ", "nazywam się ", "mam na imię ", "minun nimeni on ", "mon nom est ",
		"меня зовут ", "Меня зовут ", "Уважаемый ", "Уважаемая ", "Имя: ", "ФИО: ",
	}, introduced},
	{[]string{"我叫", "我的名字是", "姓名", "名前は", "氏名", "名字是", "이름은 ", "이름: ", "성명: "}, eastern},
	{[]string{"call me ", "calls me ", "people call "}, called},
	{[]string{
		"dear ", "signed,", "regards,", "sincerely,", "yours truly,", "faithfully,", "cheers,", "best wishes,", "all the best,", "many thanks,", "thanks,", "thank you,",
		"grüßen\n", "grüße\n", "gruß\n", "grüßen,", "grüße,", "cordialement,", "saludos,", "cordiali saluti,", "saluti,", "atenciosamente,", "groet,", "groeten,", "hälsningar,",
		"hälsningar\n", "pozdrawiam,", "terveisin,", "regards\n", "cordialement\n", "estimado ", "estimada ", "querida ", "querido ", "chère ", "lieber ", "liebe ", "geachte ",
	}, greeted},
	{[]string{
		"patient: ", "patient name", "first_name", "last_name", "full_name", "firstname", "lastname", "fullname", "first name", "last name", "full name", "surname", "given_name",
		"givenname", "family_name", "familyname", "given name", "family name", "maiden name", "customer name", "customer_name", "customername", "patient_name", "patientname",
		"contact_name", "contactname", "contact name", "employee name", "employee_name", "cardholder", "account holder", "accountholder", "account_holder", "vorname", "nachname", "apellidos",
		"apellido", "prénom", "cognome", "sobrenome", "achternaam", "voornaam", "efternamn", "förnamn", "nazwisko", "sukunimi", "next of kin", "emergency contact", "passenger name", "\nfn:",
	}, labelled},
	{[]string{
		"spoke with ", "attn: ", "attention: ", "c/o ", "signed by ", "prepared by ", "reported by ", "customer: ", "client: ", "employee: ", "candidate: ", "applicant: ", "tenant: ",
		"passenger: ", "beneficiary: ", "physician: ", "doctor: ", "contact: ", "\nfrom: ", "\nto: ", "\ncc: ", "was called ", "on behalf of ", "paciente: ", "kunde: ", "patientin: ",
	}, mentioned},
}

// titles stand before the name of a person, written just so.
var titles = []string{
	"Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof", "Herr", "Herrn", "Frau", "Mme", "Mlle", "Monsieur", "Madame", "Señor", "Señora", "Señorita", "Sra", "Srta", "Signor", "Signora",
	"Sig", "Dott", "Dottoressa", "Meneer", "Mevrouw", "Dhr", "Mevr", "Fru", "Pan", "Pani", "Doña", "Sgt", "Capt", "Judge", "Nurse", "Senator", "Rev",
	"mr. ", "mrs. ", "ms. ", "dr. ",
}

// introduced reports the name after "my name is" and the like. Things have
// names as well: where it is not said whose, it takes a name that is known.
func introduced(w *window) {
	n := readName(w, w.n)
	if n.words == 0 && w.at(w.n-2) == ':' {
		n = readCapitals(w, w.n)
	}
	colon := w.at(w.n-2) == ':'
	switch {
	case n.words == 0 || n.thing:
		return
	case n.known:
	case colon && (w.at(0) != 'N' || w.at(-1) != 0 && w.at(-1) != '\n') && !w.context(0, 10, "full ", "patient ", "customer ", "client ", "employee ", "contact ", "legal ", "user "):
		return // "File name: ", "- name: Install Go"
	case n.words == 1 && (colon || w.at(0) == 'n' && !w.context(0, 8, "my ", "his ", "her ", "mi ", "maiden ", "last ", "first ", "mein ")):
		return
	}
	w.take(PII, "person", 0.65, w.n, n.end)
}

// eastern reports the two to four characters of a Chinese, Japanese or Korean name.
func eastern(w *window) {
	i := w.n
	switch {
	case in(w.at(i), ": "):
		i = w.run(i, fieldGapBytes, 3)
	case w.has(i, "："):
		i += len("：")
	}
	end, most := i, 9
	if w.has(0, "氏") || w.has(w.n-3, "は") {
		most = 12
	}
	for end < i+most && w.at(end) >= 0xe4 && w.at(end) <= 0xed && w.at(end+1) >= 0x80 && w.at(end+2) >= 0x80 {
		end += 3
	}
	if end > i+3 {
		w.take(PII, "person", 0.45, i, end)
	}
}

// called reports the name of whom others call so.
func called(w *window) {
	n := readName(w, titleEnd(w, w.n))
	if n.words > 0 && !n.thing && !w.fold(n.end, " back") {
		w.take(PII, "person", 0.5, n.start, n.end)
	}
}

// greeted reports the name after "Dear", or the one that signs a letter on a
// line of its own.
func greeted(w *window) {
	i := w.n
	if last := w.at(i - 1); last == ',' || last == '\n' {
		if i = w.run(i, blankBytes, 4); last == ',' && (i == w.n || w.at(i-1) == ' ' && w.at(w.n) != '\n') {
			return
		}
	}
	n := readName(w, titleEnd(w, i))
	if n.words > 0 && !n.thing && (in(w.at(n.end), ",:!;\n\r.") || w.at(n.end) == 0 || n.known) {
		w.take(PII, "person", 0.5, n.start, n.end)
	}
}

// labelled reports the value of a field of a form or a record.
func labelled(w *window) {
	i := w.run(w.n, fieldGapBytes, 8)
	if last := w.at(w.n - 1); i == w.n && last != ' ' && last != ':' {
		return
	}
	for range 2 {
		if next := w.run(i, alphaBytes, 5); w.fold(i, "name") && next == i+4 || w.fold(i, "is") && next == i+2 {
			i = w.run(next, fieldGapBytes, 8)
		}
	}
	n := readName(w, titleEnd(w, i))
	if n.words == 0 {
		n = readCapitals(w, i)
	}
	if n.words > 0 && !n.thing {
		w.take(PII, "person", 0.55, n.start, n.end)
	}
}

var fieldGapBytes = setOf(" \t:=>|?\\\"'")

// mentioned reports who was spoken with, who wrote or signed: a name that is
// known, or two words at least that may be one.
func mentioned(w *window) {
	n := readName(w, titleEnd(w, w.n))
	switch {
	case n.words == 0 || n.thing:
	case n.known:
		w.take(PII, "person", 0.5, n.start, n.end)
	case n.words > 1 && n.words < nameWordsMax:
		w.take(PII, "person", 0.4, n.start, n.end)
	}
}

// titled reports the name after a title.
func titled(w *window) {
	i := w.n
	if w.at(i-1) != ' ' {
		if w.at(i) == '.' && !w.has(0, "Miss") {
			i++
		}
		if w.at(i) != ' ' {
			return
		}
		i++
	}
	if n := readName(w, titleEnd(w, i)); n.words > 0 && !n.thing && n.end > n.start+2 {
		w.take(PII, "person", 0.6, n.start, n.end)
	}
}

// titleEnd passes over a title.
func titleEnd(w *window, i int) int {
	for _, title := range []string{"mr", "mrs", "ms", "dr", "prof", "miss", "herr", "frau", "pan", "pani"} {
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
