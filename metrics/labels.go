package metrics

import "sync/atomic"

// set is a closed set of label values. The last one stands for all values that
// are not in the set, so that traffic can never make a new series.
type set struct {
	values []string
	places map[string]int
}

func closedSet(other string, values ...string) set {
	s := set{places: make(map[string]int, len(values))}
	for _, v := range values {
		if _, seen := s.places[v]; seen || v == other {
			continue
		}
		s.places[v] = len(s.values)
		s.values = append(s.values, v)
	}
	s.values = append(s.values, other)
	return s
}

func (s set) place(value string) int {
	if i, ok := s.places[value]; ok {
		return i
	}
	return len(s.values) - 1
}

// grid finds the metric for a combination of label values by arithmetic. The
// library's own lookup hashes the values anew each time. A series exists from
// its first use, or from the start after fill.
type grid[M any] struct {
	sets  []set
	make  func(values ...string) M
	cells []atomic.Pointer[M]
}

func newGrid[M any](resolve func(values ...string) M, sets ...set) *grid[M] {
	n := 1
	for _, s := range sets {
		n *= len(s.values)
	}
	return &grid[M]{sets: sets, make: resolve, cells: make([]atomic.Pointer[M], n)}
}

// at takes one place for each set, in order.
func (g *grid[M]) at(places ...int) M {
	n := 0
	for i, p := range places {
		n = n*len(g.sets[i].values) + p
	}
	if m := g.cells[n].Load(); m != nil {
		return *m
	}
	return g.resolve(n)
}

func (g *grid[M]) resolve(n int) M {
	values := make([]string, len(g.sets))
	for i, rest := len(g.sets)-1, n; i >= 0; i-- {
		size := len(g.sets[i].values)
		values[i] = g.sets[i].values[rest%size]
		rest /= size
	}
	m := g.make(values...) // the same one for two callers at once
	g.cells[n].Store(&m)
	return m
}

// fill makes all series at zero, without which the first event of a series is
// no increase to a query.
func (g *grid[M]) fill() *grid[M] {
	for n := range g.cells {
		g.resolve(n)
	}
	return g
}
