package main

import (
	"bytes"
	"cmp"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/audit"
)

// A conversation is a file: what the client sends, what the upstream answers,
// what each must see, and what is recorded. Its comment's first line is the
// request line. What the provider must see is the request, unless there is a
// file "sent"; what the client must see is the answer, unless there is a file
// "read". {{SECRET}} stands for a key made up for the run, {{SECRET:3:9}} for
// some bytes of it, {{MASKED}} for what an answer shows of it, and {{*}} for whatever stands there, on one line.
type conversation struct {
	name         string
	method, path string
	media        string // of the request; empty is JSON
	request      []byte
	answer       []byte
	sent, read   []byte // empty where they are the same
	record       []string
}

func conversations(t *testing.T, secret string) []conversation {
	t.Helper()
	paths, err := filepath.Glob("testdata/conversations/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	var all []conversation
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c := conversation{name: strings.TrimSuffix(filepath.Base(path), ".txtar")}
		c.method, c.path = requestLine(archive)
		for _, f := range archive.Files {
			content := withSecret(f.Data, secret)
			switch f.Name {
			case "request":
				c.request = content
			case "answer":
				c.answer = content
			case "sent":
				c.sent = content
			case "read":
				c.read = content
			case "record":
				c.record = strings.Split(strings.TrimSpace(string(content)), "\n")
			default:
				t.Fatalf("%s: what is %s?", path, f.Name)
			}
		}
		all = append(all, c)
	}
	return all
}

func requestLine(archive *txtar.Archive) (method, path string) {
	line, _, _ := strings.Cut(string(archive.Comment), "\n")
	method, path, _ = strings.Cut(line, " ")
	return method, path
}

var secretSpot = regexp.MustCompile(`\{\{SECRET(?::(\d*):(\d*))?\}\}`)

func withSecret(content []byte, secret string) []byte {
	content = bytes.ReplaceAll(content, []byte("{{MASKED}}"), []byte(maskedKey))
	return secretSpot.ReplaceAllFunc(content, func(spot []byte) []byte {
		m := secretSpot.FindSubmatch(spot)
		from, to := 0, len(secret)
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			from = n
		}
		if n, err := strconv.Atoi(string(m[2])); err == nil {
			to = n
		}
		return []byte(secret[from:to])
	})
}

// matches compares, {{*}} in want standing for anything on its line.
func matches(got, want []byte) bool {
	pieces := strings.Split(string(want), "{{*}}")
	for i := range pieces {
		pieces[i] = regexp.QuoteMeta(pieces[i])
	}
	return regexp.MustCompile(`\A` + strings.Join(pieces, ".*") + `\z`).Match(got)
}

// recital is an upstream that answers what a test tells it to, in writes that
// are cut where the test wants them cut. It keeps what it was sent.
type recital struct {
	mu      sync.Mutex
	answers map[string]recited // by the request's X-Test-Recital
}

type recited struct {
	media  string
	answer []byte
	cuts   []int // where a new write begins, in order
	sent   []byte
}

const recitalHeader = "X-Test-Recital"

func (a *recital) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(recitalHeader)
		sent, _ := io.ReadAll(r.Body) // from memory
		a.mu.Lock()
		part, ok := a.answers[key]
		part.sent = sent
		if ok {
			a.answers[key] = part
		}
		a.mu.Unlock()
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", part.media)
		flush, from := http.NewResponseController(w), 0
		for _, cut := range append(part.cuts, len(part.answer)) {
			_, _ = w.Write(part.answer[from:cut]) // the client may have gone
			_ = flush.Flush()
			from = cut
		}
	})
}

// tell has the next request with this key answered so.
func (a *recital) tell(key string, part recited) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers == nil {
		a.answers = make(map[string]recited)
	}
	a.answers[key] = part
}

// take forgets an answer and returns what came with its request.
func (a *recital) take(key string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := a.answers[key].sent
	delete(a.answers, key)
	return sent
}

// door is a way for a Go client to get to the provider.
type door struct {
	name      string // and the protocol to it
	record    string // its name in the record
	transport *http.Transport
	request   func(r *http.Request, path string) // has r go to path
}

// doors are all there are, with both protocols where both can be spoken.
func (p *proxyProcess) doors(t *testing.T) []door {
	t.Helper()
	h2, h1, direct := p.transport(t), p.transport(t), &http.Transport{DisableCompression: true}
	h1.ForceAttemptHTTP2 = false
	h1.TLSClientConfig.NextProtos = []string{"http/1.1"}
	t.Cleanup(func() {
		for _, transport := range []*http.Transport{h2, h1, direct} {
			transport.CloseIdleConnections()
		}
	})
	to := func(base string) func(*http.Request, string) {
		return func(r *http.Request, path string) {
			u, err := url.Parse(base + path)
			if err != nil {
				t.Fatal(err)
			}
			r.URL, r.Host = u, u.Host
		}
	}
	absolute := func(r *http.Request, path string) {
		r.URL = &url.URL{Scheme: "http", Host: p.addr, Opaque: "https://api.openai.com" + path}
		r.Host = "api.openai.com"
	}
	return []door{
		{"connect h1", "connect", h1, to("https://api.openai.com")},
		{"connect h2", "connect", h2, to("https://api.openai.com")},
		{"local h1", "local", direct, to("http://" + p.addr)},
		{"absolute h1", "absolute", direct, absolute},
	}
}

