package main

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/infershield/infershield/audit"
)

// The transcripts of package llm hold a conversation with each family of
// endpoints. What must be found in them is said there; here they go through the
// doors.

// wireTranscripts are the conversations over HTTP in the transcripts, each
// request with each answer, and the secret that the file says must not get
// through, if it says so.
func wireTranscripts(t *testing.T) (all []conversation, secrets map[string]string) {
	t.Helper()
	paths, err := filepath.Glob("../../llm/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	secrets = map[string]string{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var questions, answers []conversation
		for _, f := range archive.Files {
			switch f.Name {
			case "request":
				questions = append(questions, conversation{name: "request", request: f.Data})
			case "form":
				media, body, _ := bytes.Cut(f.Data, []byte("\n"))
				questions = append(questions, conversation{name: "form", media: string(media), request: bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))})
			case "response", "stream":
				answers = append(answers, conversation{name: f.Name, answer: f.Data})
			}
		}
		if len(questions) == 0 {
			questions = []conversation{{name: "bare"}}
		}
		for _, q := range questions {
			for _, a := range answers {
				c := q
				c.name = strings.TrimSuffix(filepath.Base(path), ".txtar") + " " + q.name + " " + a.name
				c.answer = a.answer
				c.method, c.path = requestLine(archive)
				secrets[c.name] = transcriptSecret(archive)
				all = append(all, c)
			}
		}
	}
	return all, secrets
}

// transcriptSecret is the second line of a comment that names one.
func transcriptSecret(archive *txtar.Archive) string {
	for line := range strings.Lines(string(archive.Comment)) {
		if secret, ok := strings.CutPrefix(line, "secret "); ok {
			return strings.TrimSpace(secret)
		}
	}
	return ""
}

// ownID is what differs between two refusals of the same.
var ownID = regexp.MustCompile(`"request_id":"[^"]*"`)

func (h heard) same(other heard) bool {
	return h.status == other.status && bytes.Equal(h.sent, other.sent) &&
		bytes.Equal(ownID.ReplaceAll(h.read, nil), ownID.ReplaceAll(other.read, nil))
}

// TestTranscriptsByEveryDoor holds the conversations of package llm's
// transcripts through every door, whole and cut at random. Each end must see the
// same by each and however it is cut; no secret that a transcript names may get
// back to the client; and what was allowed must not be changed.
func TestTranscriptsByEveryDoor(t *testing.T) {
	a := &recital{}
	p := serve(t, serveOptions{keyMode: "passthrough", env: []string{"LOG_LEVEL=error"}, provider: providerConfig{Wrap: a.wrap}})
	all, secrets := wireTranscripts(t)
	doors := p.doors(t)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			want := doors[0].converse(t, a, c.name, c, nil)
			for i := range splits(t) {
				d := doors[i%len(doors)]
				cuts := randomCuts(rand.New(rand.NewPCG(2, uint64(i))), len(c.answer), 24)
				if got := d.converse(t, a, c.name+strconv.Itoa(i), c, cuts); !got.same(want) {
					t.Fatalf("by %s, cut at %d: got %d, the provider saw\n%s\nand the client\n%s\nwant %d,\n%s\nand\n%s", d.name, cuts, got.status, got.sent, got.read, want.status, want.sent, want.read)
				}
			}
			if left := leftOf(secrets[c.name], want.read); left != "" {
				t.Errorf("%q is left in\n%s", left, want.read)
			}
		})
	}
	last := map[string]heard{} // of which the records are among the newest
	for _, c := range all {
		for _, d := range doors {
			last[c.name+d.record] = d.converse(t, a, c.name+d.name, c, nil)
		}
	}
	t.Run("records", func(t *testing.T) {
		records := p.recordList(t)
		for _, c := range all {
			for _, d := range doors {
				checkTranscriptRecord(t, c, d, last[c.name+d.record], records)
			}
		}
	})
}

// leftOf is a part of the secret that is too long to stand there by chance, if
// any stands in b.
func leftOf(secret string, b []byte) string {
	const part = 6
	for i := 0; i+part <= len(secret); i++ {
		if bytes.Contains(b, []byte(secret[i:i+part])) {
			return secret[i : i+part]
		}
	}
	return ""
}

// checkTranscriptRecord finds the record of what both ends saw.
func checkTranscriptRecord(t *testing.T, c conversation, d door, saw heard, records []audit.Record) {
	t.Helper()
	sent := sumOf(c.request)
	if len(c.request) == 0 {
		sent = "" // no body, no sum
	}
	i := slices.IndexFunc(records, func(r audit.Record) bool {
		return r.BodySHA256.RequestIn == sent && r.Door == d.record && r.Path == c.path && r.Status == saw.status && r.BodySHA256.ResponseOut == sumOf(saw.read)
	})
	if i < 0 {
		t.Errorf("%s: no record of it by %s", c.name, d.name)
		return
	}
	r := records[i]
	same := bytes.Equal(saw.read, c.answer) && bytes.Equal(saw.sent, c.request)
	if (r.Action == "allow") != same {
		t.Errorf("%s, %s: got %s; was it changed: %t", c.name, d.name, r.Action, !same)
	}
	for _, s := range r.Coverage {
		if !slices.Contains([]string{"scanned", "skipped", "opaque"}, s.State) || s.State != "scanned" && s.Reason == "" {
			t.Errorf("%s, %s: got %+v; want one of three states, and a reason for two", c.name, d.name, s)
		}
	}
	if len(r.Coverage) == 0 {
		t.Errorf("%s, %s: nothing is said of what was inspected", c.name, d.name)
	}
}
