package inspect

// nameWordsMax is how many words a name has at most, and personBytesMax how many
// bytes each.
const (
	nameWordsMax   = 4
	personBytesMax = 24
)

var (
	personBytes = setOf("A-Za-z'\x80-\xff-")
	particles   = []string{"van ", "von ", "der ", "den ", "de ", "da ", "di ", "del ", "la ", "bin ", "al ", "ten ", "y ", "dos ", "el "}
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
		"There": true, "World": true, "When": true, "Why": true, "What": true, "Who": true, "Where": true, "How": true, "Then": true, "Can": true, "Could": true,
		"Did": true, "Does": true, "Do": true, "Have": true, "Had": true, "Should": true, "Would": true, "Also": true, "After": true, "Before": true, "As": true, "At": true,
		"Ask": true, "Tell": true, "Let": true, "To": true, "From": true, "By": true, "On": true, "An": true, "Both": true, "Only": true, "Now": true, "So": true,
		"Hey": true, "Meet": true, "Says": true, "Said": true, "Today": true, "Everybody": true, "Somebody": true, "Someone": true, "Nobody": true, "Anyone": true, "Because": true,
	}
)

// readOut is a name that was read.
type readOut struct {
	start, end int
	words      int
	given      uint8 // what the first word is; see nameWords
	family     bool  // a later word is a family name
	known      bool  // some word is a given or a family name
	thing      bool  // a word makes it a place, a firm or the like
}

// readName reads the name that begins at offset i.
func readName(w *window, i int) readOut {
	n := readOut{start: i, end: i}
	for at := i; n.words < nameWordsMax; at = n.end + 1 {
		if n.words > 0 && !upperBytes[w.at(at)] {
			at = particleEnd(w, at)
		}
		next := nameWordEnd(w, at)
		if next == 0 {
			break
		}
		n.end = next
		n.add(nameKind(w, at, next))
		if w.at(next) != ' ' {
			break
		}
	}
	return n
}

// add takes in the next word.
func (n *readOut) add(kind uint8) {
	if n.words == 0 {
		n.given = kind
	} else if kind&isFamily != 0 {
		n.family = true
	}
	n.words++
	n.known = n.known || kind&(isGiven|isFamily) != 0 || n.words == 1 && kind&isShared != 0
	n.thing = n.thing || kind == isThing
}

// nameKind looks up the word at offsets i to j, or its first part: Jean-Pierre.
func nameKind(w *window, i, j int) uint8 {
	word := w.slice(i, j)
	kind, ok := nameWords[word]
	if !ok {
		if hyphen := indexByte(word, '-'); hyphen > 0 {
			kind = nameWords[word[:hyphen]]
		}
	}
	return kind
}

// particleEnd passes over what stands between given and family names.
func particleEnd(w *window, i int) int {
	for range 2 {
		from := i
		for _, particle := range particles {
			if w.has(i, particle) {
				i += len(particle)
				break
			}
		}
		if i == from {
			break
		}
	}
	return i
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
	} else if n > 1 && (word[n-1] == '\'' || word[n-1] == '-') {
		word, end = word[:n-1], end-1
	}
	if len(word) < 2 || end == i+personBytesMax || wordBytes[w.at(end)] || upperBytes[word[1]] || humped(word) {
		return 0
	}
	if noNames[word] {
		return 0
	}
	return end
}

// readCapitals reads a name of two words or more in capitals, as forms have it.
func readCapitals(w *window, i int) readOut {
	n := readOut{start: i, end: i}
	for at := i; n.words < nameWordsMax; at = n.end + 1 {
		end := w.run(at, upperBytes, personBytesMax)
		if end < at+2 || personBytes[w.at(end)] || isDigit(w.at(end)) || w.at(end) == '_' {
			break
		}
		n.words++
		if n.end = end; w.at(end) != ' ' {
			break
		}
	}
	if n.words < 2 {
		n.words = 0
	}
	return n
}

