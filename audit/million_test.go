package audit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// generated makes records like those of a busy day: a few agents and models
// make up most of it, one in twenty is blocked, and words come as often as in
// a language.
type generated struct {
	rnd   *rand.Rand
	words []string
	start time.Time
}

func newGenerated(start time.Time) *generated {
	g := &generated{rnd: rand.New(rand.NewPCG(1, 2)), start: start}
	for range 20_000 {
		g.words = append(g.words, strconv.FormatUint(g.rnd.Uint64N(1<<36), 36))
	}
	g.words[0], g.words[1], g.words[15_000] = "the", "please", "platypus"
	return g
}

func (g *generated) zipf(n int) int {
	return int(float64(n) * g.rnd.Float64() * g.rnd.Float64() * g.rnd.Float64())
}

func (g *generated) text() string {
	var b strings.Builder
	for b.Len() < 190 {
		b.WriteString(g.words[g.zipf(len(g.words))])
		b.WriteByte(' ')
	}
	return b.String()
}

// record is the n-th, of so many a day.
func (g *generated) record(n, perDay int) audit.Record {
	r := complete()
	r.ID = fmt.Sprintf("%08x-%04x-7%03x-%012x", uint32(n), n&0xffff, g.rnd.IntN(1<<12), g.rnd.Uint64N(1<<48))
	r.Time = g.start.Add(time.Duration(n) * (24 * time.Hour) / time.Duration(perDay)).Add(-time.Duration(g.rnd.IntN(5000)) * time.Millisecond)
	r.Door, r.Status, r.Action, r.Mode, r.Severity, r.Risk, r.Labels, r.Findings, r.Error = "connect", 200, "allow", "block", "low", g.rnd.IntN(10), nil, nil, ""
	r.Agent, r.Model = fmt.Sprintf("agent-%d", g.zipf(50)), fmt.Sprintf("gpt-%d", g.zipf(12))
	r.Session, r.Client = fmt.Sprintf("s-%d", g.rnd.IntN(10_000)), fmt.Sprintf("10.0.%d.%d", g.zipf(4), g.zipf(250))
	r.PromptExcerpt, r.ResponseExcerpt, r.InspectUS = g.text(), g.text(), 50+int64(g.zipf(5000))
	r.BodySHA256 = audit.Digests{RequestIn: strings.Repeat("a1", 32), RequestOut: strings.Repeat("a1", 32), ResponseIn: strings.Repeat("b2", 32), ResponseOut: strings.Repeat("b2", 32)}
	if kind := g.rnd.IntN(100); kind < 15 {
		r.Labels, r.Findings, r.Risk, r.Action = []string{"secret", "openai_api_key"}, complete().Findings[1:], 60, "redact"
		if kind < 5 {
			r.Labels, r.Findings, r.Risk, r.Action, r.Status, r.Severity = []string{"injection", "prompt_injection"}, complete().Findings, 70+g.rnd.IntN(30), "block", 403, "high"
		}
	}
	if n == 1000 {
		r.Agent, r.PromptExcerpt = "rare", r.PromptExcerpt+"ornithorhynchus"
	}
	return r
}

// BenchmarkMillion fills both databases with AUDIT_RECORDS records, 500,000 to
// the day, and measures what the dashboard asks for. make million runs it.
func BenchmarkMillion(b *testing.B) {
	n, _ := strconv.Atoi(os.Getenv("AUDIT_RECORDS")) // 0 where it is not set
	if n == 0 {
		b.Skip("AUDIT_RECORDS says how many records")
	}
	b.Run("sqlite", func(b *testing.B) { million(b, b.TempDir()+"/audit.db", n) })
	b.Run("postgres", func(b *testing.B) { million(b, postgres(b), n) })
}

