package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	bucketsMax = 1500
	groupsMax  = 20
	// minutesMax is the longest span that is counted by the minute.
	minutesMax = 26 * time.Hour
)

// Span is a stretch of time in steps. Zero Until is now, zero Since is a day
// before that, and zero Step is one that gives about a hundred. Steps are
// whole minutes, or whole hours where the span is longer than 26 hours.
type Span struct {
	Since time.Time     `json:"since"`
	Until time.Time     `json:"until"`
	Step  time.Duration `json:"-"`
}

// Counts sums up exchanges.
type Counts struct {
	Requests    int64   `json:"requests"`
	Blocked     int64   `json:"blocked"`
	Masked      int64   `json:"masked"`
	Failed      int64   `json:"failed"` // those whose record has an error
	Lost        int64   `json:"lost"`   // exchanges whose record was lost, not counted otherwise
	RiskMean    float64 `json:"risk_mean"`
	RiskMax     int64   `json:"risk_max"`
	InspectMean int64   `json:"inspect_us_mean"` // latency added, in microseconds
	Scanned     int64   `json:"scanned"`         // surfaces, as are the next two
	Skipped     int64   `json:"skipped"`
	Opaque      int64   `json:"opaque"`
}

// Bucket is one step of a Series. The percentiles of latency added are exact
// to a fifth; they are zero in a Group.
type Bucket struct {
	Start time.Time `json:"start"`
	Counts
	InspectP50 int64 `json:"inspect_us_p50"`
	InspectP95 int64 `json:"inspect_us_p95"`
	InspectP99 int64 `json:"inspect_us_p99"`
}

// Group is the exchanges that have one thing in common.
type Group struct {
	Name string `json:"name"`
	Counts
}

// Series is what happened over a Span. Groups hold the 20 with the most
// requests; "…" stands for names beyond 200 in an hour. An exchange counts in
// the step in which it began, and for each of its labels.
type Series struct {
	Span
	Total     Bucket   `json:"total"`
	Buckets   []Bucket `json:"buckets"` // every step, the empty ones too
	Actions   []Group  `json:"actions"`
	Labels    []Group  `json:"labels"`
	Agents    []Group  `json:"agents"`
	Models    []Group  `json:"models"`
	Endpoints []Group  `json:"endpoints"`
	Hosts     []Group  `json:"hosts"`
}

// Series sums up what was recorded in a span. The sums are kept beside the
// records: they outlive those that were deleted to save space, though not the
// retention.
func (l *Log) Series(ctx context.Context, span Span) (s Series, err error) {
	span, grain := span.fit(time.Now())
	s = Series{Span: span, Total: Bucket{Start: span.Since}}
	err = l.use(ctx, func(db *store) error {
		if err := db.buckets(ctx, &s, grain); err != nil {
			return db.explain(err)
		}
		if err := db.groups(ctx, &s, grain); err != nil {
			return db.explain(err)
		}
		return nil
	})
	if err != nil {
		return Series{}, fmt.Errorf("summing up the audit log: %w", err)
	}
	return s, nil
}

// fit fills in what is zero and moves the ends outwards to whole steps.
func (s Span) fit(now time.Time) (Span, int64) {
	if s.Until.IsZero() {
		s.Until = now
	}
	if s.Since.IsZero() {
		s.Since = s.Until.Add(-24 * time.Hour)
	}
	if s.Until.Before(s.Since) {
		s.Until = s.Since
	}
	long, grain := s.Until.Sub(s.Since), time.Minute
	if long > minutesMax {
		grain = time.Hour
	}
	if s.Step <= 0 {
		s.Step = long / 100
	}
	s.Step = max(s.Step, long/(bucketsMax-1), grain)
	s.Step = (s.Step + grain - 1) / grain * grain
	s.Since = s.Since.UTC().Truncate(s.Step)
	if end := s.Until.UTC().Truncate(s.Step); end.Before(s.Until) || end.Equal(s.Since) {
		s.Until = end.Add(s.Step)
	}
	return s, grain.Milliseconds()
}

const sumSQL = `sum(requests), sum(blocked), sum(masked), sum(failed), sum(lost), sum(risk_sum), max(risk_max),
	sum(inspect_us), sum(scanned), sum(skipped), sum(opaque)`

