package infershield_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// streamedProse is what the streams below say, a token an event: prose, a list,
// code, other languages.
const streamedProse = `Certainly! Here is how the cache works. Each entry has a key, a value and the time when it expires; when the
cache is full, the entry that was used least recently makes room. You can change the size in the settings, but for most people the
default is fine.

1. **Read** the value with ` + "`cache.Get(key)`" + `; it returns ` + "`nil`" + ` when there is none.
2. Write it back after you have changed it: two writers do not see each other's work.
3. See https://pkg.go.dev/container/list for the list that it is built on.

` + "```go\nfunc (c *Cache) Get(key string) (Value, bool) {\n\tc.mu.Lock()\n\tdefer c.mu.Unlock()\n\te, ok := c.entries[key]\n" +
	"\tif !ok || time.Now().After(e.expires) {\n\t\treturn nil, false\n\t}\n\tc.order.MoveToFront(e.element)\n\treturn e.value, true\n}\n```\n" + `
Das gilt auch dann, wenn mehrere Programme gleichzeitig lesen. Por favor, revise también el tamaño máximo. 缓存满了以后，最久没有使用的条目会被删除。
If anything here is unclear, ask away, and I will explain it in more detail. The password for the demo account is on the first page of the
handbook, and the API key is never written to the log.
`

// tokens cuts text as tokenizers do: a word with the space before it, other
// characters apart, long words in pieces.
func tokens(text string) []string {
	var out []string
	from := 0
	for i, r := range text {
		word := r == '_' || r >= 0x80 || 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
		if i > from && (!word || i-from >= 7) {
			out, from = append(out, text[from:i]), i
		}
	}
	return append(out, text[from:])
}

// telling streams the prose, an event every pause, each with the time when it
// was sent.
func telling(events int, pause time.Duration) http.Handler {
	words := tokens(streamedProse)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		for i := range events {
			text, _ := json.Marshal(words[i%len(words)])
			_, _ = fmt.Fprintf(w, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":%d,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n",
				time.Now().UnixNano(), text)
			if flush() != nil {
				return
			}
			if pause > 0 {
				time.Sleep(pause)
			}
		}
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
}

// heard is what a client sees of one stream.
type heard struct {
	events int
	first  time.Duration   // from the request to the first byte of the body
	delays []time.Duration // of each event, from when it was sent
	late   int             // events that came after a later one was sent
}

func listen(c *http.Client, url string) (heard, error) {
	var h heard
	start := time.Now()
	req, _ := http.NewRequest("POST", url, strings.NewReader(`{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"How does the cache work?"}]}`))
	req.Header.Set("Authorization", "Bearer sk-bench")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	r := bufio.NewReader(resp.Body)
	var came, sent []time.Time
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return h, fmt.Errorf("after %d events: %w", h.events, err)
		}
		now := time.Now()
		if h.first == 0 {
			h.first = now.Sub(start)
		}
		if bytes.HasPrefix(line, []byte("data: [DONE]")) {
			_, _ = io.Copy(io.Discard, r) // to the end, so that the connection serves again
			break
		}
		if _, rest, ok := bytes.Cut(line, []byte(`"created":`)); ok {
			number, _, _ := bytes.Cut(rest, []byte(","))
			nanos, _ := strconv.ParseInt(string(number), 10, 64)
			h.events++
			came, sent = append(came, now), append(sent, time.Unix(0, nanos))
		}
	}
	for i := range came {
		h.delays = append(h.delays, came[i].Sub(sent[i]))
		if i+1 < len(came) && came[i].After(sent[i+1]) {
			h.late++
		}
	}
	return h, nil
}

// BenchmarkStreamDelay measures what an event of a clean stream is delayed by,
// at the client, event by event: direct, through us and through goproxy's bare
// interception, in turns within one run, one stream at a time.
func BenchmarkStreamDelay(b *testing.B) {
	const events = 300
	upstream := httptest.NewUnstartedServer(telling(events, 3*time.Millisecond))
	upstream.StartTLS()
	defer upstream.Close()
	ways := []struct {
		name   string
		client *http.Client
		url    string
	}{{"direct", upstream.Client(), upstream.URL + "/v1/chat/completions"}}
	ours, peer := startOurs(b, upstream), startPeer(b, upstream.Listener.Addr().String())
	ways = append(ways, struct {
		name   string
		client *http.Client
		url    string
	}{"ours", ours.client, ours.url}, struct {
		name   string
		client *http.Client
		url    string
	}{"goproxy", peer.client, peer.url})
	delays := make([][]float64, len(ways))
	firsts := make([][]float64, len(ways))
	late := make([]int, len(ways))
	for round := range max(b.N, 8) {
		for i, way := range ways {
			h, err := listen(way.client, way.url)
			if err != nil || h.events != events {
				b.Fatalf("%s: %d events, %v", way.name, h.events, err)
			}
			if round == 0 {
				continue // warms up
			}
			late[i] += h.late
			firsts[i] = append(firsts[i], float64(h.first.Microseconds()))
			for _, d := range h.delays {
				delays[i] = append(delays[i], float64(d.Nanoseconds())/1000)
			}
		}
	}
	for i, way := range ways {
		b.ReportMetric(median(delays[i]), way.name+"-µs/event")
		b.ReportMetric(median(firsts[i]), way.name+"-first-µs")
		b.ReportMetric(1000*float64(late[i])/float64(len(delays[i])), way.name+"-held/1000")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStreams1000 runs a thousand streams at once through us and through
// goproxy's bare interception, in turn: CPU time per event and memory per
// stream of the proxy's process. None may be cut.
func BenchmarkStreams1000(b *testing.B) {
	const streams, events = 1000, 60
	upstream := httptest.NewUnstartedServer(telling(events, 200*time.Millisecond))
	upstream.StartTLS()
	defer upstream.Close()
	proxies := []struct {
		name string
		p    *proxyProcess
	}{{"ours", startOurs(b, upstream)}, {"goproxy", startPeer(b, upstream.Listener.Addr().String())}}
	for _, proxy := range proxies {
		p := proxy.p
		if _, err := listen(p.client, p.url); err != nil {
			b.Fatal(err)
		}
		p.client.Transport.(*http.Transport).MaxIdleConnsPerHost = streams
		cpu, memory := p.cpu(b), p.resident(b)
		var whole atomic.Int64
		var wg sync.WaitGroup
		for i := range streams {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 2 * time.Millisecond) // not all handshakes at once
				h, err := listen(p.client, p.url)
				if err != nil {
					b.Logf("%s: %v", proxy.name, err)
				} else if h.events == events {
					whole.Add(1)
				}
			})
		}
		time.Sleep(8 * time.Second) // all are under way
		peak := p.resident(b)
		wg.Wait()
		if whole.Load() != streams {
			b.Errorf("%s: %d of %d streams whole", proxy.name, whole.Load(), streams)
		}
		b.ReportMetric(float64((p.cpu(b)-cpu).Microseconds())/(streams*events), proxy.name+"-cpu-µs/event")
		b.ReportMetric(float64(peak-memory)/streams/1024, proxy.name+"-KiB/stream")
	}
	b.ReportMetric(0, "ns/op")
}

// resident is the memory that the process has in use, in bytes.
func (p *proxyProcess) resident(b *testing.B) int64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.pid))
	if err != nil {
		b.Skipf("no /proc: %v", err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