// heard is what both ends of an exchange saw.
type heard struct {
	status int
	sent   []byte // at the provider
	read   []byte // at the client
}

// converse sends a request through the door and has it answered in pieces.
func (d door) converse(t *testing.T, a *recital, key string, c conversation, cuts []int) heard {
	t.Helper()
	media := "application/json"
	if !bytes.HasPrefix(bytes.TrimSpace(c.answer), []byte("{")) {
		media = "text/event-stream"
	}
	a.tell(key, recited{media: media, answer: c.answer, cuts: cuts})
	r, err := http.NewRequestWithContext(t.Context(), c.method, "http://unset", bytes.NewReader(c.request))
	if err != nil {
		t.Fatal(err)
	}
	d.request(r, c.path)
	r.Header = http.Header{"Content-Type": {cmp.Or(c.media, "application/json")}, "Authorization": {"Bearer " + clientKey}, recitalHeader: {key}}
	resp, err := d.transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s, %s: %v", c.name, d.name, err)
	}
	return heard{status: resp.StatusCode, read: readBody(t, resp), sent: a.take(key)}
}

// randomCuts are up to most places in n bytes, in order.
func randomCuts(random *rand.Rand, n, most int) []int {
	if n < 2 {
		return nil
	}
	cuts := make([]int, 1+random.IntN(most))
	for i := range cuts {
		cuts[i] = 1 + random.IntN(n-1)
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// splits is how often each conversation is cut at random. `make properties`
// asks for more.
func splits(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("INFERSHIELD_SPLITS"), "12"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestConversations holds every conversation through every door, whole and cut
// at random: each end must see what the file says, to the byte, and the record
// must say what was done.
func TestConversations(t *testing.T) {
	a := &recital{}
	p := serve(t, serveOptions{keyMode: "passthrough", env: []string{"LOG_LEVEL=error"}, provider: providerConfig{Wrap: a.wrap}})
	secret := demoKey()
	all := conversations(t, secret)
	doors := p.doors(t)
	hold := func(t *testing.T, c conversation, d door, key string, cuts []int) {
		t.Helper()
		if got := d.converse(t, a, c.name+key, c, cuts); !c.agrees(t, d, got) {
			t.Fatalf("by %s, cut at %d", d.name, cuts)
		}
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			for i := range splits(t) {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				hold(t, c, doors[i%len(doors)], strconv.Itoa(i), randomCuts(random, len(c.answer), 24))
			}
		})
	}
	for _, c := range all { // last, so that their records are among the newest
		for _, d := range doors {
			hold(t, c, d, d.name, nil)
		}
	}
	t.Run("records", func(t *testing.T) {
		byDoor := map[string]audit.Record{}
		for _, r := range p.recordList(t) {
			byDoor[r.Door+" "+r.BodySHA256.RequestIn] = r
		}
		for _, c := range all {
			for _, d := range doors {
				r, ok := byDoor[d.record+" "+sumOf(c.request)]
				if !ok {
					t.Errorf("%s: no record of it by %s", c.name, d.record)
					continue
				}
				c.checkRecord(t, r)
			}
		}
	})
}

// agrees compares what both ends saw with what the file says.
func (c conversation) agrees(t *testing.T, d door, got heard) bool {
	t.Helper()
	sent, read := c.sent, c.read
	if sent == nil && c.answer != nil {
		sent = c.request
	}
	if read == nil {
		read = c.answer
	}
	if c.answer == nil {
		read = bytes.TrimSpace(read) // the file ends in a line feed, our own answer does not
	}
	ok := true
	if !bytes.Equal(got.sent, sent) {
		ok = false
		t.Errorf("%s, %s: the provider saw\n%s\nwant\n%s", c.name, d.name, got.sent, sent)
	}
	if !matches(got.read, read) {
		ok = false
		t.Errorf("%s, %s: the client saw\n%s\nwant\n%s", c.name, d.name, got.read, read)
	}
	return ok
}

// checkRecord compares with the lines of the file.
func (c conversation) checkRecord(t *testing.T, r audit.Record) {
	t.Helper()
	for _, line := range c.record {
		field, want, _ := strings.Cut(line, " ")
		ok := false
		switch field {
		case "status":
			ok = strconv.Itoa(r.Status) == want
		case "action":
			ok = r.Action == want
		case "label":
			ok = slices.Contains(r.Labels, want)
		case "scanned", "skipped", "opaque":
			ok = slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool { return c.Surface == want && c.State == field })
		}
		if !ok {
			t.Errorf("%s, %s: want %q in %+v", c.name, r.Door, line, r)
		}
	}
	if r.Action == "allow" && (r.BodySHA256.RequestIn != r.BodySHA256.RequestOut || r.BodySHA256.ResponseIn != r.BodySHA256.ResponseOut) {
		t.Errorf("%s, %s: got %+v; want nothing changed", c.name, r.Door, r.BodySHA256)
	}
}