// humped reports whether a capital stands in the middle of word as in source
// code, and not as in McKay, O'Neill or Lloyd-Jones.
func humped(word string) bool {
	for i := 2; i < len(word); i++ {
		if !upperBytes[word[i]] || !alphaBytes[word[i-1]] {
			continue
		}
		switch word[:i] {
		case "Mc", "Mac", "Fitz", "De", "Di", "La", "Le", "Van", "Du":
		default:
			return true
		}
	}
	return false
}

// plain reports a name that nothing announces: a common given name with what
// looks like a family name after it, or by itself in a sentence.
func plain(w *window) {
	if !nameHints[nameHint(w.at(0), w.at(1), w.at(2), w.at(3))] {
		return
	}
	n := readName(w, 0)
	if n.words == 0 || n.given&(isGiven|isShared) == 0 || n.thing {
		return
	}
	score := 0.0
	switch shared := n.given&isShared != 0; {
	case placed(w):
	case n.words > 1 && n.family:
		score = 0.6
	case shared && n.words == 1 && addressed(w):
		score = 0.45
	case shared:
	case n.words > 1:
		score = 0.5
	case inSentence(w, n.end):
		score = 0.35
	}
	if score > 0 && !identifier(w, n.end) {
		w.take(PII, "person", score, 0, n.end)
	}
}

// addressWords are what only people follow.
var addressWords = map[string]bool{
	"Hi": true, "hi": true, "Hello": true, "hello": true, "Hey": true, "hey": true, "Dear": true, "Bonjour": true, "Hola": true, "Hallo": true, "Ciao": true, "Hej": true, "Oi": true,
	"Cher": true, "Caro": true, "Cara": true, "Gentile": true, "Beste": true, "Uncle": true, "Aunt": true, "uncle": true, "aunt": true, "told": true, "asked": true, "asks": true,
	"Ask": true, "Tell": true, "Thanks": true, "thanks": true, "wife": true, "husband": true, "son": true, "daughter": true, "brother": true, "sister": true, "friend": true,
	"colleague": true, "boss": true, "says": true, "said": true, "met": true, "him": true, "her": true, "me": true,
}

// addressed reports whether the word before is one that only people follow.
func addressed(w *window) bool {
	if w.at(-1) != ' ' {
		return false
	}
	start := w.back(-1, alphaBytes, 12)
	return addressWords[w.slice(start, -1)]
}

// placed reports whether the word before makes a place of the name: San Jose.
func placed(w *window) bool {
	if w.at(-1) != ' ' {
		return false
	}
	for _, word := range []string{"San", "Santa", "St.", "St", "Saint", "Port", "Fort", "New", "Mount", "Lake", "Cape"} {
		if w.has(-1-len(word), word) && !alphaBytes[w.at(-2-len(word))] {
			return true
		}
	}
	return false
}

// identifier reports whether what ends at offset i goes on as source code does.
func identifier(w *window, i int) bool {
	switch b := w.at(i); {
	case in(b, "([{=<_/\\@#$&|+*"):
		return true
	case b == '.' || b == ':' || b == '-':
		return isAlnum(w.at(i+1)) || w.at(i+1) == b
	}
	return false
}

// inSentence reports whether the one word that ends at offset i stands in
// running text: not alone in quotes, not among other capitals.
func inSentence(w *window, i int) bool {
	before, after := w.at(-1), w.at(i)
	if before == '"' && after == '"' || before == '\'' || after == '"' && w.at(i+1) == ':' {
		return false
	}
	if before != 0 && !in(before, " \n\t\"(>") || after != 0 && !in(after, " ,.!?:;)\n\r'\"") {
		return false
	}
	if before != ' ' {
		return true
	}
	start := w.back(-1, personBytes, personBytesMax)
	return !upperBytes[w.at(start)] || noNames[w.slice(start, -1)]
}
