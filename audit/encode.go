package audit

import (
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// timeLayout is RFC 3339 with milliseconds, always three digits, so that the
// texts of two times sort as the times do.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// What a record may hold at most. Much of it is the client's to choose: a
// model name is as long as the body that carries it, and thousands of records
// may wait in the queue. Longer text is cut and ends in "…".
const (
	nameBytesMax = 256  // words and names
	textBytesMax = 4096 // paths, excerpts, reasons
	listLenMax   = 1000 // labels, findings, surfaces
)

// MarshalJSON writes every field, lists that are nil as [] and the time in UTC
// with milliseconds. A type that embeds Record inherits this method; give it
// the Record as a named field instead.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record // without this method
	r.Labels = list(r.Labels)
	r.Coverage = list(r.Coverage)
	r.Findings = finite(list(r.Findings))
	return json.Marshal(struct {
		ID   string `json:"id"`
		Time string `json:"time"` // these two shadow their namesakes below
		plain
	}{r.ID, r.Time.UTC().Format(timeLayout), plain(r)})
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// finite replaces scores that JSON cannot express: a record must not be lost
// because a detector divided by zero.
func finite(found []Finding) []Finding {
	copied := false
	for i := range found {
		if s := found[i].Score; !math.IsNaN(s) && !math.IsInf(s, 0) {
			continue
		}
		if !copied { // other recorders hold the same slice
			found, copied = append([]Finding(nil), found...), true
		}
		found[i].Score = 0
	}
	return found
}

// LogValue is the canonical log line of an exchange, in compact form and
// without any content: log.Info("exchange", "", record) puts its attributes at
// the top level of the line.
func (r Record) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("id", r.ID),
		slog.String("door", r.Door),
		slog.String("host", r.Host),
		slog.String("method", r.Method),
		slog.String("path", r.Path),
		slog.String("endpoint", r.Endpoint),
		slog.Int("status", r.Status),
		slog.String("action", r.Action),
		slog.Int("risk", r.Risk),
		slog.String("labels", strings.Join(r.Labels, ",")),
		slog.Duration("duration", time.Duration(r.DurationMS)*time.Millisecond),
	}
	if r.Error != "" {
		attrs = append(attrs, slog.String("error", r.Error))
	}
	return slog.GroupValue(attrs...)
}

// bound cuts what is too long and stamps a record that has no time, which
// retention would otherwise delete at once. Lists are copied before they are
// changed: every recorder of a Tee holds the same ones.
func (r *Record) bound() {
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	for _, s := range []*string{
		&r.ID, &r.Door, &r.Client, &r.Agent, &r.Session, &r.Host, &r.Method, &r.Endpoint, &r.Model,
		&r.Action, &r.Mode, &r.Severity, &r.KeyMode, &r.PolicyVersion,
		&r.BodySHA256.RequestIn, &r.BodySHA256.RequestOut, &r.BodySHA256.ResponseIn, &r.BodySHA256.ResponseOut,
	} {
		cut(s, nameBytesMax)
	}
	for _, s := range []*string{&r.Path, &r.PromptExcerpt, &r.ResponseExcerpt, &r.Error} {
		cut(s, textBytesMax)
	}
	r.Labels = cutList(r.Labels, func(s string) bool { return len(s) > nameBytesMax },
		func(s *string) { cut(s, nameBytesMax) })
	r.Findings = cutList(r.Findings, Finding.long, (*Finding).cut)
	r.Coverage = cutList(r.Coverage, Coverage.long, (*Coverage).cut)
}

func (f Finding) long() bool {
	return max(len(f.Rule), len(f.Category), len(f.Direction), len(f.Role)) > nameBytesMax || len(f.Path) > textBytesMax
}

func (f *Finding) cut() {
	cut(&f.Rule, nameBytesMax)
	cut(&f.Category, nameBytesMax)
	cut(&f.Direction, nameBytesMax)
	cut(&f.Role, nameBytesMax)
	cut(&f.Path, textBytesMax)
}

func (c Coverage) long() bool {
	return max(len(c.Surface), len(c.State)) > nameBytesMax || len(c.Reason) > textBytesMax
}

func (c *Coverage) cut() {
	cut(&c.Surface, nameBytesMax)
	cut(&c.State, nameBytesMax)
	cut(&c.Reason, textBytesMax)
}

// cutList returns items itself where nothing in it is too long.
func cutList[T any](items []T, long func(T) bool, cut func(*T)) []T {
	if len(items) > listLenMax {
		items = append([]T(nil), items[:listLenMax]...)
	}
	for i := range items {
		if long(items[i]) {
			items = append([]T(nil), items...)
			for j := i; j < len(items); j++ {
				cut(&items[j])
			}
			return items
		}
	}
	return items
}

// cut shortens *s to at most n bytes and a mark, between two runes. The rest
// is copied, lest a short name keep a whole body in memory.
func cut(s *string, n int) {
	if len(*s) <= n {
		return
	}
	for n > 0 && !utf8.RuneStart((*s)[n]) {
		n--
	}
	*s = (*s)[:n] + "…"
}