func million(b *testing.B, path string, n int) {
	const perDay = 500_000
	log := open(b, audit.Config{Path: path, Queue: 8192, Batch: 2048, BytesMax: -1})
	g := newGenerated(epoch)
	began := time.Now()
	for i := range n {
		log.Record(g.record(i, perDay))
		for log.Stats().Queued > 8000 {
			stored(b, log)
		}
	}
	stored(b, log)
	tell("filled with %d records at %.0f a second", n, float64(n)/time.Since(began).Seconds())
	if strings.HasPrefix(path, "postgres:") { // which it does by itself in time
		execute(b, raw(b, path), "VACUUM ANALYZE")
	}
	some := query(b, log, audit.Filter{Limit: 1, Until: epoch.Add(time.Hour)})
	end := epoch.Add(time.Duration(n) * 24 * time.Hour / perDay)
	day := audit.Filter{Since: end.Add(-24 * time.Hour), Until: end}
	with := func(f audit.Filter, change func(*audit.Filter)) audit.Filter { change(&f); return f }
	for _, q := range []struct {
		name string
		f    audit.Filter
	}{
		{"newest", audit.Filter{}},
		{"page in the middle", audit.Filter{Until: epoch.Add(12 * time.Hour)}},
		{"id", audit.Filter{ID: some[0]}},
		{"id prefix", audit.Filter{IDPrefix: "0000c"}},
		{"id prefix of all", audit.Filter{IDPrefix: "0"}},
		{"blocked", audit.Filter{Action: "block"}},
		{"risk 95", audit.Filter{RiskMin: 95}},
		{"risk 99 in a day", with(day, func(f *audit.Filter) { f.RiskMin = 99 })},
		{"agent, rare", audit.Filter{Agent: "rare"}},
		{"agent, none", audit.Filter{Agent: "nobody"}},
		{"session", audit.Filter{Session: "s-17"}},
		{"label and agent", audit.Filter{Label: "injection", Agent: "agent-40"}},
		{"label and agent, none", audit.Filter{Label: "injection", Agent: "rare"}},
		{"two that exclude each other", audit.Filter{Action: "allow", Label: "injection"}},
		{"many at a time", audit.Filter{Action: "block", StatusClass: 4, Severity: "high", Model: "gpt-0", Agent: "agent-1", Door: "connect", RiskMin: 75}},
		{"word, in most", audit.Filter{Text: "the"}},
		{"word, rare", audit.Filter{Text: "ornithorhynchus"}},
		{"word, none", audit.Filter{Text: "zzzzzz"}},
		{"words", audit.Filter{Text: "the please platypus"}},
		{"phrase", audit.Filter{Text: `"the please"`}},
		{"phrase, none", audit.Filter{Text: `"platypus the please"`}},
		{"prefix", audit.Filter{Text: "plat*"}},
		{"prefix, short", audit.Filter{Text: "p*"}},
		{"word in a day, blocked", with(day, func(f *audit.Filter) { f.Text, f.Action = "please", "block" })},
		{"page of 1000", audit.Filter{Limit: 1000}},
	} {
		measure(b, q.name, func() error { _, err := log.Query(b.Context(), q.f); return err })
	}
	measure(b, "statistics of a day", func() error {
		_, err := log.Series(b.Context(), audit.Span{Since: day.Since, Until: end})
		return err
	})
	measure(b, "statistics of all", func() error {
		_, err := log.Series(b.Context(), audit.Span{Since: epoch.AddDate(0, -3, 0), Until: end})
		return err
	})
	began = time.Now()
	if r, faults := verified(b, log, ""); len(faults) > 0 || r.Records != int64(n) {
		b.Errorf("got %v, %+v; want %d sound records", faults, r, n)
	}
	tell("verified in %v", time.Since(began).Round(time.Millisecond))
}

// measure tells the median of nine, and the first, when nothing is at hand.
func measure(b *testing.B, name string, ask func() error) {
	var took []time.Duration
	for range 9 {
		began := time.Now()
		if err := ask(); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		took = append(took, time.Since(began))
	}
	first := took[0]
	slices.Sort(took)
	tell("%-28s median %8.2f ms, first %8.2f, worst %8.2f", name, ms(took[4]), ms(first), ms(took[8]))
}

// tell prints at once: a benchmark's own log ends after ten lines.
func tell(format string, args ...any) { fmt.Fprintf(os.Stderr, "    "+format+"\n", args...) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
