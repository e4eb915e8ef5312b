package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// call is one chat completion that a real client is to make. The programs of
// testdata/clients read it as JSON.
type call struct {
	ID     string `json:"id"`
	Base   string `json:"base"` // of the /v1 front; empty goes to the provider by CONNECT
	Key    string `json:"key"`  // empty sends none
	Prompt string `json:"prompt"`
	Stream bool   `json:"stream"`
}

func (c call) url() string {
	if c.Base == "" {
		return "https://api.openai.com/v1/chat/completions"
	}
	return c.Base + "/chat/completions"
}

// outcome is what the client made of it: the text of an answer, or the error
// that its users see.
type outcome struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Status  int    `json:"status"`
	Error   string `json:"error"` // the class of the client's own error; empty when all went well
	Code    string `json:"code"`
	Message string `json:"message"`
	Sent    string `json:"sent"` // SHA-256 of the request's body, in hex
	Read    string `json:"read"` // SHA-256 of the answer's body, in hex
}

// realClient is a client with nothing changed but its proxy and CA settings.
type realClient struct {
	name   string
	needs  func(t *testing.T)
	calls  func(t *testing.T, p *proxyProcess, calls []call) []outcome
	raised string // the class of its error for a blocked request
	denied string // the class of its error for a missing key
	proto  string // spoken inside the CONNECT tunnel, hence to the provider
}

func realClients() []realClient {
	return []realClient{
		{"curl-h1", needsTool("curl"), eachBy(curl("--http1.1")), "curl", "curl", "HTTP/1.1"},
		{"curl-h2", needsTool("curl"), eachBy(curl("--http2")), "curl", "curl", "HTTP/2.0"},
		{"openai-go", func(*testing.T) {}, eachBy(goSDK), "*openai.Error", "*openai.Error", "HTTP/2.0"},
		{"openai-node", needsNPM, program("node", "--require", "./testdata/clients/proxy.cjs", "testdata/clients/openai_sdk.cjs"), "PermissionDeniedError", "AuthenticationError", "HTTP/1.1"},
		{"urllib", needsTool("python3"), program("python3", "testdata/clients/urllib_client.py"), "HTTPError", "HTTPError", "HTTP/1.1"},
	}
}

// needsTool skips the test where tool is missing, by name, and fails it where
// CI is set.
func needsTool(tool string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
}

func needsNPM(t *testing.T) {
	t.Helper()
	needsTool("node")(t)
	if _, err := os.Stat(filepath.Join(npmFolder(t), "stamp")); err != nil {
		missing(t, "the npm package openai (scripts/test-deps.sh installs it)")
	}
}

func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing, and CI is set", tool)
	}
	t.Skipf("%s is missing", tool)
}

// npmFolder is where scripts/test-deps.sh installs.
func npmFolder(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../../.cache/npm")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// eachBy makes one call after the other.
func eachBy(one func(*testing.T, *proxyProcess, call) outcome) func(*testing.T, *proxyProcess, []call) []outcome {
	return func(t *testing.T, p *proxyProcess, calls []call) []outcome {
		t.Helper()
		var outcomes []outcome
		for _, c := range calls {
			o := one(t, p, c)
			o.ID = c.ID
			outcomes = append(outcomes, o)
		}
		return outcomes
	}
}

// program has a program make all calls: an array on its stdin, an outcome a
// line on its stdout.
func program(name string, args ...string) func(*testing.T, *proxyProcess, []call) []outcome {
	return func(t *testing.T, p *proxyProcess, calls []call) []outcome {
		t.Helper()
		input, err := json.Marshal(calls)
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = p.clientEnv(t)
		cmd.Stdin = bytes.NewReader(input)
		cmd.Stderr = &stderr
		output, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, stderr.String())
		}
		var outcomes []outcome
		for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
			var o outcome
			if err := decoder.Decode(&o); err != nil {
				t.Fatalf("%s: %v in %s", name, err, output)
			}
			outcomes = append(outcomes, o)
		}
		if len(outcomes) != len(calls) {
			t.Fatalf("%s: got %d outcomes; want %d\n%s", name, len(outcomes), len(calls), stderr.String())
		}
		return outcomes
	}
}

