package inspect

import "strings"

// addressPlace is where an address stands. It decides who fetches it: an image
// is fetched without anybody's doing, and so is what a tool call names; a link
// only when it is clicked.
type addressPlace uint8

const (
	bareAddress addressPlace = iota
	linkAddress
	referenceAddress // the definition of a link or an image
	callAddress
	imageAddress
)

// carriage says how sure it is, for each place, that what an address holds is
// on its way out.
type carriage [imageAddress + 1]float64

var (
	packed   = carriage{0.5, 0.6, 0.75, 0.75, 0.85}   // an encoded text
	sentence = carriage{0.3, 0.4, 0.45, 0.25, 0.55}   // a text of some words
	opaque   = carriage{0, 0.28, 0.3, 0.3, 0.4}       // a signature, or data under a key
	secrets  = carriage{0.65, 0.75, 0.8, 0.75, 0.9}   // what looks like one
	personal = carriage{0.35, 0.42, 0.5, 0.4, 0.7}    // what looks like it
	proven   = carriage{0.95, 0.95, 0.95, 0.95, 0.97} // a secret that stood in the request
	repeated = carriage{0.5, 0.6, 0.7, 0.5, 0.9}      // personal data that stood there
)

var placeRules = [...]string{
	bareAddress: "data_in_url", linkAddress: "data_in_link", referenceAddress: "data_in_reference",
	callAddress: "data_in_call", imageAddress: "data_in_image",
}

const (
	ruleSecretURL = "secret_in_url"
	rulePIIURL    = "pii_in_url"
)

const (
	addressMin = 20
	opaqueMin  = 32 // a shorter value carries little
	opaqueLong = 64
	plainMin   = 10
	wordsLeast = 6 // blanks between them
)

// placeOf tells by what stands before the address at offset 0.
func placeOf(w *window) addressPlace {
	i := 0
	for q := w.at(i - 1); q == '"' || q == '\'' || q == '<'; q = w.at(i - 1) {
		i--
	}
	switch {
	case w.m.call:
		return callAddress
	case w.fold(i-4, "src=") || w.fold(i-7, "srcset=") || w.fold(i-4, "url(") || w.fold(i-11, "background="):
		return imageAddress
	case w.fold(i-5, "href="):
		return linkAddress
	case w.at(i-1) == '(' && w.at(i-2) == ']':
		caption := w.back(i-2, captionBytes, 120)
		if w.at(caption-1) == '[' && w.at(caption-2) == '!' {
			return imageAddress
		}
		return linkAddress
	}
	if blank := w.back(i, blankBytes, 4); w.at(blank-1) == ':' && w.at(blank-2) == ']' {
		return referenceAddress
	}
	return bareAddress
}

// cargo is what an address was found to carry.
type cargo struct {
	w     *window
	place addressPlace
	score float64
	rule  string
}

func (c *cargo) found(rule string, by *carriage) {
	if by[c.place] > c.score {
		c.score, c.rule = by[c.place], rule
	}
}

// weigh looks at everything in the address that its owner may choose.
func (c *cargo) weigh(url string) {
	_, rest, _ := strings.Cut(url, "://")
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	host, path, _ := strings.Cut(rest, "/")
	c.host(host)
	for segment := range strings.SplitSeq(path, "/") {
		c.value(segment, true)
	}
	for pair := range strings.SplitSeq(query, "&") {
		_, value, ok := strings.Cut(pair, "=")
		if !ok {
			value = pair
		}
		c.value(value, false)
	}
	c.value(fragment, false)
	c.plain(path, query, fragment)
}

// host looks at names made up to be asked for: a name server gets to know them.
func (c *cargo) host(host string) {
	if len(host) < opaqueMin+8 {
		return
	}
	labels := strings.Split(host, ".")
	if len(labels) < 3 {
		return
	}
	joined := strings.Join(labels[:len(labels)-2], "")
	if len(joined) >= opaqueMin && plainRun(joined) {
		c.decoded(joined)
	}
}

