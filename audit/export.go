package audit

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// exportPage is how many records Export holds at a time.
const exportPage = 500

// Export writes the records that f picks to w, newest first, in a format:
// jsonl (as the API has them, one a line), csv (a row each, safe to open in a
// spreadsheet) or har (HTTP Archive 1.2, with excerpts in place of bodies and
// without headers). Zero f.Limit means all. progress, which may be nil, is
// told after each page how many were written. Where it fails, w has a part.
func (l *Log) Export(ctx context.Context, f Filter, format string, w io.Writer, progress func(written int64)) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	var out exporter
	switch format {
	case "jsonl":
		out = jsonLines{json.NewEncoder(buffered)}
	case "csv":
		out = table{csv.NewWriter(buffered)}
	case "har":
		out = &archive{w: buffered}
	default:
		return fmt.Errorf("exporting the audit log: %q is none of jsonl, csv, har", format)
	}
	err := out.begin()
	if err == nil {
		err = l.export(ctx, f, out, progress)
	}
	if err == nil {
		err = out.end()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return fmt.Errorf("exporting the audit log: %w", err)
	}
	return nil
}

// exporter writes records in one format.
type exporter interface {
	begin() error
	write(*Record) error
	end() error
}

func (l *Log) export(ctx context.Context, f Filter, out exporter, progress func(int64)) error {
	left, written := f.Limit, int64(0)
	for {
		f.Limit = exportPage
		if left > 0 {
			f.Limit = min(left, exportPage)
		}
		page, err := l.Query(ctx, f)
		if err != nil {
			return err
		}
		for i := range page.Records {
			if err := out.write(&page.Records[i]); err != nil {
				return err
			}
		}
		written += int64(len(page.Records))
		if progress != nil {
			progress(written)
		}
		f.Before = page.Next
		if left -= len(page.Records); left == 0 || page.Next == 0 {
			return nil
		}
	}
}

type jsonLines struct{ *json.Encoder }

func (jsonLines) begin() error            { return nil }
func (j jsonLines) write(r *Record) error { j.SetEscapeHTML(false); return j.Encode(r) }
func (jsonLines) end() error              { return nil }

// table is CSV as RFC 4180 has it.
type table struct{ *csv.Writer }

func (t table) begin() error {
	return t.Write([]string{"id", "time", "door", "client", "agent", "session", "host", "method", "path", "endpoint", "model", "stream",
		"status", "action", "mode", "risk", "severity", "labels", "rules", "prompt_excerpt", "response_excerpt",
		"request_sha256_in", "request_sha256_out", "response_sha256_in", "response_sha256_out", "key_mode", "request_bytes", "response_bytes",
		"duration_ms", "first_byte_ms", "inspect_us", "held_bytes_max", "policy_version", "error"})
}

func (t table) write(r *Record) error {
	var rules []string
	for _, f := range r.Findings {
		rules = append(rules, f.Rule)
	}
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	cells := []string{r.ID, r.Time.UTC().Format(timeLayout), r.Door, r.Client, r.Agent, r.Session, r.Host, r.Method, r.Path, r.Endpoint, r.Model,
		strconv.FormatBool(r.Stream), n(int64(r.Status)), r.Action, r.Mode, n(int64(r.Risk)), r.Severity,
		strings.Join(r.Labels, "; "), strings.Join(rules, "; "), r.PromptExcerpt, r.ResponseExcerpt,
		r.BodySHA256.RequestIn, r.BodySHA256.RequestOut, r.BodySHA256.ResponseIn, r.BodySHA256.ResponseOut, r.KeyMode,
		n(r.RequestBytes), n(r.ResponseBytes), n(r.DurationMS), n(r.FirstByteMS), n(r.InspectUS), n(r.HeldBytesMax), r.PolicyVersion, r.Error}
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return t.Write(cells)
}

func (t table) end() error {
	t.Flush()
	return t.Error()
}

// cell keeps a spreadsheet from running what a client wrote as a formula: an
// apostrophe in front makes text of it.
func cell(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && s != "" {
		return "'" + s
	}
	return s
}

// archive is HAR. Its types are written here rather than taken from a proxy's
// library, which this package has no business with.
type archive struct {
	w    io.Writer
	some bool
}

func (a *archive) begin() error {
	_, err := io.WriteString(a.w, `{"log":{"version":"1.2","creator":{"name":"InferShield","version":"1"},"entries":[`)
	return err
}

func (a *archive) write(r *Record) error {
	text, err := json.Marshal(entryOf(r))
	if err != nil {
		return err
	}
	separator := "\n"
	if a.some {
		separator = ",\n"
	}
	a.some = true
	_, err = io.WriteString(a.w, separator)
	_, err2 := a.w.Write(text)
	return errors.Join(err, err2)
}

func (a *archive) end() error {
	_, err := io.WriteString(a.w, "\n]}}\n")
	return err
}
