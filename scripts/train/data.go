package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
)

// sample is one text with what is known of it.
type sample struct {
	text   string
	attack bool
	tool   bool // what a tool brought in; else a prompt
	answer bool // what a model answered
	doc    bool // an ordinary document
	origin string
	group  uint32 // texts of one group were made alike
	weight float64
	bag    []window
}

// corpus is everything that is learned from or reported.
type corpus struct {
	own                            *templates
	rows                           []row // of train.jsonl
	train, dev, held, unseen       []sample
	docsTrain, docsCut, docsReport []sample
	learned                        []*sample        // of train and docsTrain, those with windows
	index                          map[uint32]int32 // of the features that are learned, once known
}

type row struct {
	ID, Text, Label, Source, Origin string
}

func readRows(path string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	defer f.Close()
	var rows []row
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		r.Text = fillPlaceholders(r.Text)
		rows = append(rows, r)
	}
	return rows, in.Err()
}

// placeholder matches what collectors left where the forbidden request stood.
// It tells attacks from honest prompts by the way they were collected and by
// nothing that a real one has.
var placeholder = regexp.MustCompile(`(?i)[\[{<(]{1,2}[^\[\]{}<>()\n]{0,40}\b(insert|your|prompt|question|request|user'?s?|enter|put|type|query|goal|here|command)\b[^\[\]{}<>()\n]{0,40}[\])}>]{1,2}`)

var fillings = []string{
	"What is the weather like on Mars?", "How do I sort a list in Python?",
	"Tell me about the history of Lisbon.", "What should I cook tonight?",
	"Write a short poem about the sea.", "How does a heat pump work?",
}

func fillPlaceholders(text string) string {
	n := len(text)
	return placeholder.ReplaceAllStringFunc(text, func(string) string {
		n++
		return fillings[n%len(fillings)]
	})
}

// misfiled matches the role play of everyday prompts, which one origin files
// under attacks and another, with a hundred times the rows, does not.
var misfiled = regexp.MustCompile(`(?i)I want you to act as|Ich möchte, dass Sie als|^act as an?\b`)

var overriding = regexp.MustCompile(`(?i)ignor|forget|disregard|vergiss|instead|prompt`)

// prepare turns the rows of train.jsonl into samples. Near-duplicates share the
// weight of one and a little more, so that a jailbreak copied forty times with
// another name does not count forty times.
func prepare(rows []row) []sample {
	groups := groupAlike(rows)
	size := map[int]int{}
	for _, g := range groups {
		size[g]++
	}
	var out []sample
	for i, r := range rows {
		attack := r.Label == "attack"
		if attack && strings.HasPrefix(r.Origin, "deepset") && misfiled.MatchString(r.Text) && !overriding.MatchString(r.Text) {
			continue
		}
		w := 1 / math.Sqrt(float64(size[groups[i]]))
		if attack {
			w *= 2
		}
		out = append(out, sample{text: r.Text, attack: attack, origin: r.Origin, group: uint32(groups[i]), weight: w})
	}
	return out
}

// groupAlike gives each row the number of its group: rows of which the least
// hashes of word 4-grams agree in two of eight places.
func groupAlike(rows []row) []int {
	const hashes = 8
	first := map[uint64]int{}
	groups := make([]int, len(rows))
	for i, r := range rows {
		groups[i] = i
		least := leastHashes(strings.Fields(strings.ToLower(r.Text)), hashes)
		for k := 0; k+1 < hashes; k += 2 {
			key := least[k]*31 + least[k+1] + uint64(k)
			if j, ok := first[key]; ok {
				groups[i] = groups[j]
				break
			}
		}
		for k := 0; k+1 < hashes; k += 2 {
			key := least[k]*31 + least[k+1] + uint64(k)
			if _, ok := first[key]; !ok {
				first[key] = i
			}
		}
	}
	return groups
}

func leastHashes(words []string, n int) []uint64 {
	least := make([]uint64, n)
	for k := range least {
		least[k] = math.MaxUint64
	}
	for i := range words {
		gram := hashString(strings.Join(words[i:min(i+4, len(words))], " "))
		for k := range least {
			h := (gram ^ uint64(k)*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
			least[k] = min(least[k], h^h>>32)
		}
	}
	return least
}

func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h ^ h>>29
}

func devSamples(rows []row) []sample {
	var out []sample
	for _, r := range rows {
		out = append(out, sample{text: r.Text, attack: r.Label == "attack", tool: r.Source == "tool", origin: r.Origin})
	}
	return out
}