func (t *tally) into() []any {
	return []any{&t.requests, &t.blocked, &t.masked, &t.failed, &t.lost, &t.riskSum, &t.riskMax,
		&t.inspectUS, &t.scanned, &t.skipped, &t.opaque}
}

func (t *tally) counts() Counts {
	c := Counts{
		Requests: t.requests, Blocked: t.blocked, Masked: t.masked, Failed: t.failed, Lost: t.lost,
		RiskMax: t.riskMax, Scanned: t.scanned, Skipped: t.skipped, Opaque: t.opaque,
	}
	if t.requests > 0 {
		c.RiskMean = float64(t.riskSum) / float64(t.requests)
		c.InspectMean = t.inspectUS / t.requests
	}
	return c
}

// buckets sums up by step, and all of them.
func (s *store) buckets(ctx context.Context, series *Series, grain int64) (err error) {
	step, since := series.Step.Milliseconds(), series.Since.UnixMilli()
	rows, err := s.ro.QueryContext(ctx, s.rebind(`SELECT (start - ?) / ? AS bucket, kind, name, `+sumSQL+`
		FROM tallies WHERE grain = ? AND kind IN (?, ?) AND start >= ? AND start < ? GROUP BY bucket, kind, name`),
		since, step, grain, byTotal, byInspect, since, series.Until.UnixMilli())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	n := int(series.Until.Sub(series.Since) / series.Step)
	sums, latencies := make([]tally, n), make([]latency, n)
	for rows.Next() {
		var i int
		var kind, name string
		var t tally
		if err := rows.Scan(append([]any{&i, &kind, &name}, t.into()...)...); err != nil {
			return err
		}
		if kind == byTotal {
			sums[i].add(t)
			continue
		}
		latencies[i].add(name, t.requests)
	}
	var total tally
	var all latency
	series.Buckets = make([]Bucket, n)
	for i := range sums {
		series.Buckets[i] = bucket(series.Since.Add(time.Duration(i)*series.Step), &sums[i], &latencies[i])
		total.add(sums[i])
		for step, n := range latencies[i] {
			all[step] += n
		}
	}
	series.Total = bucket(series.Since, &total, &all)
	return rows.Err()
}

func bucket(start time.Time, t *tally, l *latency) Bucket {
	return Bucket{Start: start, Counts: t.counts(), InspectP50: l.percentile(50), InspectP95: l.percentile(95), InspectP99: l.percentile(99)}
}

// latency counts durations by step.
type latency [256]int64

func (l *latency) add(name string, n int64) {
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(l) {
		l[i] += n
	}
}

func (l *latency) percentile(p int64) int64 {
	var n, below int64
	for _, c := range l {
		n += c
	}
	for i, c := range l {
		if below += c; c > 0 && below*100 >= n*p {
			return stepUS(i)
		}
	}
	return 0
}

// groups sums up by what exchanges have in common.
func (s *store) groups(ctx context.Context, series *Series, grain int64) error {
	for kind, groups := range map[string]*[]Group{
		byAction: &series.Actions, byLabel: &series.Labels, byAgent: &series.Agents,
		byModel: &series.Models, byEndpoint: &series.Endpoints, byHost: &series.Hosts,
	} {
		var err error
		if *groups, err = s.group(ctx, series.Span, grain, kind); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) group(ctx context.Context, span Span, grain int64, kind string) (groups []Group, err error) {
	rows, err := s.ro.QueryContext(ctx, s.rebind(`SELECT name, `+sumSQL+` FROM tallies
		WHERE grain = ? AND kind = ? AND start >= ? AND start < ? GROUP BY name ORDER BY 2 DESC, name LIMIT ?`),
		grain, kind, span.Since.UnixMilli(), span.Until.UnixMilli(), groupsMax)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	groups = []Group{}
	for rows.Next() {
		var name string
		var t tally
		if err := rows.Scan(append([]any{&name}, t.into()...)...); err != nil {
			return nil, err
		}
		groups = append(groups, Group{name, t.counts()})
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		if a.Requests != b.Requests {
			return int(max(-1, min(1, b.Requests-a.Requests)))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return groups, rows.Err()
}
