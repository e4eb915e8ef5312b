package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Records that reach the database late are counted, and what may not be all of
// them is said to be so.
func TestRunWaitsForItsRecords(t *testing.T) {
	for _, test := range []struct {
		name  string
		count func(time.Duration) int64 // what the database holds by then
		want  int64
		whole bool
	}{
		{"none", func(time.Duration) int64 { return 0 }, 0, true},
		{"first is late", func(d time.Duration) int64 { return min(1, int64(d/(900*time.Millisecond))) }, 1, true},
		{"one by one", func(d time.Duration) int64 { return min(9, 1+int64(d/(300*time.Millisecond))) }, 9, true},
		{"without end", func(d time.Duration) int64 { return int64(d / (100 * time.Millisecond)) }, 100, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, whole, err := settledCount(t.Context(), func(_ context.Context, c *counter) error {
					c.requests.Add(test.count(time.Since(began)))
					return nil
				})
				if err != nil || whole != test.whole || test.whole && got.requests.Load() != test.want || got.requests.Load() > test.want {
					t.Errorf("got %d, whole %v, %v; want %d, whole %v", got.requests.Load(), whole, err, test.want, test.whole)
				}
			})
		})
	}
}

func TestSummarySaysAtLeast(t *testing.T) {
	var out bytes.Buffer
	a := &app{stderr: &out}
	a.summarise(&way{began: time.Now(), database: "postgres://db"}, seen{connections: 3, requests: 2, atLeast: true}, nil)
	if !strings.Contains(out.String(), "infershield: at least 2 requests, 0 masked") {
		t.Errorf("got %q", out.String())
	}
}

// What listens where our proxy would, and is not seen to be it, is not used, and
// the user is told.
func TestRunTellsOfAnotherListener(t *testing.T) {
	other := httptest.NewServer(nil)
	defer other.Close()
	rig := newRunRig(t, providerConfig{Keys: []string{clientKey}})
	rig.output(t, "ca", "show")
	addr := other.Listener.Addr().String()
	rig.env = append(rig.env, "INFERSHIELD_LISTEN="+addr)
	_, stderr, code := rig.run(t, "--", "true")
	if want := "something listens on " + addr + ", but did not prove"; code != 0 || !strings.Contains(stderr, want) {
		t.Errorf("got exit code %d and %q; want %q in it", code, stderr, want)
	}
}
