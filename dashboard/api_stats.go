package dashboard

import (
	"net/http"
	"time"

	"github.com/infershield/infershield/audit"
)

// facetsSpan is how far back facets looks for values.
const facetsSpan = 7 * 24 * time.Hour

type (
	statsAnswer struct {
		// The names of the first API, over the span that was asked for.
		TotalRequests   int64 `json:"total_requests"`
		BlockedRequests int64 `json:"blocked_requests"`
		Warnings        int64 `json:"warnings"` // exchanges that were masked
		ActiveAlerts    int   `json:"active_alerts"`

		Since    time.Time                `json:"since"`
		Until    time.Time                `json:"until"`
		Totals   audit.Bucket             `json:"totals"`
		Series   []audit.Bucket           `json:"series"`
		By       map[string][]audit.Group `json:"by"`
		Coverage coverageAnswer           `json:"coverage"`
	}
	coverageAnswer struct {
		Scanned int64 `json:"scanned"`
		Skipped int64 `json:"skipped"`
		Opaque  int64 `json:"opaque"`
	}
)

// stats sums up a span of time: a day unless the query says since when.
func (a *API) stats(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f, err := a.filter(q)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_filter", err.Error())
		return
	}
	span := audit.Span{Since: f.Since, Until: f.Until}
	if bucket := q.Get("bucket"); bucket != "" {
		if span.Step, err = time.ParseDuration(bucket); err != nil || span.Step < time.Minute {
			refuse(w, http.StatusBadRequest, "bad_filter", "bucket is a minute or longer, for example bucket=30m")
			return
		}
	}
	s, err := a.cfg.Log.Series(r.Context(), span)
	if err != nil {
		unreadable(w, err)
		return
	}
	answer(w, http.StatusOK, statsAnswer{
		TotalRequests: s.Total.Requests, BlockedRequests: s.Total.Blocked, Warnings: s.Total.Masked, ActiveAlerts: a.cfg.Alerts(),
		Since: s.Since, Until: s.Until, Totals: s.Total, Series: orEmpty(s.Buckets),
		By: map[string][]audit.Group{
			"action": orEmpty(s.Actions), "label": orEmpty(s.Labels), "agent": orEmpty(s.Agents),
			"model": orEmpty(s.Models), "endpoint": orEmpty(s.Endpoints), "host": orEmpty(s.Hosts),
		},
		Coverage: coverageAnswer{Scanned: s.Total.Scanned, Skipped: s.Total.Skipped, Opaque: s.Total.Opaque},
	})
}

// facets offers values for the filters: those with the most requests lately.
func (a *API) facets(w http.ResponseWriter, r *http.Request) {
	s, err := a.cfg.Log.Series(r.Context(), audit.Span{Since: time.Now().Add(-facetsSpan)})
	if err != nil {
		unreadable(w, err)
		return
	}
	answer(w, http.StatusOK, map[string][]string{
		"labels": names(s.Labels), "agents": names(s.Agents), "models": names(s.Models), "endpoints": names(s.Endpoints), "hosts": names(s.Hosts),
	})
}

// names are those of groups that are one value.
func names(groups []audit.Group) []string {
	list := []string{}
	for _, g := range groups {
		if g.Name != "" && g.Name != "…" {
			list = append(list, g.Name)
		}
	}
	return list
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
