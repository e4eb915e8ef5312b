package guard_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/audit"
)

// formOf writes a form with a prompt, a picture and a batch of one line.
func formOf(t *testing.T, prompt, line string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range []struct{ name, file, value string }{
		{"prompt", "", prompt},
		{"image", "cat.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
		{"file", "in.jsonl", line},
	} {
		create := w.CreateFormField
		if p.file != "" {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, p.file) }
		}
		part, err := create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, p.value)
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// TestForms: a form is read part by part; the picture in it hides nothing.
func TestForms(t *testing.T) {
	const clean = `{"custom_id":"a","url":"/v1/chat/completions","body":{"messages":[{"role":"user","content":"hi"}]}}`
	const url = "https://api.openai.com/v1/images/edits"
	for name, tt := range map[string]struct {
		prompt, line string
		status       int
	}{
		"clean":                 {"a cat", clean, 200},
		"attack in the prompt":  {attack, clean, 403},
		"attack in a line":      {"a cat", strings.Replace(clean, `"hi"`, quote(attack), 1), 403},
		"secret in both places": {"a cat " + secret, strings.Replace(clean, `"hi"`, quote("x "+secret), 1), 200},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, nil)
			body, contentType := formOf(t, tt.prompt, tt.line)
			resp, _ := g.post(url, body, "Content-Type", contentType)
			r := g.record()
			if resp.StatusCode != tt.status || r.Endpoint != "images" {
				t.Fatalf("got %d, endpoint %s; want %d", resp.StatusCode, r.Endpoint, tt.status)
			}
			if tt.status != 200 {
				return
			}
			if strings.Contains(string(g.saw), secret) || name == "clean" && string(g.saw) != body {
				t.Errorf("upstream saw %q", g.saw)
			}
			read, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(g.saw))
			if err != nil {
				t.Fatal(err)
			}
			read.Header.Set("Content-Type", contentType)
			if err := read.ParseMultipartForm(1 << 20); err != nil || len(read.MultipartForm.File) != 2 {
				t.Errorf("what the upstream saw is no such form: %v", err)
			}
			if !slices.ContainsFunc(r.Coverage, func(c audit.Coverage) bool { return c.Reason == "image" }) {
				t.Errorf("coverage %+v", r.Coverage)
			}
		})
	}
}
