package inspect

import (
	"cmp"
	"slices"
)

// Findings that may be masked often lie in one another: a JWT in a Bearer
// header, digits in a token. One is reported for each value, and never are
// fewer bytes covered than before.

// heldFinding is a finding with where it begins when it hides all of itself; see
// hold.go. They are compared as if all did.
type heldFinding struct {
	Finding
	from int
}

// keep keeps a finding that begins at from until nothing later can begin there.
func (m *machine) keep(found Finding, from int, b bounds) {
	if masksOpen&masksOf(found.Category) != 0 {
		found.Start = max(from, b.open)
	} else if from < b.other {
		return // a stream could not have held it
	}
	if found.Start >= found.End {
		return
	}
	f := heldFinding{found, from}
	i, _ := slices.BinarySearchFunc(m.held, f, containersFirst)
	m.held = slices.Insert(m.held, i, f)
}

// release makes ready what was held and begins before the offset given. What comes later
// cannot contain it any more; what it contains itself is dropped, now or when
// it comes. The outcome depends on the findings alone, not on when they came.
func (m *machine) release(before int) {
	done := 0
	for _, f := range m.held {
		if f.from >= before {
			break
		}
		done++
		m.kept = slices.DeleteFunc(m.kept, func(k heldFinding) bool { return k.End <= f.from })
		if slices.ContainsFunc(m.kept, func(k heldFinding) bool { return covers(k, f) }) {
			continue
		}
		m.kept = append(m.kept, f)
		m.out = append(m.out, f.Finding)
	}
	m.held = slices.Delete(m.held, 0, done)
}

// containersFirst orders findings so that one comes before those inside it, and
// of those with one span the best comes first.
func containersFirst(a, b heldFinding) int {
	if a.from != b.from { // as nearly all do
		return cmp.Compare(a.from, b.from)
	}
	return cmp.Or(
		cmp.Compare(b.End, a.End),
		cmp.Compare(b.Score, a.Score),
		cmp.Compare(b.Category, a.Category), // secret before pii
		cmp.Compare(a.Rule, b.Rule),
		slices.Compare(a.Views, b.Views),
	)
}

// covers reports whether f need not be reported beside k.
func covers(k, f heldFinding) bool {
	if k.Category == Exfiltration || f.Category == Exfiltration {
		return k.Rule == f.Rule && k.from <= f.from && f.End <= k.End
	}
	if f.from < k.from || f.End > k.End || f.Category == Secret && k.Category == PII {
		return false
	}
	return f.Category != k.Category || f.Score <= k.Score
}

// byPlace is the order in which Scan reports.
func byPlace(a, b Finding) int {
	if a.Start != b.Start {
		return cmp.Compare(a.Start, b.Start)
	}
	return cmp.Or(
		cmp.Compare(a.End, b.End),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Score, b.Score),
		slices.Compare(a.Views, b.Views),
	)
}
