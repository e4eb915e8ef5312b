package main

import (
	"log/slog"
	"net/http"
	"time"
)

// newAdmin is what operators and their tools talk to.
func (p *product) newAdmin() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", p.ready)
	mux.HandleFunc("/health", health)
	p.start.Register(mux)
	api := p.newAPI()
	api.Register(mux)
	mux.Handle("GET /{$}", http.RedirectHandler("/start", http.StatusFound)) // until there is more to see
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "invalid_request_error", "not_found",
			"InferShield's admin port serves /start, /metrics, /healthz, /readyz and /health.")
	})
	server := &http.Server{
		Handler:           hostChecked(mux, ownNames(p.cfg.Admin)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(api.Close)
	return server
}

// ready says whether new traffic should come here. A failing audit log is told
// but does not turn traffic away: what to do without it is policy's to say.
func (p *product) ready(w http.ResponseWriter, _ *http.Request) {
	if p.draining.Load() {
		writeText(w, http.StatusServiceUnavailable, "draining\n")
		return
	}
	if err := p.records.Stats().Err; err != nil {
		writeText(w, http.StatusOK, "ok, but the audit log cannot be written; records are being lost\n")
		return
	}
	writeText(w, http.StatusOK, "ok\n")
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client may be gone
}
