package dashboard

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/infershield/infershield/audit"
)

// APIConfig is what an API tells of. Log and the funcs must be set; they are
// called from any goroutine.
type APIConfig struct {
	Log *audit.Log
	// Why explains a record to a person.
	Why func(audit.Record) any
	// System tells how the product does.
	System func(context.Context) any
	// Alerts counts those that were raised and are kept.
	Alerts func() int
	// ParseTime reads what a query says of time, such as 2h.
	ParseTime func(s string, now time.Time) (time.Time, error)
}

// streamsMax bounds the streams that are open at a time.
const streamsMax = 64

// API answers questions about the audit log in JSON. It is for this machine
// alone: a connection to another address than a loopback one is refused. It is
// safe for concurrent use.
type API struct {
	cfg     APIConfig
	streams chan struct{} // a place for each open one
	ended   chan struct{}
	end     sync.Once
}

// NewAPI returns the API over what cfg has.
func NewAPI(cfg APIConfig) *API {
	return &API{cfg: cfg, streams: make(chan struct{}, streamsMax), ended: make(chan struct{})}
}

// Close ends the streams, which do not end by themselves. Closing twice does no
// harm.
func (a *API) Close() { a.end.Do(func() { close(a.ended) }) }

// Register makes mux serve the API below /api/.
func (a *API) Register(mux *http.ServeMux) {
	for path, h := range map[string]http.HandlerFunc{
		"records":          a.list,
		"records/{id}":     a.one,
		"records/{id}/why": a.why,
		"stream":           a.stream,
		"stats":            a.stats,
		"facets":           a.facets,
		"system":           func(w http.ResponseWriter, r *http.Request) { answer(w, http.StatusOK, a.cfg.System(r.Context())) },
		"tokens":           tokens,
	} {
		mux.Handle("GET /api/"+path, guarded(h))
		mux.Handle("/api/"+path, guarded(onlyRead))
	}
	mux.Handle("/api/", guarded(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", "The API has no such path. It has /api/records, /api/stream, /api/stats, /api/facets and /api/system.")
	}))
}

// guarded lets in whoever is on this machine and whose browser does not say
// that another site asks.
func guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), "")
		w.Header().Set("Cache-Control", "no-store")
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case !cameByLoopback(r):
			refuse(w, http.StatusForbidden, "not_loopback", "The API is served to this machine alone. "+
				"Ask it there by a loopback address, or lead a port to it: ssh -L 8001:127.0.0.1:8001 HOST.")
		case site == "cross-site" || site == "same-site":
			refuse(w, http.StatusForbidden, "cross_origin", "The API is not for pages of other origins. Open it by itself.")
		default:
			next(w, r)
		}
	})
}

// cameByLoopback reports whether r's connection was made to a loopback address,
// which only this machine can do, whatever the port is bound to besides.
func cameByLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func onlyRead(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "This path is only read: use GET.")
}

// tokens says that there are none.
func tokens(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, struct {
		Tokens    []string `json:"tokens"`
		Supported bool     `json:"supported"`
		Hint      string   `json:"hint"`
	}{[]string{}, false, "This version has no client tokens. Tell programs apart by the request header X-Agent-Id."})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client may be gone
}

// refuse answers in the shape of the provider's errors.
func refuse(w http.ResponseWriter, status int, code, message string) {
	type detail struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	}
	kind := "invalid_request_error"
	switch {
	case status >= http.StatusInternalServerError:
		kind = "server_error"
	case status == http.StatusForbidden:
		kind = "permission_error"
	}
	answer(w, status, map[string]detail{"error": {Message: message, Type: kind, Code: code}})
}
