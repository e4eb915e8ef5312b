package audit

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// document is what a record is found by: the words of its excerpts, and a term
// for each value that a Filter can ask for. Both databases index these terms
// and nothing else, so that any filters are one intersection of lists.
type document struct {
	words  []string // with an empty one between two texts
	facets []string
}

// facetKind tells the values of one field from those of another. The letters
// are stored: change none.
type facetKind byte

const (
	facetAction   facetKind = 'a'
	facetCategory facetKind = 'c'
	facetDoor     facetKind = 'd'
	facetEndpoint facetKind = 'e'
	facetAgent    facetKind = 'g'
	facetHost     facetKind = 'h'
	facetClient   facetKind = 'i'
	facetKeyMode  facetKind = 'k'
	facetLabel    facetKind = 'l'
	facetModel    facetKind = 'm'
	facetSession  facetKind = 'n'
	facetRisk     facetKind = 'r'
	facetSeverity facetKind = 's'
	facetStatus   facetKind = 't'
	facetRule     facetKind = 'u'
)

// facetMark begins each facet, and no word.
const facetMark = "="

var facetEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// facet is a term for a value of whatever length and characters: 80 bits of
// its hash, which two values do not share by accident.
func facet(kind facetKind, value string) string {
	sum := sha256.Sum256([]byte(value))
	return facetMark + string(byte(kind)) + facetEncoding.EncodeToString(sum[:10])
}

func statusFacet(status int) string {
	return facetMark + string(byte(facetStatus)) + strconv.Itoa(status/100)
}

// riskStep is how exactly the index knows risks. A record has a term for every
// step up to its risk, which for most is none.
const riskStep = 10

func riskFacet(risk int) string {
	return facetMark + string(byte(facetRisk)) + strconv.Itoa(risk/riskStep)
}

func newDocument(r *Record) document {
	d := document{words: make([]string, 0, 96), facets: make([]string, 0, 24)}
	d.words = appendWords(d.words, r.PromptExcerpt)
	d.words = append(d.words, "")
	d.words = appendWords(d.words, r.ResponseExcerpt)
	add := func(kind facetKind, value string) {
		if value == "" {
			return
		}
		if term := facet(kind, value); !slices.Contains(d.facets, term) {
			d.facets = append(d.facets, term)
		}
	}
	add(facetAction, r.Action)
	add(facetSeverity, r.Severity)
	add(facetHost, r.Host)
	add(facetEndpoint, r.Endpoint)
	add(facetModel, r.Model)
	add(facetAgent, r.Agent)
	add(facetSession, r.Session)
	add(facetClient, r.Client)
	add(facetDoor, r.Door)
	add(facetKeyMode, r.KeyMode)
	for _, label := range r.Labels {
		add(facetLabel, label)
	}
	for _, f := range r.Findings {
		add(facetCategory, f.Category)
		add(facetRule, f.Rule)
	}
	if r.Status > 0 {
		d.facets = append(d.facets, statusFacet(r.Status))
	}
	for risk := riskStep; risk <= min(r.Risk, 100); risk += riskStep {
		d.facets = append(d.facets, riskFacet(risk))
	}
	return d
}

// text is the document as one line of terms between spaces.
func (d document) text() string {
	var b strings.Builder
	for _, w := range d.words {
		if w == "" {
			w = facetMark // a term that no phrase holds
		}
		b.WriteString(w)
		b.WriteByte(' ')
	}
	for _, f := range d.facets {
		b.WriteString(f)
		b.WriteByte(' ')
	}
	return b.String()
}

func (d document) matches(facets []string, phrases []phrase) bool {
	for _, f := range facets {
		if !slices.Contains(d.facets, f) {
			return false
		}
	}
	for _, p := range phrases {
		if !p.in(d.words) {
			return false
		}
	}
	return true
}

// wordBytesMax bounds a term of the index; what is longer is cut, in queries
// too.
const wordBytesMax = 64

// appendWords appends the words of text, in lower case: runs of letters, marks
// and digits, and each letter by itself in scripts that put no space between
// words.
func appendWords(words []string, text string) []string {
	var word []byte
	end := func() {
		if len(word) > 0 {
			words, word = append(words, string(word)), word[:0]
		}
	}
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			switch {
			case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			case 'A' <= r && r <= 'Z':
				r += 'a' - 'A'
			default:
				end()
				continue
			}
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			end()
			words = append(words, string(r))
			continue
		case r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.N):
			end()
			continue
		default:
			r = unicode.ToLower(r)
		}
		if len(word)+utf8.RuneLen(r) <= wordBytesMax {
			word = utf8.AppendRune(word, r)
		}
	}
	end()
	return words
}

// phrase is words that stand one behind the other.
type phrase struct {
	words  []string // at least one
	prefix bool     // the last may go on
}

// What bounds what one search can cost: phrases, and words in each, and the
// letters of a prefix. One letter begins a word in most records; it stands for
// itself.
const (
	phrasesMax = 16
	prefixMin  = 3
)

// parseText reads what a person typed. What has no word in it asks for nothing.
func parseText(text string) (phrases []phrase) {
	add := func(s string, prefix bool) {
		words := appendWords(nil, s)
		if len(words) == 0 || len(phrases) == phrasesMax {
			return
		}
		last := words[len(words)-1]
		words = words[:min(len(words), phrasesMax)]
		prefix = prefix && last == words[len(words)-1] && utf8.RuneCountInString(last) >= prefixMin
		phrases = append(phrases, phrase{words, prefix})
	}
	for quoted := false; text != ""; quoted = !quoted {
		part, rest, _ := strings.Cut(text, `"`)
		text = rest
		if quoted {
			add(part, false)
			continue
		}
		for _, s := range strings.Fields(part) {
			add(s, strings.HasSuffix(s, "*"))
		}
	}
	return phrases
}

func (p phrase) in(words []string) bool {
	for i := 0; i+len(p.words) <= len(words); i++ {
		if p.begins(words[i:]) {
			return true
		}
	}
	return false
}

func (p phrase) begins(words []string) bool {
	for i, w := range p.words {
		if words[i] != w && !(p.prefix && i == len(p.words)-1 && strings.HasPrefix(words[i], w)) {
			return false
		}
	}
	return true
}
