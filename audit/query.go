package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	limitDefault = 50
	limitMax     = 1000

	newestFirst = "ORDER BY time_ms DESC, id DESC"
)

// Filter picks records. Zero fields pick all; words match exactly.
type Filter struct {
	ID       string
	Since    time.Time // records from then on
	Until    time.Time // records before then
	Action   string
	RiskMin  int
	Label    string
	Host     string
	Endpoint string
	Agent    string
	Model    string
	// Before continues a listing: only records older than the cursor, which
	// is that of the last record seen.
	Before Cursor
	// Limit bounds the records returned. For Query zero means 50, and 1000 is
	// the most.
	Limit int
}

// Cursor is a place in the order of records. It stays valid when the record
// that it came from is deleted.
type Cursor struct {
	Time time.Time
	ID   string
}

// Cursor returns the record's own place.
func (r Record) Cursor() Cursor { return Cursor{r.Time, r.ID} }

// Query returns the records that f picks, newest first: by time, then by id.
// A record is found once it is stored; Sync waits for that.
func (l *Log) Query(ctx context.Context, f Filter) ([]Record, error) {
	if f.Limit <= 0 {
		f.Limit = limitDefault
	}
	f.Limit = min(f.Limit, limitMax)
	var w where
	w.filter(f)
	var found page
	err := l.use(ctx, func(db *store) (err error) {
		found, err = db.find(ctx, w, newestFirst, f.Limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("querying the audit log: %w", err)
	}
	return found.records, nil
}

// where is a conjunction under construction. Its text is ours alone; values
// are always bound.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) filter(f Filter) {
	if !f.Since.IsZero() {
		w.add("time_ms >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		w.add("time_ms < ?", f.Until.UnixMilli())
	}
	if f.Before != (Cursor{}) {
		w.add("(time_ms, id) < (?, ?)", f.Before.Time.UnixMilli(), f.Before.ID)
	}
	if f.RiskMin > 0 {
		w.add("risk >= ?", f.RiskMin)
	}
	if f.Label != "" {
		w.add("instr(labels, ?) > 0", labelText([]string{f.Label}))
	}
	for _, word := range []struct{ column, value string }{
		{"id", f.ID}, {"action", f.Action}, {"host", f.Host},
		{"endpoint", f.Endpoint}, {"agent", f.Agent}, {"model", f.Model},
	} {
		if word.value != "" {
			w.add(word.column+" = ?", word.value)
		}
	}
}

// page is what find found.
type page struct {
	records []Record
	last    int64 // seq of the last record; 0 when there is none
}

func (s *store) find(ctx context.Context, w where, order string, limit int) (p page, err error) {
	query := "SELECT seq, body FROM records "
	if len(w.terms) > 0 {
		query += "WHERE " + strings.Join(w.terms, " AND ") + " "
	}
	rows, err := s.ro.QueryContext(ctx, query+order+" LIMIT ?", append(w.args, limit)...)
	if err != nil {
		return page{}, explain(s.path, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&p.last, &body); err != nil {
			return page{}, explain(s.path, err)
		}
		var r Record
		if err := json.Unmarshal(body, &r); err != nil {
			return page{}, fmt.Errorf("record %d: %w: %w", p.last, ErrCorrupt, err)
		}
		p.records = append(p.records, r)
	}
	if err := rows.Err(); err != nil {
		return page{}, explain(s.path, err)
	}
	return p, nil
}
