package inspect

// bulk counts personal data that follow closely on one another: a list of
// customers, not a letter to one.
type bulk struct {
	weight float64
	last   int
	done   bool
}

const (
	ruleBulk = "bulk_personal_data"
	// bulkReach is how far apart the rows of a list may be.
	bulkReach = 600
	bulkLeast = 20
	bulkScore = 0.6 // made-up rows look the same, so that it never blocks alone
)

// bulkWeights say what counts. Lists of addresses alone are everyday: logs of a
// repository, credits, mailing lists.
var bulkWeights = map[string]float64{
	"email_address": 0.25, "phone_number": 0.5, "person": 0.25, "ip_address": 0, "url": 0, "mac_address": 0, "date_time": 0,
}

// countBulk is called for every finding that is ready, in the order of the text.
func (m *machine) countBulk(f Finding) {
	if f.Category != PII || m.depth > 0 || m.role != Model && m.role != Tool {
		return
	}
	b := &m.bulk
	if f.Start > b.last+bulkReach {
		*b = bulk{}
	}
	b.last = f.Start
	weight, ok := bulkWeights[f.Rule]
	if !ok {
		weight = 1
	}
	if b.weight += weight; b.weight < bulkLeast || b.done {
		return
	}
	b.done = true
	m.out = append(m.out, Finding{Rule: ruleBulk, Category: Exfiltration, Score: bulkScore, Start: f.Start, End: f.End, Features: []string{f.Rule}})
}
