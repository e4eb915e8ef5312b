package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
)

// apiOn serves the admin port of a product with some records.
func apiOn(t *testing.T, ids ...string) (*product, *httptest.Server) {
	t.Helper()
	p := productOn(t, t.TempDir(), "api.openai.com")
	apiRecord(t, p, ids...)
	server := httptest.NewServer(p.admin.Handler)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return p, server
}

func apiRecord(t *testing.T, p *product, ids ...string) {
	t.Helper()
	for _, id := range ids {
		p.records.Record(audit.Record{ID: id, Time: time.Now(), Method: "POST", Host: "api.openai.com", Path: "/v1/chat/completions",
			Action: "block", Mode: "block", Risk: 91, Severity: "critical", Labels: []string{"prompt_injection"}, Agent: "ann", Status: 403})
	}
	if err := p.records.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func apiGet(t *testing.T, url string, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestAPIAnswers(t *testing.T) {
	_, server := apiOn(t, "one", "two", "three")
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/api/records", 200, `"next":null`},
		{"/api/records?format=jsonl", 200, `{"id":"three"`},
		{"/api/records?action=allow", 200, `{"records":[],"next":null}`},
		{"/api/records?risk_min=101", 400, `"code":"bad_filter"`},
		{"/api/records?since=yesterday", 400, "since=2h"},
		{"/api/records?status=9xx", 400, "bad_filter"},
		{"/api/records?before=-1", 400, "bad_filter"},
		{"/api/records/two", 200, `"id":"two"`},
		{"/api/records/four", 404, "infershield audit list"},
		{"/api/records/two/why", 200, "was blocked: risk 91 of 100"},
		{"/api/stats", 200, `"total_requests":3,"blocked_requests":3`},
		{"/api/stats?bucket=1s", 400, "bad_filter"},
		{"/api/facets", 200, `"agents":["ann"]`},
		{"/api/system", 200, `"key_mode":"passthrough"`},
		{"/api/tokens", 200, `"supported":false`},
		{"/api/nothing", 404, "not_found"},
	} {
		if status, body := apiGet(t, server.URL+c.path); status != c.status || !strings.Contains(body, c.want) || !json.Valid([]byte(strings.Split(body, "\n")[0])) {
			t.Errorf("%s: got %d, %s; want %d and %s", c.path, status, body, c.status, c.want)
		}
	}
}

// A page stays what it is when records come in between.
func TestAPIPagesAreStableUnderInserts(t *testing.T) {
	p, server := apiOn(t, "one", "two", "three")
	var got []string
	var page struct {
		Records []struct{ ID string }
		Next    *string
	}
	for next := ""; ; next = *page.Next {
		page.Next = nil
		_, body := apiGet(t, server.URL+"/api/records?limit=1&before="+next)
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			got = append(got, r.ID)
		}
		if page.Next == nil {
			break
		}
		apiRecord(t, p, "late"+*page.Next)
	}
	if want := "three two one"; strings.Join(got, " ") != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// The API is for this machine, and for no page of another origin.
func TestAPIRefusesOthers(t *testing.T) {
	p, server := apiOn(t, "one")
	for name, header := range map[string][]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "a sibling": {"Sec-Fetch-Site", "same-site"},
	} {
		if status, body := apiGet(t, server.URL+"/api/records", header...); status != http.StatusForbidden || strings.Contains(body, `"records"`) {
			t.Errorf("%s: got %d, %s; want 403", name, status, body)
		}
	}
	if status, _ := apiGet(t, server.URL+"/api/records", "Host", "attacker.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("a rebound name: got %d; want 421", status)
	}
	r := httptest.NewRequest(http.MethodGet, "http://192.0.2.7:8001/api/records", nil)
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 8001}))
	w := httptest.NewRecorder()
	p.admin.Handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "not_loopback") {
		t.Errorf("by another address: got %d, %s; want 403 that says why", w.Code, w.Body)
	}
	resp, err := http.Post(server.URL+"/api/records", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
		t.Errorf("POST: got %s; want 405", resp.Status)
	}
}

// A stream goes on behind the record that its client saw last.
func TestAPIStreamResumes(t *testing.T) {
	p, server := apiOn(t, "one", "two", "three")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "one")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got []string
	for lines := bufio.NewScanner(resp.Body); len(got) < 3 && lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			if got = append(got, id); id == "three" {
				apiRecord(t, p, "four")
			}
		}
	}
	if want := "two three four"; strings.Join(got, " ") != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