// chatBody is the request of clients that have no SDK.
func chatBody(t *testing.T, c call) []byte {
	t.Helper()
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	body, err := json.Marshal(struct {
		Model    string    `json:"model"`
		Messages []message `json:"messages"`
		Stream   bool      `json:"stream"`
	}{"gpt-4o-mini", []message{{"user", c.Prompt}}, c.Stream})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func curl(protocol string) func(*testing.T, *proxyProcess, call) outcome {
	return func(t *testing.T, p *proxyProcess, c call) outcome {
		t.Helper()
		folder := t.TempDir()
		answer := filepath.Join(folder, "answer")
		body := chatBody(t, c)
		args := []string{"-sS", "-N", protocol, "-o", answer, "-w", "%{http_code}", "-H", "Content-Type: application/json", "--data-binary", "@-"}
		if c.Key != "" {
			args = append(args, "-H", "Authorization: Bearer "+c.Key)
		}
		cmd := exec.CommandContext(t.Context(), "curl", append(args, c.url())...)
		cmd.Env = p.clientEnv(t)
		cmd.Stdin = bytes.NewReader(body)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		status, err := cmd.Output()
		if err != nil {
			t.Fatalf("curl: %v: %s", err, stderr.String())
		}
		got, err := os.ReadFile(answer)
		if err != nil {
			t.Fatal(err)
		}
		o := outcome{Sent: sumOf(body), Read: sumOf(got)}
		if o.Status, err = strconv.Atoi(string(status)); err != nil {
			t.Fatal(err)
		}
		if o.Status == http.StatusOK {
			o.Text = chatText(t, got, c.Stream)
			return o
		}
		var told struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(got, &told); err != nil {
			t.Fatalf("status %d with %q: %v", o.Status, got, err)
		}
		o.Error, o.Code, o.Message = "curl", told.Error.Code, told.Error.Message
		return o
	}
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// chatText is the text of an answer, whole or streamed.
func chatText(t *testing.T, body []byte, stream bool) string {
	t.Helper()
	if !stream {
		var completion openai.ChatCompletion
		if err := json.Unmarshal(body, &completion); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		return completion.Choices[0].Message.Content
	}
	var text strings.Builder
	for scanner := bufio.NewScanner(bytes.NewReader(body)); scanner.Scan(); {
		data, ok := strings.CutPrefix(scanner.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk openai.ChatCompletionChunk
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		for _, choice := range chunk.Choices {
			text.WriteString(choice.Delta.Content)
		}
	}
	return text.String()
}

// transport is how a Go client goes through the proxy, save to this machine:
// what HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE make of a program's default.
func (p *proxyProcess) transport(t *testing.T) *http.Transport {
	t.Helper()
	proxy := &url.URL{Scheme: "http", Host: p.addr}
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "https" {
				return proxy, nil
			}
			return nil, nil
		},
		TLSClientConfig:    &tls.Config{RootCAs: p.roots(t)},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}
}

// goSDK makes the call with openai-go.
func goSDK(t *testing.T, p *proxyProcess, c call) outcome {
	t.Helper()
	transport := p.transport(t)
	defer transport.CloseIdleConnections()
	options := []option.RequestOption{option.WithAPIKey(c.Key), option.WithMaxRetries(0)}
	if c.Base != "" {
		options = append(options, option.WithBaseURL(c.Base))
	} else {
		options = append(options, option.WithBaseURL("https://api.openai.com/v1"))
	}
	w := &witness{next: transport}
	client := openai.NewClient(append(options, option.WithHTTPClient(&http.Client{Transport: w}))...)
	text, err := goChat(t.Context(), client, c)
	o := outcome{Status: http.StatusOK, Text: text, Sent: w.sent, Read: sumOf(w.read.Bytes())}
	if apiErr := (*openai.Error)(nil); errors.As(err, &apiErr) {
		o.Error, o.Status, o.Code, o.Message = "*openai.Error", apiErr.StatusCode, apiErr.Code, apiErr.Message
	} else if err != nil {
		t.Fatalf("openai-go: %v", err)
	}
	return o
}

func goChat(ctx context.Context, client openai.Client, c call) (string, error) {
	params := openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(c.Prompt)},
	}
	if !c.Stream {
		completion, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return "", err
		}
		return completion.Choices[0].Message.Content, nil
	}
	var text strings.Builder
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			text.WriteString(choice.Delta.Content)
		}
	}
	return text.String(), stream.Err()
}

// witness takes the sum of what one call sends, and keeps what it reads.
type witness struct {
	next http.RoundTripper
	sent string
	read bytes.Buffer
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.sent = sumOf(body)
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(resp.Body, &w.read), resp.Body}
	return resp, nil
}
