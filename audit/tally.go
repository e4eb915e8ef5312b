package audit

import (
	"math/bits"
	"strconv"
	"time"
)

// The two grains of the statistics. Short spans are answered from minutes,
// long ones from hours.
const (
	minuteMS = int64(time.Minute / time.Millisecond)
	hourMS   = int64(time.Hour / time.Millisecond)
)

// What is counted by. Kinds and names are stored: change none.
const (
	byTotal    = "total"
	byAction   = "action"
	byAgent    = "agent"
	byEndpoint = "endpoint"
	byHost     = "host"
	byLabel    = "label"
	byModel    = "model"
	byInspect  = "inspect" // the name is a step of microseconds
)

// tallyKey is one row of the statistics.
type tallyKey struct {
	grain, start int64 // milliseconds
	kind, name   string
}

// tally is what a row counts.
type tally struct {
	requests, blocked, masked, failed, lost int64
	riskSum, riskMax                        int64
	inspectUS                               int64
	scanned, skipped, opaque                int64
}

func (t *tally) add(more tally) {
	t.requests += more.requests
	t.blocked += more.blocked
	t.masked += more.masked
	t.failed += more.failed
	t.lost += more.lost
	t.riskSum += more.riskSum
	t.riskMax = max(t.riskMax, more.riskMax)
	t.inspectUS += more.inspectUS
	t.scanned += more.scanned
	t.skipped += more.skipped
	t.opaque += more.opaque
}

// tallies are the counts of a batch.
type tallies map[tallyKey]*tally

func (ts tallies) sum(ms int64, kind, name string, t tally) {
	for _, grain := range [...]int64{minuteMS, hourMS} {
		key := tallyKey{grain, ms - ms%grain, kind, name}
		if ts[key] == nil {
			ts[key] = &tally{}
		}
		ts[key].add(t)
	}
}

// add counts a record by all that it is counted by.
func (ts tallies) add(r *Record, known *names) {
	t := tally{requests: 1, riskSum: int64(r.Risk), riskMax: int64(r.Risk), inspectUS: r.InspectUS}
	switch r.Action {
	case "block":
		t.blocked = 1
	case "redact":
		t.masked = 1
	}
	if r.Error != "" {
		t.failed = 1
	}
	for _, c := range r.Coverage {
		switch c.State {
		case "scanned":
			t.scanned++
		case "skipped":
			t.skipped++
		case "opaque":
			t.opaque++
		}
	}
	ms := at(r.Time) >> atBits
	ts.sum(ms, byTotal, "", t)
	ts.sum(ms, byInspect, strconv.Itoa(step(r.InspectUS)), tally{requests: 1})
	for _, by := range [...]struct{ kind, name string }{
		{byAction, r.Action}, {byAgent, r.Agent}, {byEndpoint, r.Endpoint}, {byHost, r.Host}, {byModel, r.Model},
	} {
		if by.name != "" {
			ts.sum(ms, by.kind, known.bound(ms, by.kind, by.name), t)
		}
	}
	for _, label := range r.Labels {
		ts.sum(ms, byLabel, known.bound(ms, byLabel, label), t)
	}
}

// lose counts what was never stored.
func (ts tallies) lose(g gap) {
	if g.Count > 0 {
		ts.sum(at(g.To)>>atBits, byTotal, "", tally{lost: g.Count})
	}
}

// step is where a duration stands on a scale with four steps to the doubling,
// which is exact to a fifth.
func step(us int64) int {
	if us < 4 {
		return int(max(us, 0))
	}
	n := bits.Len64(uint64(us)) - 3 // so that us>>n is 4 to 7
	return 4*n + int(us>>n)
}

// stepUS is the middle of a step.
func stepUS(s int) int64 {
	if s < 8 {
		return int64(max(s, 0))
	}
	n := s/4 - 1
	low := int64(s%4+4) << n
	return low + (int64(1)<<n)/2
}

// names bounds the different names that are counted in an hour: clients choose
// what their agents are called. The rest is counted together.
type names struct {
	hour int64
	seen map[string]struct{}
	n    map[string]int
}

const (
	namesMax   = 200 // of a kind, in an hour
	nameOthers = "…"
)

func (n *names) bound(ms int64, kind, name string) string {
	name = idText(name)
	if hour := ms / hourMS; hour != n.hour || n.seen == nil {
		n.hour, n.seen, n.n = hour, map[string]struct{}{}, map[string]int{}
	}
	key := kind + "\x00" + name
	if _, ok := n.seen[key]; ok {
		return name
	}
	if n.n[kind] >= namesMax {
		return nameOthers
	}
	n.seen[key] = struct{}{}
	n.n[kind]++
	return name
}
