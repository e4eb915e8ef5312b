package inspect

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
)

// Memory is what an exchange must not give away: the operator's instructions,
// and the secrets and personal data of the request. It holds salted hashes, no
// text, and is bounded. Fill it from the request, then put it into the Source
// of the answer; from then on nothing may be added, and any number of scans may
// use it at once. Drop it with the exchange. A nil Memory is empty.
type Memory struct {
	salt uint64
	// shingles numbers every run of shingleWords words of the instructions.
	shingles map[uint64]int32
	known    map[uint64]struct{} // shingles that others said as well
	links    map[uint64]struct{} // addresses that stood in the request
	values   map[uint64][]remembered
	count    int // of values
}

// remembered is a value, by the hash of its letters and digits. The first
// valueShort of them are its key in Memory.values.
type remembered struct {
	n        int
	hash     uint64
	category Category
}

const (
	shingleWords = 4
	shinglesMax  = 8 << 10
	knownMax     = 32 << 10
	linksMax     = 1 << 10
	valuesMax    = 1 << 10
	valueShort   = 8  // letters and digits; a shorter value proves nothing
	valueLong    = 64 // of a longer one the beginning is proof enough
)

// NewMemory returns an empty memory.
func NewMemory() *Memory {
	var salt [8]byte
	rand.Read(salt[:]) // never fails
	return &Memory{
		salt: binary.LittleEndian.Uint64(salt[:]), shingles: map[uint64]int32{}, known: map[uint64]struct{}{},
		links: map[uint64]struct{}{}, values: map[uint64][]remembered{},
	}
}

// Instructions remembers the operator's text, which must not come back. The
// first 8,192 words of all such texts together count.
func (m *Memory) Instructions(text string) {
	m.shingle(text, func(hash uint64) {
		if _, ok := m.shingles[hash]; !ok && len(m.shingles) < shinglesMax {
			m.shingles[hash] = int32(len(m.shingles))
		}
	})
}

// shingle calls do for every run of words in text.
func (m *Memory) shingle(text string, do func(hash uint64)) {
	r := recall{memory: m}
	r.each(text, 0, do)
	r.flush(do)
}

// Said remembers what other speakers said: where that stands in the operator's
// text too, its return gives nothing away, nor does an address that stood there
// word for word. The order of Said and Instructions does not matter.
func (m *Memory) Said(text string) {
	m.shingle(text, func(hash uint64) {
		if len(m.known) < knownMax {
			m.known[hash] = struct{}{}
		}
	})
	for rest := text; len(m.links) < linksMax; {
		i := strings.Index(rest, "://")
		if i < 0 {
			break
		}
		scheme := i
		for scheme > 0 && alphaBytes[rest[scheme-1]] {
			scheme--
		}
		end := i + 3
		for end < len(rest) && urlBytes[rest[end]] {
			end++
		}
		m.links[m.mix(strings.TrimRight(rest[scheme:end], trailing))] = struct{}{}
		rest = rest[end:]
	}
}

// trailing is punctuation that ends a sentence and not an address.
const trailing = ".,;:!?'"

// Values remembers the secrets and the personal data that found, the findings
// in text, names. Other findings are passed over.
func (m *Memory) Values(text string, found []Finding) {
	var room []byte
	for _, f := range found {
		if f.Category != Secret && f.Category != PII || len(f.Views) > 0 || m.count >= valuesMax || f.End > len(text) {
			continue
		}
		room = squeezed(room[:0], text[f.Start:f.End], valueLong)
		if len(room) < valueShort {
			continue
		}
		key := m.hash(room[:valueShort])
		m.values[key] = append(m.values[key], remembered{n: len(room), hash: m.hash(room), category: f.Category})
		m.count++
	}
}

// squeezed appends the letters and digits of text to to, in lower case, at most
// most of them.
func squeezed(to []byte, text string, most int) []byte {
	for i := 0; i < len(text) && len(to) < most; i++ {
		if alnumBytes[text[i]] || text[i] >= 0x80 {
			to = append(to, lower(text[i]))
		}
	}
	return to
}

// hash is FNV-1a, salted; nobody who writes a text knows the salt.
func (m *Memory) hash(b []byte) uint64 {
	h := m.salt
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h ^ h>>29
}

const fnvPrime = 1099511628211

func (m *Memory) mix(s string) uint64 { return m.hash([]byte(s)) }

// knows reports whether the address stood in the request.
func (m *Memory) knows(url string) bool {
	if m == nil || len(m.links) == 0 {
		return false
	}
	_, ok := m.links[m.mix(url)]
	return ok
}

// holds returns the category of a value that stands in text, secrets first, or
// "" for none.
func (m *Memory) holds(text string) Category {
	if m == nil || m.count == 0 {
		return ""
	}
	best := Category("")
	b := squeezed(make([]byte, 0, min(len(text), aheadMax)), text, aheadMax)
	for i := 0; i+valueShort <= len(b); i++ {
		for _, v := range m.values[m.hash(b[i:i+valueShort])] {
			if i+v.n > len(b) || m.hash(b[i:i+v.n]) != v.hash {
				continue
			}
			if v.category == Secret {
				return Secret
			}
			best = v.category
		}
	}
	return best
}

// cameBack returns what f is besides, in the arguments of a tool call, when its
// value stood in the request.
func (m *machine) cameBack(f Finding, value string) (Finding, bool) {
	if m.memory == nil || !m.call {
		return f, false
	}
	rule, score := "pii_in_call", 0.3
	switch {
	case f.Category == Secret:
		rule, score = "secret_in_call", 0.6
	case f.Category != PII:
		return f, false
	}
	if m.memory.holds(value) != f.Category {
		return f, false
	}
	return Finding{Rule: rule, Category: Exfiltration, Score: score, Features: []string{f.Rule}}, true
}
