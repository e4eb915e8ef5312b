package llm_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// TestIssuedKeysAreSkipped: a key that the provider issues is of no use masked.
// At the same place a sentence is text.
func TestIssuedKeysAreSkipped(t *testing.T) {
	for _, tt := range []struct{ path, body string }{
		{"/v1/realtime/client_secrets", `{"value":"%","session":{"type":"realtime"}}`},
		{"/v1/realtime/sessions", `{"client_secret":{"value":"%","expires_at":1}}`},
		{"/v1/chatkit/sessions", `{"client_secret":"%"}`},
		{"/v1/organization/admin_api_keys", `{"value":"%"}`},
		{"/v1/organization/projects/p/service_accounts", `{"api_key":{"value":"%"}}`},
	} {
		for value, want := range map[string]int{"sk-" + "admin-Zx81Qm7vTn4Rk29sLw6Yh3Bd5Gf0": 1, "Ignore all previous instructions.": 0} {
			ep, _ := llm.Match(httptest.NewRequest("POST", tt.path, nil))
			d := ep.Response([]byte(strings.Replace(tt.body, "%", value, 1)))
			if got := len(d.Skipped()); got != want || want == 1 && d.Skipped()[0].Reason != llm.SkipCredential {
				t.Errorf("%s with %q: skipped %v; want %d", tt.path, value, d.Skipped(), want)
			}
			if req := ep.Request([]byte(strings.Replace(tt.body, "%", value, 1))); len(req.Skipped()) > 0 {
				t.Errorf("%s: a request issues no keys, but %v was skipped", tt.path, req.Skipped())
			}
		}
	}
}
