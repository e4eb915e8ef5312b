package llm_test

import (
	"net/http/httptest"
	"testing"

	"github.com/infershield/infershield/llm"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct{ method, path, want string }{
		{"POST", "/v1/chat/completions", "chat.completions"},
		{"POST", "/v1/chat/completions/", "chat.completions"},
		{"POST", "/openai/deployments/gpt/chat/completions?api-version=1", "chat.completions"},
		{"POST", "/chat/completions", "chat.completions"},
		{"GET", "/v1/chat/completions/chatcmpl-1", "chat.completions"},
		{"POST", "/v1/completions", "completions"},
		{"POST", "/v1/responses", "responses"},
		{"GET", "/v1/responses", "responses"},
		{"GET", "/v1/responses/resp_1", "responses"},
		{"GET", "/v1/responses/resp_1/input_items", "responses"},
		{"POST", "/v1/responses/resp_1/cancel", "responses"},
		{"POST", "/backend-api/codex/responses", "responses"},
		{"POST", "/v1/embeddings", "embeddings"},
		{"POST", "/v1/moderations", "moderations"},
		{"GET", "/v1/models", "models"},
		{"DELETE", "/v1/models/ft:gpt-4o", "models"},
		{"GET", "/v1/organization/usage/completions", "organization"},
		{"DELETE", "/v1/responses/resp_1", "responses"},
		{"POST", "/v1/chat", "generic"},
		{"POST", "/v1/audio/speech", "audio"},
		{"POST", "/v1/xcompletions", "generic"},
		{"POST", "/", "generic"},
		{"OPTIONS", "/v1/chat/completions", "generic"},
	} {
		ep, ok := llm.Match(httptest.NewRequest(tt.method, "https://api.openai.com"+tt.path, nil))
		if ep.Name() != tt.want || ok != (tt.want != "generic") {
			t.Errorf("%s %s: got %s, %v; want %s", tt.method, tt.path, ep.Name(), ok, tt.want)
		}
	}
}
