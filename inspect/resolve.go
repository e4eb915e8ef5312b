package inspect

import (
	"cmp"
	"slices"
)

// Findings that may be masked often lie in one another: a JWT in a Bearer
// header, digits in a token. One is reported for each value, and never are
// fewer bytes covered than before.

// maskable reports whether policy may mask findings of c.
func maskable(c Category) bool { return c == Secret || c == PII || c == Exfiltration }

// hold keeps f until nothing later can begin where it does.
func (m *machine) hold(f Finding) {
	i, _ := slices.BinarySearchFunc(m.held, f, containersFirst)
	m.held = slices.Insert(m.held, i, f)
}

// release makes ready what was held and begins before safe. What comes later
// cannot contain it any more; what it contains itself is dropped, now or when
// it comes. The outcome depends on the findings alone, not on when they came.
func (m *machine) release(safe int) {
	done := 0
	for _, f := range m.held {
		if f.Start >= safe {
			break
		}
		done++
		m.kept = slices.DeleteFunc(m.kept, func(k Finding) bool { return k.End <= f.Start })
		if slices.ContainsFunc(m.kept, func(k Finding) bool { return covers(k, f) }) {
			continue
		}
		m.kept = append(m.kept, f)
		m.out = append(m.out, f)
	}
	m.held = slices.Delete(m.held, 0, done)
}

// containersFirst orders findings so that one comes before those inside it, and
// of those with one span the best comes first.
func containersFirst(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(b.End, a.End),
		cmp.Compare(b.Score, a.Score),
		cmp.Compare(b.Category, a.Category), // secret before pii
		cmp.Compare(a.Rule, b.Rule),
		slices.Compare(a.Views, b.Views),
	)
}

// covers reports whether f need not be reported beside k.
func covers(k, f Finding) bool {
	if k.Category == Exfiltration || f.Category == Exfiltration {
		return k.Rule == f.Rule && k.Start <= f.Start && f.End <= k.End
	}
	if f.Start < k.Start || f.End > k.End || f.Category == Secret && k.Category == PII {
		return false
	}
	return f.Category != k.Category || f.Score <= k.Score
}

// byPlace is the order in which Scan reports.
func byPlace(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(a.End, b.End),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Score, b.Score),
		slices.Compare(a.Views, b.Views),
	)
}
