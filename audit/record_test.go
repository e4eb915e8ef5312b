package audit_test

import (
	"encoding/json"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

// fields are those of the reference, in its order; error is ours.
var fields = strings.Fields(`id time door client agent session host method path endpoint model stream status
	action mode risk labels severity findings prompt_excerpt response_excerpt coverage body_sha256 key_mode
	request_bytes response_bytes duration_ms first_byte_ms inspect_us held_bytes_max policy_version error`)

func TestRecordJSONHasEveryField(t *testing.T) {
	for name, r := range map[string]audit.Record{"empty": {}, "complete": complete()} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := keysInOrder(t, text); !slices.Equal(got, fields) {
				t.Errorf("got fields %v; want %v", got, fields)
			}
			if strings.Contains(string(text), "null") {
				t.Errorf("a list is null in %s", text)
			}
		})
	}
}

// TestCompleteIsComplete guards the fixture: a new field must get a value
// there, or no test would see it lost.
func TestCompleteIsComplete(t *testing.T) {
	v := reflect.ValueOf(complete())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("complete() has no %s", v.Type().Field(i).Name)
		}
	}
}

func keysInOrder(t *testing.T, text []byte) (keys []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func TestRecordJSONTime(t *testing.T) {
	for _, tt := range []struct {
		in   time.Time
		want string
	}{
		{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), `"2026-01-02T03:04:05.000Z"`},
		{time.Date(2026, 1, 2, 3, 4, 5, 600_999_999, time.FixedZone("", 2*3600)), `"2026-01-02T01:04:05.600Z"`},
	} {
		text, err := json.Marshal(audit.Record{Time: tt.in})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Time json.RawMessage }
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Time) != tt.want {
			t.Errorf("%v: got %s; want %s", tt.in, got.Time, tt.want)
		}
	}
}

func TestRecordJSONRoundTrip(t *testing.T) {
	want := complete()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got audit.Record
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want(-) got(+):\n%s", diff)
	}
}

func TestRecordJSONSurvivesOddScores(t *testing.T) {
	found := []audit.Finding{{Score: 0.5}, {Score: math.NaN()}, {Score: math.Inf(1)}}
	text, err := json.Marshal(audit.Record{Findings: found})
	if err != nil {
		t.Fatal(err)
	}
	var got audit.Record
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]audit.Finding{{Score: 0.5}, {}, {}}, got.Findings); diff != "" {
		t.Errorf("want(-) got(+):\n%s", diff)
	}
	if !math.IsNaN(found[1].Score) {
		t.Error("the caller's findings were changed")
	}
}

func TestRecordLogLine(t *testing.T) {
	var out lines
	r := complete()
	out.logger().Info("exchange", "", r)
	got := out.String()
	for _, want := range []string{
		"msg=exchange", "id=0198c0de-1", "door=transparent", "host=api.openai.com", "method=POST", "path=/v1/responses",
		"endpoint=responses", "status=403", "action=block", "risk=87", `labels="prompt injection,secret"`,
		"duration=333ms", `error="upstream: unexpected EOF"`,
	} {
		if !strings.Contains(got, " "+want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	for _, content := range []string{"previous", "ResponseExcerpt", "192.0.2.7"} {
		if strings.Contains(got, content) {
			t.Errorf("%q stands in the log line %s", content, got)
		}
	}
	var _ slog.LogValuer = r
}

func TestRecordIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	r := complete()
	r.Agent, r.Model, r.Path, r.PromptExcerpt = long, long, long, long
	r.Labels = []string{"short", long}
	r.Findings = slices.Repeat([]audit.Finding{{Rule: long, Path: long}}, 1500)
	r.Coverage = []audit.Coverage{{Surface: long, Reason: long}}
	labels, found := r.Labels, r.Findings

	log := open(t, audit.Config{})
	log.Record(r)
	stored(t, log)
	page, err := log.Query(t.Context(), audit.Filter{})
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("got %d records, %v; want 1", len(page.Records), err)
	}
	got := page.Records
	for name, s := range map[string]string{
		"agent": got[0].Agent, "model": got[0].Model, "path": got[0].Path, "excerpt": got[0].PromptExcerpt,
		"label": got[0].Labels[1], "rule": got[0].Findings[999].Rule, "surface": got[0].Coverage[0].Surface,
	} {
		if len(s) > 4200 || !strings.HasSuffix(s, "é…") || !utf8.ValidString(s) {
			t.Errorf("%s: got %d bytes ending in %q; want few, ending in é…", name, len(s), s[len(s)-5:])
		}
	}
	if n := len(got[0].Findings); n != 1000 {
		t.Errorf("got %d findings; want 1000", n)
	}
	if got[0].Labels[0] != "short" {
		t.Errorf("got label %q; want it untouched", got[0].Labels[0])
	}
	if labels[1] != long || found[0].Rule != long {
		t.Error("the lists were changed in place: other recorders hold them too")
	}
}

func TestTee(t *testing.T) {
	a, b := open(t, audit.Config{}), open(t, audit.Config{})
	audit.Tee{a, b}.Record(record(1))
	for _, log := range []*audit.Log{a, b} {
		stored(t, log)
		if got := query(t, log, audit.Filter{}); len(got) != 1 {
			t.Errorf("got %v; want one record", got)
		}
	}
}
