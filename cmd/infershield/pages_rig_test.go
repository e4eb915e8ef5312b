package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/dashboard"
)

// pagesOver serves the pages, and answers what they ask from an audit log.
func pagesOver(t *testing.T, log *audit.Log) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	dashboard.NewPages("test").Register(mux)
	dashboard.NewStart(dashboard.StartConfig{State: func() dashboard.State { return dashboard.State{} }}).Register(mux)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the browser may be gone
	}
	fixed := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, json.RawMessage(text)) }
	}
	mux.HandleFunc("GET /api/records", func(w http.ResponseWriter, r *http.Request) {
		page, err := log.Query(r.Context(), pageFilter(r))
		if err != nil {
			writeError(w, http.StatusInternalServerError, "server_error", "audit", err.Error())
			return
		}
		next := any(nil)
		if page.Next != 0 {
			next = strconv.FormatInt(int64(page.Next), 10)
		}
		answer(w, map[string]any{"records": page.Records, "next": next})
	})
	mux.HandleFunc("GET /api/records/{id}", func(w http.ResponseWriter, r *http.Request) {
		page, err := log.Query(r.Context(), audit.Filter{ID: r.PathValue("id")})
		if err != nil || len(page.Records) == 0 {
			writeError(w, http.StatusNotFound, "invalid_request_error", "not_found", "There is no record with this id.")
			return
		}
		answer(w, page.Records[0])
	})
	mux.HandleFunc("GET /api/records/{id}/why", func(w http.ResponseWriter, r *http.Request) {
		page, err := log.Query(r.Context(), audit.Filter{ID: r.PathValue("id")})
		if err != nil || len(page.Records) == 0 {
			http.NotFound(w, r)
			return
		}
		answer(w, map[string]any{"id": r.PathValue("id"), "sentences": whyRecord(page.Records[0])})
	})
	mux.HandleFunc("GET /api/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		control := http.NewResponseController(w)
		_, _ = w.Write([]byte(": here\n\n"))
		_ = control.Flush()
		filter := pageFilter(r)
		filter.Limit = 0
		for record, err := range log.Follow(r.Context(), filter) {
			text, _ := json.Marshal(record)
			if err != nil || r.Context().Err() != nil {
				return
			}
			_, _ = w.Write([]byte("event: record\nid: " + record.ID + "\ndata: " + string(text) + "\n\n"))
			_ = control.Flush()
		}
	})
	mux.HandleFunc("GET /api/stats", func(w http.ResponseWriter, r *http.Request) {
		s, err := log.Series(r.Context(), audit.Span{Step: 30 * time.Minute})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, map[string]any{"totals": s.Total, "series": s.Buckets, "coverage": s.Total, "by": map[string]any{
			"label": s.Labels, "agent": s.Agents, "model": s.Models, "endpoint": s.Endpoints, "host": s.Hosts, "action": s.Actions}})
	})
	mux.HandleFunc("GET /api/facets", fixed(`{"labels":["prompt-injection"],"agents":["ann"],"models":["gpt-4o"],"endpoints":["chat"],"hosts":["api.openai.com"]}`))
	mux.HandleFunc("GET /api/alerts", fixed(`[{"id":1,"timestamp":"2026-01-02T03:04:05Z","severity":"critical","message":"Blocked: prompt-injection","agent_id":"ann","log_id":"x"}]`))
	mux.HandleFunc("POST /api/analyze", fixed(`{"success":true,"status":"blocked","risk_score":91,"threats":[{"type":"injection","severity":"critical","pattern":"override","matched_text":"ignore","position":{"start":3,"end":9}}],"redacted_prompt":"é ignore this"}`))
	mux.HandleFunc("GET /api/policy", fixed(`{"source":"mode: block\n","version":"builtin-1","path":null,"editable":true,"mode":"block","threshold":70,"rules":["secrets: redact"]}`))
	mux.HandleFunc("POST /api/policy/check", fixed(`{"ok":false,"problems":[{"line":1,"column":7,"message":"mode is block, warn or off"}]}`))
	mux.HandleFunc("GET /api/tokens", fixed(`{"tokens":[],"supported":false,"hint":"Give each program its own X-Agent-Id."}`))
	mux.HandleFunc("GET /api/system", fixed(`{"version":"1","uptime_s":4000,"mode":"block","key_mode":"auto","listen":"127.0.0.1:8000","intercept":["api.openai.com"],"resolver":"system",
		"ca":{"not_after":"2031-01-02","days_left":12,"fingerprint":"AB:CD","generation":1},"distrusts":[{"client":"127.0.0.1","host":"api.openai.com","last":"2026-01-02T03:04:05Z","count":3}],
		"audit":{"stored":12,"dropped":0,"head":"abc"},"exports":[],"health":[{"name":"audit","state":"ok","detail":"written"},{"name":"ca","state":"warn","detail":"it ends in 12 days","fix":"infershield ca rotate"}]}`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // streams do not end by themselves
	return server
}

func pageFilter(r *http.Request) audit.Filter {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	return audit.Filter{Action: q.Get("action"), Severity: q.Get("severity"), Agent: q.Get("agent"), Label: q.Get("label"), Text: q.Get("q"), Limit: limit, Before: audit.Cursor(before)}
}
