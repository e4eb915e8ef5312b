package llm_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// contentFields are the names of members that hold what somebody says.
var contentFields = []string{"content", "text", "prompt", "instructions", "input", "query", "arguments", "output", "transcript",
	"refusal", "code", "diff", "logs", "stdout", "stderr", "value", "additional_instructions", "suffix", "description", "item"}

// settings are the ends of places that hold none of it, for all that they are so
// called.
var settings = []string{
	"client_secret.value", "domain_secrets[].value", "filters.value", "filters.value[]", "filters[].value", "filters[].value[]",
	"error.code", "errors.data[].code", "languages[].code", "moderation.input.code", "moderation.output.code", "safety_checks[].code",
}

func isSetting(path, field string) bool {
	return slices.ContainsFunc(settings, func(end string) bool { return strings.HasSuffix(field, end) }) ||
		field == "suffix" && strings.HasPrefix(path, "/fine_tuning/") || // of a model's name
		field == "value" && strings.HasSuffix(path, "/client_secrets")
}

// TestPublishedFields walks every string of every operation that the provider
// lists: each is found, and nobody's words are taken for a setting.
func TestPublishedFields(t *testing.T) {
	n := 0
	published(t, "operations.jsonl", func(line []byte) {
		var op struct {
			Method, Path      string
			Request, Response map[string][]string
		}
		if err := json.Unmarshal(line, &op); err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(strings.NewReplacer("{", "x", "}", "").Replace(op.Path), "?")
		ep, _ := llm.Match(httptest.NewRequest(op.Method, "https://api.openai.com/v1"+path, nil))
		switch ep.Name() {
		case "organization", "generic", "models":
			return
		}
		for _, side := range []struct {
			name   string
			fields []string
			read   func([]byte) *llm.Doc
		}{
			{"request", op.Request["application/json"], ep.Request},
			{"response", op.Response["application/json"], ep.Response},
			{"event", op.Response["text/event-stream"], func(b []byte) *llm.Doc { return oneEvent(ep, "data: "+string(b)+"\n\n") }},
		} {
			for _, field := range side.fields {
				field, _, _ = strings.Cut(field, " ")
				n++
				role := roleOf(side.read(documentOf(field)))
				name := strings.TrimSuffix(field[strings.LastIndexByte(field, '.')+1:], "[]")
				if role == "" || role == llm.Other && slices.Contains(contentFields, name) && !isSetting(op.Path, field) {
					t.Errorf("%s %s %s %s: role %q", op.Method, op.Path, side.name, field, role)
				}
			}
		}
	})
	t.Logf("%d fields", n)
}

// documentOf returns a document with one string at the given place.
func documentOf(field string) []byte {
	if field == "$" {
		return []byte(`"VALUE"`)
	}
	var open, closed string
	for _, step := range strings.Split(field, ".") {
		name := strings.TrimRight(step, "[]")
		depth := strings.Count(step, "[]")
		open += `{"` + name + `":` + strings.Repeat("[", depth)
		closed = strings.Repeat("]", depth) + "}" + closed
	}
	return []byte(open + `"VALUE"` + closed)
}

func roleOf(d *llm.Doc) llm.Role {
	for _, s := range d.Segments() {
		if s.Text == "VALUE" || s.Text == `"VALUE"` { // a file is no JSON
			return s.Role
		}
	}
	return ""
}
