package inspect

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// automaton is an Aho-Corasick machine as one dense table over byte classes.
// Case is folded in the class table, so a text is never copied to compare it.
type automaton struct {
	class [256]uint8
	// next holds, for each byte, the state that follows each state; bytes of one
	// class share it. State 0 is the root. So a step waits for nothing but one
	// load, whose address is the state's alone, and the states near the root,
	// where ordinary text stays, lie side by side in the first cache.
	next [256][]uint16
	// first is the least state that ends a literal.
	first uint16
	// ends lists, for state first+i, the triggers whose literal ends there, the
	// longest first.
	ends [][]uint16
	// begun holds kinds bytes per state: how many of the bytes read last begin
	// a literal of that back kind without ending it.
	begun []uint8
	kinds int
	// longest is the length of the longest literal.
	longest int
}

// literal is one string that the automaton looks for.
type literal struct {
	text    string
	trigger uint16
	kind    int // the back kind to track while it is under way, or -1
}

// literalMax bounds a literal, and statesMax a table row's number.
const (
	literalMax = 64
	statesMax  = 1<<16 - 1
)

// node is a state while the automaton is built.
type node struct {
	children map[byte]int
	fail     int
	depth    int
	ends     []uint16
	kinds    uint32
}

// newAutomaton panics on an impossible literal: they are all compiled in.
func newAutomaton(literals []literal, kinds int) *automaton {
	a := &automaton{kinds: kinds}
	columns := a.classify(literals)
	nodes := a.trie(literals)
	order := link(nodes)
	if len(order) > statesMax {
		panic(fmt.Sprintf("inspect: %d states are more than %d", len(order), statesMax))
	}
	a.fill(nodes, order, columns)
	return a
}

// highColumns are what bytes beyond ASCII share. A table with a column for each
// would be twice as large, and the engine compares a literal with the text
// before it believes in it.
const highColumns = 24

// classify gives every byte that some literal holds a column; column 0 is for
// all others.
func (a *automaton) classify(literals []literal) int {
	columns := 1
	for _, l := range literals {
		for i := range len(l.text) {
			b := lower(l.text[i])
			if a.class[b] != 0 || b >= utf8.RuneSelf {
				continue
			}
			a.class[b] = uint8(columns)
			columns++
			if 'a' <= b && b <= 'z' {
				a.class[b-'a'+'A'] = a.class[b]
			}
		}
	}
	for b := utf8.RuneSelf; b < len(a.class); b++ {
		a.class[b] = uint8(columns + b%highColumns)
	}
	return columns + highColumns
}

func (a *automaton) trie(literals []literal) []node {
	nodes := []node{{children: map[byte]int{}}}
	for _, l := range literals {
		if l.text == "" || len(l.text) > literalMax {
			panic(fmt.Sprintf("inspect: literal %q has %d bytes, not 1 to %d", l.text, len(l.text), literalMax))
		}
		a.longest = max(a.longest, len(l.text))
		at := 0
		for i := range len(l.text) {
			column := a.class[l.text[i]]
			if l.kind >= 0 && i > 0 {
				nodes[at].kinds |= 1 << l.kind
			}
			to, ok := nodes[at].children[column]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, node{children: map[byte]int{}, depth: i + 1})
				nodes[at].children[column] = to
			}
			at = to
		}
		nodes[at].ends = append(nodes[at].ends, l.trigger)
	}
	return nodes
}

// link sets the fail links and what follows from them, and returns the nodes
// breadth first.
func link(nodes []node) []int {
	order := []int{0}
	for i := 0; i < len(order); i++ {
		at := order[i]
		for _, column := range sortedColumns(nodes[at].children) {
			to := nodes[at].children[column]
			if at != 0 {
				nodes[to].fail = follow(nodes, nodes[at].fail, column)
			}
			nodes[to].ends = append(nodes[to].ends, nodes[nodes[to].fail].ends...)
			order = append(order, to)
		}
	}
	return order
}

func follow(nodes []node, at int, column byte) int {
	for {
		if to, ok := nodes[at].children[column]; ok {
			return to
		}
		if at == 0 {
			return 0
		}
		at = nodes[at].fail
	}
}

func sortedColumns(children map[byte]int) []byte {
	columns := make([]byte, 0, len(children))
	for c := range children {
		columns = append(columns, c)
	}
	slices.Sort(columns)
	return columns
}

// fill writes the table. States that end a literal come last, so that one
// comparison in the loop finds them.
func (a *automaton) fill(nodes []node, order []int, columns int) {
	number := make([]uint16, len(nodes))
	slices.SortStableFunc(order, func(x, y int) int {
		return min(len(nodes[x].ends), 1) - min(len(nodes[y].ends), 1)
	})
	a.first = uint16(len(order))
	for i, at := range order {
		number[at] = uint16(i)
		if len(nodes[at].ends) > 0 {
			a.first = min(a.first, uint16(i))
			a.ends = append(a.ends, nodes[at].ends)
		}
	}
	table := make([]uint16, columns*len(order))
	next := make([][]uint16, columns)
	for column := range next {
		next[column] = table[column*len(order) : (column+1)*len(order)]
	}
	for b := range a.next {
		a.next[b] = next[a.class[b]]
	}
	a.begun = make([]uint8, len(order)*a.kinds)
	slices.SortFunc(order, func(x, y int) int { return nodes[x].depth - nodes[y].depth })
	for _, at := range order {
		state, fail := number[at], number[nodes[at].fail]
		for column := range next {
			if to, ok := nodes[at].children[byte(column)]; ok {
				next[column][state] = number[to]
			} else if at != 0 {
				next[column][state] = next[column][fail]
			}
		}
		for k := range a.kinds {
			b := &a.begun[int(number[at])*a.kinds+k]
			if nodes[at].kinds&(1<<k) != 0 {
				*b = uint8(nodes[at].depth)
			} else if at != 0 {
				*b = a.begun[int(number[nodes[at].fail])*a.kinds+k]
			}
		}
	}
}

// foldEqual reports whether a and b are equal but for the case of ASCII letters.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// containsFold reports whether s contains the lower-case word.
func containsFold(s, word string) bool {
	first := word[0]
	for i := 0; i+len(word) <= len(s); i++ {
		if lower(s[i]) == first && foldEqual(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && foldEqual(s[:len(prefix)], prefix)
}
