package mitm_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestNoStreamIsCut is about golang/go#40747: without care, about one streamed
// answer in a hundred was cut, because net/http's server closed the request's
// body under the Transport's hands. Here the body is not read in advance; the
// guard, which does so, has a test of its own.
func TestNoStreamIsCut(t *testing.T) {
	streams := 2000
	if testing.Short() {
		streams = 300
	}
	for _, client2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("client=h%d", version(client2)), func(t *testing.T) {
			const events = 10
			g := newRig(t, rigOptions{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "text/event-stream")
				for i := range events {
					fmt.Fprintf(w, "data: {\"i\":%d}\n\n", i)
					_ = http.NewResponseController(w).Flush()
				}
			})})
			client := g.client(client2, g.ours.pool)
			var left, cut atomic.Int32
			left.Store(int32(streams))
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						resp, err := client.Post(base+"/", "application/json", strings.NewReader(`{"stream":true}`))
						if err != nil {
							cut.Add(1)
							t.Log(err)
							continue
						}
						b, err := io.ReadAll(resp.Body)
						_ = resp.Body.Close()
						if err != nil || strings.Count(string(b), "\n\n") != events {
							cut.Add(1)
							t.Log(err, len(b))
						}
					}
				})
			}
			wg.Wait()
			if cut.Load() > 0 {
				t.Errorf("%d of %d streams cut; want none", cut.Load(), streams)
			}
		})
	}
}
