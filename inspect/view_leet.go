package inspect

import (
	"strings"
	"sync"
)

// leetBytes begin what may stand for letters in a word.
var leetBytes = setOf("0-9@$!|+")

// leetLetters says which letter a byte passes for. The l and i are one to it:
// a 1 may be either.
var leetLetters = [256]byte{
	'0': 'o', '1': 'i', '2': 'z', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b', '9': 'g',
	'@': 'a', '$': 's', '!': 'i', '|': 'i', '+': 't',
}

const (
	leetMin = 3
	leetMax = 20
)

// attackWords are words that attacks cannot do without and that are long enough
// to be no accident in disguise.
var attackWords = []string{
	"ignore", "disregard", "forget", "override", "bypass", "previous", "instructions", "instruction", "system", "prompt", "reveal",
	"jailbreak", "developer", "unrestricted", "restrictions", "guidelines", "uncensored", "pretend", "password", "exfiltrate",
	"conversation", "credentials", "safety", "filters", "directives", "confidential",
	"vergiss", "ignoriere", "anweisungen", "vorherigen", "olvida", "instrucciones", "anteriores", "oublie", "consignes", "precedentes",
	"dimentica", "istruzioni", "precedenti", "esqueca", "instrucoes",
}

// commonWords are those between them.
var commonWords = []string{
	"all", "and", "the", "your", "you", "are", "now", "not", "any", "this", "that", "with", "from", "for", "above", "prior", "before",
	"earlier", "everything", "rules", "rule", "policy", "policies", "prompts", "messages", "message", "context", "print", "show",
	"output", "repeat", "tell", "give", "me", "my", "to", "of", "in", "is", "it", "do", "be", "as", "an", "no", "or", "if", "its",
	"answer", "without", "limits", "limit", "anything", "mode", "enable", "enabled", "act", "must", "will", "what", "were", "told",
	"secret", "secrets", "key", "keys", "api", "hidden", "original", "initial", "first", "full", "text", "user", "admin", "assistant",
	"model", "send", "following", "follow", "obey", "new", "only", "verbatim", "word", "leak", "disclose", "dump", "access", "training",
	"programming", "commands", "command", "evil", "free", "from", "have", "has", "can", "never", "refuse", "please", "instead", "write",
	"how", "make", "build", "bomb", "weapon", "malware", "hack", "drugs", "content", "data", "list", "file", "files", "email", "stop",
}

// vocabulary holds the words by how leet writes them, and whether they are
// attack words.
type vocabulary struct {
	words  map[string]string
	attack map[string]bool
	begins [1 << 10]bool // by pair
}

// pair numbers the first two letters of a word.
func pair(a, b byte) int { return int(a&31)<<5 | int(b&31) }

var viewWords = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{words: map[string]string{}, attack: map[string]bool{}}
	for _, list := range [][]string{phraseWords(), commonWords, attackWords} {
		for _, word := range list {
			var key [leetMax]byte
			letters := leetKey(&key, word)
			v.words[string(letters)] = word
			v.begins[pair(letters[0], letters[1])] = true
		}
	}
	for _, word := range attackWords {
		var key [leetMax]byte
		v.attack[string(leetKey(&key, word))] = true
	}
	return v
})

// phraseWords returns the words of all phrases, as far as they are ASCII.
func phraseWords() []string {
	var words []string
	for _, list := range [][]phrase{overridePhrases, leakPhrases, personaPhrases, indirectPhrases, otherLanguages} {
		for _, p := range list {
			for _, word := range strings.FieldsFunc(p.spec, func(r rune) bool { return r > 0x7f || !alphaBytes[r] }) {
				if len(word) > 2 && len(word) <= leetMax && ascii(p.spec) {
					words = append(words, word)
				}
			}
		}
	}
	return words
}

// leetKey writes word as all its disguises are written alike.
func leetKey(key *[leetMax]byte, word string) []byte {
	n := min(len(word), leetMax)
	for i := range n {
		key[i] = leetByte(word[i])
	}
	return key[:n]
}

func leetByte(b byte) byte {
	if letter := leetLetters[b]; letter != 0 {
		return letter
	}
	if b = lower(b); b == 'l' {
		return 'i'
	}
	return b
}

var leetWordBytes = setOf("A-Za-z0-9@$!|+")

// leetWord looks at a digit in a word that would be an attack word without it.
func leetWord(w *window) {
	if !alphaBytes[w.at(-1)] && !alphaBytes[w.at(1)] && !alphaBytes[w.at(2)] {
		return
	}
	start, end := w.back(0, leetWordBytes, leetMax), w.run(0, leetWordBytes, leetMax)
	if n := end - start; n < len("system") || n > leetMax {
		return
	}
	var key [leetMax]byte
	if viewWords().attack[string(leetKey(&key, w.slice(start, end)))] {
		plainView(w)
	}
}

// plainLeet writes the scratch's leet words plainly, and reports whether there
// were any.
func (s *scratch) plainLeet() bool {
	any := false
	for i := 0; i < len(s.bytes); {
		end, leet, alpha := i, 0, 0
		for end < len(s.bytes) && leetWordBytes[s.bytes[end]] {
			if alphaBytes[s.bytes[end]] {
				alpha++
			} else {
				leet++
			}
			end++
		}
		if leet > 0 && alpha > 0 && end-i >= leetMin && end-i <= leetMax && s.plainWord(i, end, 2*alpha >= leet) {
			any = true
		}
		i = end + 1
	}
	return any
}

// plainWord writes one word plainly: as a known one, or letter by letter.
func (s *scratch) plainWord(i, end int, likely bool) bool {
	var key [leetMax]byte
	word := s.bytes[i:end]
	letters := leetKey(&key, string(word))
	if known, ok := viewWords().words[string(letters)]; ok {
		copy(word, known)
		return true
	}
	if !likely {
		return false
	}
	for k, b := range word {
		if letter := leetLetters[b]; letter != 0 && (isDigit(b) || k > 0 && k < len(word)-1) {
			word[k] = letter
		}
	}
	return true
}
