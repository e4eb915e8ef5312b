package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestNoStreamIsCut sends 2,000 streamed prompts at concurrency 32 through the
// whole product and wants every answer whole, every record there, and every
// body's sums equal. Each prompt differs, so that a mix-up would show.
func TestNoStreamIsCut(t *testing.T) {
	streams := 2000
	if testing.Short() {
		streams = 200
	}
	p := serve(t, serveOptions{keyMode: "passthrough"})
	transport := p.transport(t)
	transport.MaxIdleConnsPerHost = 32
	client := &http.Client{Transport: transport}
	var next, bad atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				n := int(next.Add(1))
				if n > streams {
					return
				}
				if err := wholeStream(client, n); err != nil {
					bad.Add(1)
					t.Logf("stream %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	if bad.Load() > 0 {
		t.Errorf("%d of %d streams were not whole; want all", bad.Load(), streams)
	}
	records := 0
	p.stop(t)
	for _, line := range bytes.Split(p.output(t, "audit", "list", "--json", "--limit", "1000"), []byte("\n")) {
		if len(line) > 0 {
			records++
		}
	}
	if want := min(streams, 1000); records != want {
		t.Errorf("%d records listed; want %d", records, want)
	}
}

func wholeStream(client *http.Client, n int) error {
	body := fmt.Sprintf(`{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"Say the number %d."}]}`, n)
	req, err := http.NewRequest("POST", "https://api.openai.com/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+demoKey())
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != 200 || !bytes.HasSuffix(got, []byte("data: [DONE]\n\n")) {
		return fmt.Errorf("status %d, ends in %.80q", resp.StatusCode, got[max(0, len(got)-80):])
	}
	return nil
}
