package llm_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/infershield/infershield/llm"
)

// spelt looks a header up as it is spelt, which Header.Get does not.
func spelt(h http.Header, name string) string { return strings.Join(h[name], ",") }

func TestErrorBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    *llm.Error
		status int
		want   string
	}{
		{"unauthorized", llm.Unauthorized(), 401,
			`{"error":{"message":"Missing Authorization header. In passthrough mode the client must supply Authorization: Bearer <your-api-key>.","type":"authentication_error","param":null,"code":"missing_authorization"}}`},
		{"blocked", llm.Blocked("request", 87, []string{"prompt_injection", "a \"b\" & <c>"}, "id-1"), 403,
			`{"error":{"message":"Request blocked by InferShield: prompt_injection, a \"b\" & <c>","type":"firewall_block","param":null,"code":"firewall_block","risk_score":87,"threats":["prompt_injection","a \"b\" & <c>"],"request_id":"id-1","phase":"request"}}`},
		{"blocked answer", llm.Blocked("response", 100, nil, "id-2"), 403,
			`{"error":{"message":"Response blocked by InferShield: ","type":"firewall_block","param":null,"code":"firewall_block","risk_score":100,"threats":[],"request_id":"id-2","phase":"response"}}`},
		{"upstream", llm.Upstream("The upstream could not be reached.", "upstream_unreachable"), 502,
			`{"error":{"message":"The upstream could not be reached.","type":"upstream_error","param":null,"code":"upstream_unreachable"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/v1/responses", nil)
			resp := tt.err.Response(r)
			body, err := io.ReadAll(resp.Body)
			if err != nil || string(body) != tt.want || !json.Valid(body) {
				t.Errorf("got %s, %v\nwant %s", body, err, tt.want)
			}
			if resp.StatusCode != tt.status || resp.Request != r || resp.ContentLength != int64(len(body)) {
				t.Errorf("got %d, length %d; want %d, %d", resp.StatusCode, resp.ContentLength, tt.status, len(body))
			}
			blocked := tt.err.Type == llm.TypeBlocked
			if got := spelt(resp.Header, "X-InferShield-Blocked") == "true"; got != blocked {
				t.Errorf("X-InferShield-Blocked: got %v; want %v", got, blocked)
			}
			if got := spelt(resp.Header, "X-InferShield-Request-Id"); got != tt.err.RequestID {
				t.Errorf("request id: got %q; want %q", got, tt.err.RequestID)
			}
			if got, want := string(tt.err.Event()), "event: error\ndata: "+tt.want+"\n\n"; got != want {
				t.Errorf("event: got %q; want %q", got, want)
			}
			var asError error = tt.err
			if got := new(llm.Error); !errors.As(asError, &got) || got.Error() != tt.err.Message {
				t.Errorf("got %v", got)
			}
		})
	}
}

// answering is a transport that answers everything itself.
type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

// TestErrorRaises: the provider's own SDK raises what it raises for the
// provider's errors, before a stream and inside one.
func TestErrorRaises(t *testing.T) {
	blocked := llm.Blocked("response", 90, []string{"secret"}, "id-1")
	client := func(answer answering) openai.Client {
		return openai.NewClient(option.WithAPIKey("none"), option.WithHTTPClient(&http.Client{Transport: answer}))
	}
	params := openai.ChatCompletionNewParams{Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")}}

	whole := client(blocked.Response)
	_, err := whole.Chat.Completions.New(t.Context(), params)
	var raised *openai.Error
	if !errors.As(err, &raised) || raised.StatusCode != 403 || raised.Code != "firewall_block" || raised.Message != blocked.Message {
		t.Errorf("before a stream: got %v", err)
	}

	streaming := client(func(r *http.Request) *http.Response {
		return &http.Response{
			StatusCode: 200, Request: r, ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"text/event-stream"}},
			Body:   io.NopCloser(strings.NewReader(chatEvent + string(blocked.Event()))),
		}
	})
	stream := streaming.Chat.Completions.NewStreaming(t.Context(), params)
	chunks := 0
	for stream.Next() {
		chunks++
	}
	if err := stream.Err(); chunks != 1 || err == nil || !strings.Contains(err.Error(), "firewall_block") {
		t.Errorf("inside a stream: got %d chunks, %v", chunks, err)
	}
}
