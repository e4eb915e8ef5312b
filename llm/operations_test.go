package llm_test

import (
	"bufio"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// operations is every operation of the API by the name of its endpoint, so that
// a path which nobody thought of does not pass for generic. What is generic is
// so on purpose: a provenance check takes one image and answers with issuers.
var operations = map[string]string{
	"assistants": `
		GET+POST /assistants
		DELETE+GET+POST /assistants/*
	`,
	"audio": `
		POST /audio/speech
		POST /audio/transcriptions
		POST /audio/translations
		GET+POST /audio/voice_consents
		DELETE+GET+POST /audio/voice_consents/*
		POST /audio/voices
	`,
	"batches": `
		GET+POST /batches
		GET /batches/*
		POST /batches/*/cancel
	`,
	"chat.completions": `
		GET+POST /chat/completions
		DELETE+GET+POST /chat/completions/*
		GET /chat/completions/*/messages
	`,
	"chatkit": `
		POST /chatkit/sessions
		POST /chatkit/sessions/*/cancel
		GET /chatkit/threads
		DELETE+GET /chatkit/threads/*
		GET /chatkit/threads/*/items
	`,
	"completions": `
		POST /completions
	`,
	"containers": `
		GET+POST /containers
		DELETE+GET /containers/*
		GET+POST /containers/*/files
		DELETE+GET /containers/*/files/*
		GET /containers/*/files/*/content
	`,
	"conversations": `
		POST /conversations
		DELETE+GET+POST /conversations/*
		GET+POST /conversations/*/items
		DELETE+GET /conversations/*/items/*
	`,
	"embeddings": `
		POST /embeddings
	`,
	"evals": `
		GET+POST /evals
		DELETE+GET+POST /evals/*
		GET+POST /evals/*/runs
		DELETE+GET+POST /evals/*/runs/*
		GET /evals/*/runs/*/output_items
		GET /evals/*/runs/*/output_items/*
	`,
	"files": `
		GET+POST /files
		DELETE+GET /files/*
		GET /files/*/content
	`,
	"fine_tuning": `
		POST /fine_tuning/alpha/graders/run
		POST /fine_tuning/alpha/graders/validate
		GET+POST /fine_tuning/checkpoints/*/permissions
		DELETE /fine_tuning/checkpoints/*/permissions/*
		GET+POST /fine_tuning/jobs
		GET /fine_tuning/jobs/*
		POST /fine_tuning/jobs/*/cancel
		GET /fine_tuning/jobs/*/checkpoints
		GET /fine_tuning/jobs/*/events
		POST /fine_tuning/jobs/*/pause
		POST /fine_tuning/jobs/*/resume
	`,
	"generic": `
		POST /content_provenance_checks
	`,
	"images": `
		POST /images/edits
		POST /images/generations
		POST /images/variations
	`,
	"models": `
		GET /models
		DELETE+GET /models/*
	`,
	"moderations": `
		POST /moderations
	`,
	"organization": `
		GET+POST /organization/admin_api_keys
		DELETE+GET /organization/admin_api_keys/*
		GET /organization/audit_logs
		GET+POST /organization/certificates
		DELETE+GET+POST /organization/certificates/*
		POST /organization/certificates/activate
		POST /organization/certificates/deactivate
		GET /organization/costs
		GET+POST /organization/data_retention
		GET+POST /organization/groups
		DELETE+GET+POST /organization/groups/*
		GET+POST /organization/groups/*/roles
		DELETE+GET /organization/groups/*/roles/*
		GET+POST /organization/groups/*/users
		DELETE+GET /organization/groups/*/users/*
		GET+POST /organization/invites
		DELETE+GET /organization/invites/*
		GET+POST /organization/projects
		GET+POST /organization/projects/*
		GET /organization/projects/*/api_keys
		DELETE+GET /organization/projects/*/api_keys/*
		POST /organization/projects/*/archive
		GET /organization/projects/*/certificates
		POST /organization/projects/*/certificates/activate
		POST /organization/projects/*/certificates/deactivate
		GET+POST /organization/projects/*/data_retention
		GET+POST /organization/projects/*/groups
		DELETE+GET /organization/projects/*/groups/*
		GET+POST /organization/projects/*/hosted_tool_permissions
		DELETE+GET+POST /organization/projects/*/model_permissions
		GET /organization/projects/*/rate_limits
		POST /organization/projects/*/rate_limits/*
		GET+POST /organization/projects/*/service_accounts
		DELETE+GET+POST /organization/projects/*/service_accounts/*
		POST /organization/projects/*/service_accounts/*/api_keys
		GET+POST /organization/projects/*/spend_alerts
		DELETE+GET+POST /organization/projects/*/spend_alerts/*
		DELETE+GET+POST /organization/projects/*/spend_limit
		GET+POST /organization/projects/*/users
		DELETE+GET+POST /organization/projects/*/users/*
		GET+POST /organization/roles
		DELETE+GET+POST /organization/roles/*
		GET+POST /organization/spend_alerts
		DELETE+GET+POST /organization/spend_alerts/*
		DELETE+GET+POST /organization/spend_limit
		GET /organization/usage/audio_speeches
		GET /organization/usage/audio_transcriptions
		GET /organization/usage/code_interpreter_sessions
		GET /organization/usage/completions
		GET /organization/usage/embeddings
		GET /organization/usage/file_search_calls
		GET /organization/usage/images
		GET /organization/usage/moderations
		GET /organization/usage/vector_stores
		GET /organization/usage/web_search_calls
		GET /organization/users
		DELETE+GET+POST /organization/users/*
		GET+POST /organization/users/*/roles
		DELETE+GET /organization/users/*/roles/*
		GET+POST /projects/*/groups/*/roles
		DELETE+GET /projects/*/groups/*/roles/*
		GET+POST /projects/*/roles
		DELETE+GET+POST /projects/*/roles/*
		GET+POST /projects/*/users/*/roles
		DELETE+GET /projects/*/users/*/roles/*
	`,
	"realtime": `
		POST /realtime/calls
		POST /realtime/calls/*/accept
		POST /realtime/calls/*/hangup
		POST /realtime/calls/*/refer
		POST /realtime/calls/*/reject
		POST /realtime/client_secrets
		POST /realtime/sessions
		POST /realtime/transcription_sessions
		POST /realtime/translations/client_secrets
	`,
	"responses": `
		POST /responses
		DELETE+GET /responses/*
		POST /responses/*/cancel
		GET /responses/*/input_items
		POST /responses/compact
		POST /responses/input_tokens
	`,
	"skills": `
		GET+POST /skills
		DELETE+GET+POST /skills/*
		GET /skills/*/content
		GET+POST /skills/*/versions
		DELETE+GET /skills/*/versions/*
		GET /skills/*/versions/*/content
	`,
	"threads": `
		POST /threads
		DELETE+GET+POST /threads/*
		GET+POST /threads/*/messages
		DELETE+GET+POST /threads/*/messages/*
		GET+POST /threads/*/runs
		GET+POST /threads/*/runs/*
		POST /threads/*/runs/*/cancel
		GET /threads/*/runs/*/steps
		GET /threads/*/runs/*/steps/*
		POST /threads/*/runs/*/submit_tool_outputs
		POST /threads/runs
	`,
	"uploads": `
		POST /uploads
		POST /uploads/*/cancel
		POST /uploads/*/complete
		POST /uploads/*/parts
	`,
	"vector_stores": `
		GET+POST /vector_stores
		DELETE+GET+POST /vector_stores/*
		POST /vector_stores/*/file_batches
		GET /vector_stores/*/file_batches/*
		POST /vector_stores/*/file_batches/*/cancel
		GET /vector_stores/*/file_batches/*/files
		GET+POST /vector_stores/*/files
		DELETE+GET+POST /vector_stores/*/files/*
		GET /vector_stores/*/files/*/content
		POST /vector_stores/*/search
	`,
	"videos": `
		GET+POST /videos
		DELETE+GET /videos/*
		GET /videos/*/content
		POST /videos/*/remix
		POST /videos/characters
		GET /videos/characters/*
		POST /videos/edits
		POST /videos/extensions
	`,
}

func TestOperations(t *testing.T) {
	names := llm.EndpointNames()
	for want, list := range operations {
		if !slices.Contains(names, want) {
			t.Errorf("%s is no endpoint's name", want)
		}
		for methods, path := range operationsIn(list) {
			for _, method := range strings.Split(methods, "+") {
				checkOperation(t, method, path, want)
			}
		}
	}
	for _, name := range names {
		if operations[name] == "" {
			t.Errorf("endpoint %s has no operation", name)
		}
	}
}

func checkOperation(t *testing.T, method, path, want string) {
	t.Helper()
	path = strings.ReplaceAll(path, "*", "x_1")
	ep, ok := llm.Match(httptest.NewRequest(method, "https://api.openai.com/v1"+path, nil))
	if ep.Name() != want || ok != (want != "generic") {
		t.Errorf("%s %s: got %s, %v; want %s", method, path, ep.Name(), ok, want)
	}
}

// operationsIn yields the lines of a list.
func operationsIn(list string) func(func(methods, path string) bool) {
	return func(yield func(methods, path string) bool) {
		for line := range strings.Lines(strings.TrimSpace(list)) {
			methods, path, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !yield(methods, path) {
				return
			}
		}
	}
}

// TestPublishedOperations walks the provider's own list, where it is at hand.
func TestPublishedOperations(t *testing.T) {
	known := map[string]string{}
	for name, list := range operations {
		for methods, path := range operationsIn(list) {
			for _, method := range strings.Split(methods, "+") {
				known[method+" "+path] = name
			}
		}
	}
	n := 0
	published(t, "operations.jsonl", func(line []byte) {
		var op struct{ Method, Path string }
		if err := json.Unmarshal(line, &op); err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(op.Path, "?")
		steps := strings.Split(path, "/")
		for i := range steps {
			if strings.HasPrefix(steps[i], "{") {
				steps[i] = "*"
			}
		}
		n++
		want, ok := known[op.Method+" "+strings.Join(steps, "/")]
		if !ok {
			t.Errorf("%s %s is in no list of ours", op.Method, op.Path)
		}
		checkOperation(t, op.Method, strings.Join(steps, "/"), want)
	})
	t.Logf("%d operations", n)
}

// published calls f with each line of a file of the provider's own description.
func published(t *testing.T, name string, f func(line []byte)) {
	t.Helper()
	dir := os.Getenv("INFERSHIELD_DATA")
	if dir == "" {
		t.Skip("INFERSHIELD_DATA is not set")
	}
	file, err := os.Open(filepath.Join(dir, "openai", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
