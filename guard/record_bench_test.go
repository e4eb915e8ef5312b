package guard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// BenchmarkRecording compares, second by second in turns within one run, what
// an exchange takes with an audit database and without, at 5,000 a second.
func BenchmarkRecording(b *testing.B) {
	const rate = 5000
	log, err := audit.Open(context.Background(), audit.Config{Path: filepath.Join(b.TempDir(), "audit.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close() //nolint:errcheck // nobody reads what it has
	ways := []struct {
		name string
		to   audit.Recorder
		took []time.Duration
	}{{"without", audit.Tee{}, nil}, {"with", log, nil}}
	for b.Loop() {
		for i := range ways {
			w := &ways[i]
			g := guard.New(guard.Config{Next: canned(chatAnswer("The tide follows the moon.")), Recorder: w.to, Engine: inspect.New(inspect.Detectors()...), Policy: policy.Default})
			w.took = append(w.took, paced(b, g, rate)...)
			if err := log.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, w := range ways {
		slices.Sort(w.took)
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(w.took[len(w.took)*p/100].Nanoseconds())/1000, fmt.Sprintf("µs-p%d-%s", p, w.name))
		}
	}
	if s := log.Stats(); s.Dropped > 0 {
		b.Errorf("%d of %d records were dropped", s.Dropped, s.Dropped+s.Written)
	}
}

// paced makes so many exchanges within a second, and returns what each took.
func paced(b *testing.B, g http.RoundTripper, rate int) (took []time.Duration) {
	b.Helper()
	prompt := chatPrompt("Which way does the harbour face at high tide?")
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for len(took) < rate {
		<-tick.C
		for due := int(time.Since(began).Seconds() * float64(rate)); len(took) < min(due, rate); {
			start := time.Now()
			req, _ := http.NewRequestWithContext(b.Context(), "POST", chatURL, strings.NewReader(prompt))
			resp, err := g.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			took = append(took, time.Since(start))
		}
	}
	return took
}
