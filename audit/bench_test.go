package audit_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// TestRecordAllocations guards the data path: once the queue has its storage,
// taking a record allocates nothing.
func TestRecordAllocations(t *testing.T) {
	const records = 500
	log := open(t, audit.Config{BatchInterval: time.Hour, Batch: 2 * records})
	r := complete()
	record := func() { // no two exchanges begin at one time
		r.Time = r.Time.Add(time.Millisecond)
		log.Record(r)
	}
	for range records { // makes the storage
		record()
	}
	stored(t, log)
	got := testing.AllocsPerRun(records-1, record)
	if got != 0 || log.Stats().Queued != records {
		t.Errorf("got %v allocations, %+v; want 0 and all %d queued", got, log.Stats(), records)
	}
}

// BenchmarkRecord is what an exchange pays for its record: ns/record, that is;
// ns/op has the writer's work in it.
func BenchmarkRecord(b *testing.B) {
	b.Run("queued", func(b *testing.B) {
		const records = 500
		log := open(b, audit.Config{})
		r := complete()
		var spent time.Duration
		for b.Loop() {
			start := time.Now()
			for range records {
				r.Time = r.Time.Add(time.Millisecond)
				log.Record(r)
			}
			spent += time.Since(start)
			stored(b, log)
		}
		if got := log.Stats().Dropped; got != 0 {
			b.Errorf("%d were dropped", got)
		}
		b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*records), "ns/record")
	})
	b.Run("dropped", func(b *testing.B) {
		log := open(b, audit.Config{Queue: 1})
		r := complete()
		b.ReportAllocs()
		for b.Loop() {
			log.Record(r)
		}
	})
}

// BenchmarkWrite is the writer's throughput: from Record to the transaction's
// end.
func BenchmarkWrite(b *testing.B) {
	for name, r := range map[string]audit.Record{"plain": record(1), "complete": complete()} {
		b.Run(name, func(b *testing.B) {
			log := open(b, audit.Config{Queue: 2048})
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r.ID, r.Time = record(n).ID, record(n).Time
				log.Record(r)
				if n++; n%256 == 0 {
					stored(b, log)
				}
			}
			stored(b, log)
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkQuery filters 100,000 records. "rare" has to pass over nearly all
// of them.
func BenchmarkQuery(b *testing.B) {
	const records = 100_000
	path := filepath.Join(b.TempDir(), "audit.db")
	log := open(b, audit.Config{Path: path, Queue: 5000})
	for n := range records {
		r := record(n)
		if n == 10 {
			r.Action, r.Labels, r.Agent = "block", []string{"secret"}, "rare"
		}
		log.Record(r)
		if n%2000 == 0 {
			stored(b, log)
		}
	}
	stored(b, log)
	for name, f := range map[string]audit.Filter{
		"newest":     {},
		"id":         {ID: record(records / 2).ID},
		"until":      {Until: record(records / 2).Time},
		"rare agent": {Agent: "rare"},
		"rare label": {Label: "secret"},
		"blocked":    {Action: "block", RiskMin: 0},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := log.Query(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