// value looks at one value of the query or one segment of the path, which is
// often a name or an identifier.
func (c *cargo) value(value string, segment bool) {
	if !segment {
		c.words(value)
	}
	value = strings.TrimRight(value, "=")
	value = strings.ReplaceAll(strings.ReplaceAll(value, "%3D", ""), "%3d", "")
	if len(value) < opaqueMin {
		return
	}
	c.w.steps += 2 * len(value)
	if !plainRun(value) {
		return
	}
	if c.decoded(value) || segment {
		return
	}
	if len(value) >= opaqueLong && mixed(value) {
		c.found(placeRules[c.place], &opaque)
	}
}

// decoded reports whether value stands for a text, and weighs that.
func (c *cargo) decoded(value string) bool {
	s := &c.w.m.scratch
	if decode(s, value) == nil {
		return false
	}
	text := string(s.bytes)
	switch {
	case c.sensitive(text):
	case strings.Count(text, " ")+strings.Count(text, "\n") >= 3 && !strings.HasPrefix(text, "{"):
		c.found(placeRules[c.place], &packed)
	default:
		c.found(placeRules[c.place], &opaque) // an address or a state, packed by an honest program
	}
	return true
}

// words weighs a value that is a text of some words. People search for a few.
func (c *cargo) words(value string) {
	if c.w.role == User || strings.Count(value, "%20")+strings.Count(value, "+")+strings.Count(value, "%0") < wordsLeast {
		return
	}
	text := unescaped(value)
	c.w.steps += 2 * len(text)
	letters, blanks := 0, 0
	for i := range len(text) {
		switch {
		case alphaBytes[text[i]] || text[i] >= 0x80:
			letters++
		case text[i] == ' ' || text[i] == '\n':
			blanks++
		}
	}
	if blanks >= wordsLeast && 10*(letters+blanks) >= 8*len(text) { // formulas are drawn by such addresses
		c.found(placeRules[c.place], &sentence)
	}
}

// plain looks for secrets and personal data that stand there unpacked.
func (c *cargo) plain(path, query, fragment string) {
	if len(query)+len(fragment) < plainMin && !strings.ContainsAny(path, "@%") && c.w.m.memory == nil {
		return
	}
	c.sensitive(unescaped(path + " " + query + " " + fragment))
}

// sensitive reports whether text holds a secret or personal data, and weighs
// what it holds.
func (c *cargo) sensitive(text string) bool {
	w := c.w
	switch w.m.memory.holds(text) {
	case Secret:
		c.found(ruleSecretURL, &proven)
		return true
	case PII:
		c.found(rulePIIURL, &repeated)
		return true
	}
	if w.m.depth >= viewsMax || len(text) < 10 {
		return false
	}
	any := false
	for _, f := range w.descend(text) {
		switch {
		case f.Category == Secret && f.Score >= 0.8 && !signs(f.Rule):
			c.found(ruleSecretURL, &secrets)
			any = true
		case f.Category == PII && f.Score >= 0.6 && f.Rule != "ip_address" && f.Rule != "url":
			c.found(rulePIIURL, &personal)
			any = true
		}
	}
	return any
}

// signs reports whether a secret of the rule is what makes a signed address
// work: those hold a token of their own, under a name that says so.
func signs(rule string) bool {
	return rule == "jwt" || rule == "azure_sas_signature" || strings.HasSuffix(rule, "_assignment")
}

// unescaped undoes percent-encoding and the plus of queries.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c, ok := percentByte(s, i); {
		case ok:
			b.WriteByte(c)
			i += 2
		case s[i] == '+' || s[i] == '&':
			b.WriteByte(' ')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func plainRun(s string) bool {
	for i := range len(s) {
		if !encodedBytes[s[i]] {
			return false
		}
	}
	return true
}
