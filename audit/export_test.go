package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/audit"
)

func exported(t *testing.T, log *audit.Log, f audit.Filter, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := log.Export(t.Context(), f, format, &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestExport: each format has all records, over more than a page, and can be
// read as what it says it is.
func TestExport(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		log := open(t, audit.Config{Path: path})
		log.Record(complete())
		for n := 1; n < 1234; n++ {
			log.Record(record(n))
		}
		stored(t, log)

		dec := json.NewDecoder(strings.NewReader(exported(t, log, audit.Filter{}, "jsonl")))
		n := 0
		var last audit.Record
		for ; dec.More(); n++ {
			last = audit.Record{}
			if err := dec.Decode(&last); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(complete(), last); n != 1234 || diff != "" {
			t.Errorf("jsonl: got %d records, the oldest with want(-) got(+):\n%s", n, diff)
		}

		rows, err := csv.NewReader(strings.NewReader(exported(t, log, audit.Filter{}, "csv"))).ReadAll()
		if err != nil || len(rows) != 1235 {
			t.Fatalf("csv: got %d rows, %v; want 1235", len(rows), err)
		}
		if got := rows[1234]; got[0] != "0198c0de-1" || got[1] != "2026-03-14T15:09:26.535Z" || got[17] != "prompt injection; secret" || len(got) != len(rows[0]) {
			t.Errorf("csv: got %q", got)
		}

		var har struct {
			Log struct {
				Version string
				Entries []struct {
					StartedDateTime string
					Request         struct {
						Method, URL      string
						Headers, Cookies []any
						PostData         struct{ Text string }
					}
					Response struct {
						Status  int
						Headers []any
						Content struct {
							Size int
							Text string
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(exported(t, log, audit.Filter{}, "har")), &har); err != nil {
			t.Fatal(err)
		}
		entries := har.Log.Entries
		if len(entries) != 1234 || har.Log.Version != "1.2" {
			t.Fatalf("har: got %d entries of version %s; want 1234 of 1.2", len(entries), har.Log.Version)
		}
		if e := entries[1233]; e.Request.URL != "https://api.openai.com/v1/responses" || e.Response.Status != 403 || e.Response.Content.Text != "no" ||
			e.Request.Headers == nil || e.Response.Headers == nil || len(e.Request.Headers) > 0 || e.StartedDateTime != "2026-03-14T15:09:26.535Z" {
			t.Errorf("har: got %+v", e)
		}
	})
}

func TestExportFilters(t *testing.T) {
	log := open(t, audit.Config{})
	log.Record(complete())
	for n := range 700 {
		log.Record(record(n))
	}
	stored(t, log)
	if got := strings.Count(exported(t, log, audit.Filter{Action: "block"}, "jsonl"), "\n"); got != 1 {
		t.Errorf("got %d lines; want the blocked one", got)
	}
	if got := strings.Count(exported(t, log, audit.Filter{Limit: 600}, "jsonl"), "\n"); got != 600 {
		t.Errorf("got %d lines; want 600", got)
	}
	for format, want := range map[string]string{"jsonl": "", "har": `"entries":[` + "\n]}}\n"} {
		if got := exported(t, log, audit.Filter{Agent: "nobody"}, format); !strings.HasSuffix(got, want) || want == "" && got != "" {
			t.Errorf("%s of nothing: got %q; want %q at its end", format, got, want)
		}
	}
	if err := log.Export(t.Context(), audit.Filter{}, "xml", io.Discard, nil); err == nil {
		t.Error("xml was taken for a format")
	}
}

// TestExportFormulas: what a client wrote runs in nobody's spreadsheet.
func TestExportFormulas(t *testing.T) {
	log := open(t, audit.Config{})
	r := record(1)
	r.Agent, r.Model, r.Session, r.PromptExcerpt = "=HYPERLINK(\"http://evil\")", "+1", "-1+1", "\t=1"
	r.ResponseExcerpt, r.Host, r.Path, r.Labels, r.Error = "@SUM(A1)", " =1", "a=b", []string{"＝1"}, "line\n=2"
	log.Record(r)
	stored(t, log)
	rows, err := csv.NewReader(strings.NewReader(exported(t, log, audit.Filter{}, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]string{}
	for i, name := range rows[0] {
		row[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"agent": "'=HYPERLINK(\"http://evil\")", "model": "'+1", "session": "'-1+1", "prompt_excerpt": "'\t=1",
		"response_excerpt": "'@SUM(A1)", "host": "' =1", "path": "a=b", "labels": "'＝1", "error": "line\n=2",
	} {
		if row[name] != want {
			t.Errorf("%s: got %q; want %q", name, row[name], want)
		}
	}
}

// full takes so many bytes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errors.New("no space")
	}
	return len(p), nil
}

func TestExportTellsOfAFullDisk(t *testing.T) {
	log := open(t, audit.Config{})
	for n := range 500 {
		log.Record(record(n))
	}
	stored(t, log)
	for _, format := range []string{"jsonl", "csv", "har"} {
		room := full(1000)
		if err := log.Export(t.Context(), audit.Filter{}, format, &room, nil); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}
