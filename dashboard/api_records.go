package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infershield/infershield/audit"
)

// recordsMax is the most that one page of records holds.
const recordsMax = 1000

// list answers with a page of records, newest first. Clients that accept
// application/x-ndjson get one a line, and the next page in a Link.
func (a *API) list(w http.ResponseWriter, r *http.Request) {
	f, err := a.filter(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_filter", err.Error())
		return
	}
	page, err := a.cfg.Log.Query(r.Context(), f)
	if err != nil {
		unreadable(w, err)
		return
	}
	if r.URL.Query().Get("format") == "jsonl" || strings.Contains(r.Header.Get("Accept"), "application/x-ndjson") {
		listLines(w, r, page)
		return
	}
	out := struct {
		Records []audit.Record `json:"records"`
		Next    *string        `json:"next"`
	}{Records: page.Records}
	if out.Records == nil {
		out.Records = []audit.Record{}
	}
	if page.Next != 0 {
		next := strconv.FormatInt(int64(page.Next), 10)
		out.Next = &next
	}
	answer(w, http.StatusOK, out)
}

func listLines(w http.ResponseWriter, r *http.Request, page audit.Page) {
	if page.Next != 0 {
		next := r.URL.Query()
		next.Set("before", strconv.FormatInt(int64(page.Next), 10))
		w.Header().Set("Link", "<"+r.URL.Path+"?"+next.Encode()+`>; rel="next"`)
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, record := range page.Records {
		_ = enc.Encode(record) // the client may be gone
	}
}

func (a *API) one(w http.ResponseWriter, r *http.Request) {
	if record, ok := a.find(w, r); ok {
		answer(w, http.StatusOK, record)
	}
}

func (a *API) why(w http.ResponseWriter, r *http.Request) {
	if record, ok := a.find(w, r); ok {
		answer(w, http.StatusOK, a.cfg.Why(record))
	}
}

// find returns the record of the path's id, or answers why it does not.
func (a *API) find(w http.ResponseWriter, r *http.Request) (record audit.Record, ok bool) {
	page, err := a.cfg.Log.Query(r.Context(), audit.Filter{ID: r.PathValue("id"), Limit: 1})
	switch {
	case err != nil:
		unreadable(w, err)
	case len(page.Records) == 0:
		refuse(w, http.StatusNotFound, "not_found", "There is no record with this id. An exchange is recorded when it ends, "+
			"and deleted when the retention says so: infershield audit list shows what there is.")
	default:
		return page.Records[0], true
	}
	return record, false
}

func unreadable(w http.ResponseWriter, err error) {
	refuse(w, http.StatusInternalServerError, "audit_unreadable", "The audit log cannot be read: "+err.Error()+". infershield doctor looks for the cause.")
}

// filter reads what a query picks. A parameter that there is none of is left
// to those who read it; a value that cannot be is an error.
func (a *API) filter(q url.Values) (f audit.Filter, err error) {
	for name, to := range map[string]*string{
		"action": &f.Action, "severity": &f.Severity, "label": &f.Label, "category": &f.Category, "rule": &f.Rule,
		"host": &f.Host, "endpoint": &f.Endpoint, "model": &f.Model, "agent": &f.Agent, "session": &f.Session,
		"client": &f.Client, "door": &f.Door, "key_mode": &f.KeyMode, "q": &f.Text, "id": &f.IDPrefix,
	} {
		*to = q.Get(name)
	}
	now := time.Now()
	for name, to := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if *to, err = a.cfg.ParseTime(q.Get(name), now); err != nil {
			return f, fmt.Errorf("%s: %w; for example %s=2h", name, err, name)
		}
	}
	for _, number := range []struct {
		name string
		to   *int
		max  int
	}{{"risk_min", &f.RiskMin, 100}, {"limit", &f.Limit, recordsMax}} {
		if *number.to, err = strconv.Atoi(orZero(q.Get(number.name))); err != nil || *number.to < 0 || *number.to > number.max {
			return f, fmt.Errorf("%s is a number from 0 to %d", number.name, number.max)
		}
	}
	if s := q.Get("status"); s != "" {
		if !slices.Contains([]string{"1xx", "2xx", "3xx", "4xx", "5xx"}, s) {
			return f, fmt.Errorf("status is 1xx, 2xx, 3xx, 4xx or 5xx")
		}
		f.StatusClass = int(s[0] - '0')
	}
	before, err := strconv.ParseInt(orZero(q.Get("before")), 10, 64)
	if err != nil || before < 0 {
		return f, fmt.Errorf("before is the next of an earlier page")
	}
	f.Before = audit.Cursor(before)
	return f, nil
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
