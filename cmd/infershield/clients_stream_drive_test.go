package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

// streamCall is one streamed call that a real client is to make. The programs
// of testdata/clients read it as JSON.
type streamCall struct {
	ID      string `json:"id"`
	Base    string `json:"base"` // of the /v1 front; empty goes to the provider by CONNECT
	Key     string `json:"key"`
	API     string `json:"api"` // chat, responses or realtime
	Prompt  string `json:"prompt"`
	Tool    bool   `json:"tool"`
	Choices int    `json:"choices"`
	Path    string `json:"path"` // for clients that have no SDK, as is the body
	Body    string `json:"body"`

	Modality string `json:"modality"` // of a Realtime session
	Turns    int    `json:"turns"`    // over a WebSocket of the Responses API
}

// fill makes the request of clients that have no SDK.
func (c *streamCall) fill(t *testing.T) {
	t.Helper()
	c.Path = "/chat/completions"
	body := map[string]any{"model": "gpt-4o-mini", "stream": true, "messages": []map[string]string{{"role": "user", "content": c.Prompt}}}
	if c.API == "responses" {
		c.Path = "/responses"
		body = map[string]any{"model": "gpt-4o-mini", "stream": true, "input": c.Prompt}
	}
	switch {
	case c.Tool && c.API == "responses":
		body["tools"], body["tool_choice"] = []map[string]string{{"type": "function", "name": "lookup"}}, "required"
	case c.Tool:
		body["tools"] = []map[string]any{{"type": "function", "function": map[string]string{"name": "lookup"}}}
	case c.Choices > 1 && c.API == "chat":
		body["n"], body["logprobs"] = c.Choices, true
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	c.Body = string(b)
}

// streamed is what the client made of it. As a line of a program's it is a
// delta, or a part of the bytes, until it is done.
type streamed struct {
	ID    string `json:"id"`
	Done  bool   `json:"done"`
	Delta string `json:"delta"`
	Part  []byte `json:"part"`

	Texts     []string `json:"texts"` // by choice, or by turn
	Arguments string   `json:"arguments"`
	Repeats   []string `json:"repeats"` // the same as a whole, where the API says it again
	Error     string   `json:"error"`   // the class of the client's own error; empty when all went well
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	Sent      string   `json:"sent"` // SHA-256 of the request's body, in hex
	Read      []byte   `json:"read"` // the answer's body

	// Of a WebSocket: all messages, and how it was closed.
	Messages []string `json:"messages"`
	Closed   int      `json:"closed"`
	Reason   string   `json:"reason"`
}

// streamClient is a real client that reads streams. It tells heard every delta
// as it comes.
type streamClient struct {
	name   string
	needs  func(t *testing.T)
	stream func(ctx context.Context, t *testing.T, p *proxyProcess, calls []streamCall, heard func(id, delta string)) []streamed
	raised string // the class of its error for a stream that ends in one
}

func streamClients() []streamClient {
	return []streamClient{
		{"curl-h1", needsTool("curl"), eachStream(curlStream("--http1.1")), "event"},
		{"curl-h2", needsTool("curl"), eachStream(curlStream("--http2")), "event"},
		{"openai-go", func(*testing.T) {}, eachStream(goStream(false)), "*ssestream.StreamError"},
		{"openai-node", needsNPM, nodeStream, "APIError"},
		{"urllib", needsTool("python3"), streamProgram("python3", "testdata/clients/urllib_stream.py"), "event"},
	}
}

// packedClients are those that ask for compressed answers. What they tell of the
// answer's bytes has been unpacked.
func packedClients() []streamClient {
	return []streamClient{
		{"curl-h1", needsTool("curl"), eachStream(curlStream("--compressed", "--http1.1")), "event"},
		{"curl-h2", needsTool("curl"), eachStream(curlStream("--compressed", "--http2")), "event"},
		{"openai-go", func(*testing.T) {}, eachStream(goStream(true)), "*ssestream.StreamError"},
		{"openai-node", needsNPM, nodeStream, "APIError"}, // asks for it unasked
	}
}

var nodeStream = streamProgram("node", "--require", "./testdata/clients/proxy.cjs", "testdata/clients/stream_sdk.cjs")

func eachStream(one func(context.Context, *testing.T, *proxyProcess, streamCall, func(string)) streamed) func(context.Context, *testing.T, *proxyProcess, []streamCall, func(id, delta string)) []streamed {
	return func(ctx context.Context, t *testing.T, p *proxyProcess, calls []streamCall, heard func(id, delta string)) []streamed {
		t.Helper()
		var all []streamed
		for _, c := range calls {
			all = append(all, one(ctx, t, p, c, func(delta string) { heard(c.ID, delta) }))
		}
		return all
	}
}

// streamProgram has a program make all calls: an array on its stdin, lines on
// its stdout.
func streamProgram(name string, args ...string) func(context.Context, *testing.T, *proxyProcess, []streamCall, func(id, delta string)) []streamed {
	return func(ctx context.Context, t *testing.T, p *proxyProcess, calls []streamCall, heard func(id, delta string)) []streamed {
		t.Helper()
		input, err := json.Marshal(calls)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Env, cmd.Stdin = p.clientEnv(t), bytes.NewReader(input)
		var all []streamed
		tapes := map[string]*tape{}
		follow(t, cmd, func(stdout io.Reader) error {
			for decoder := json.NewDecoder(stdout); ; {
				var line streamed
				if err := decoder.Decode(&line); err != nil {
					return err
				}
				switch {
				case line.Part != nil:
					if tapes[line.ID] == nil {
						tapes[line.ID] = &tape{heard: func(delta string) { heard(line.ID, delta) }}
					}
					_, _ = tapes[line.ID].Write(line.Part)
				case !line.Done:
					heard(line.ID, line.Delta)
				default:
					if tape := tapes[line.ID]; tape != nil {
						line = tape.streamed(line)
					}
					all = append(all, line)
				}
			}
		})
		if len(all) != len(calls) {
			t.Fatalf("%s: got %d outcomes; want %d", name, len(all), len(calls))
		}
		return all
	}
}

// follow has read take a program's stdout as it comes. It fails the test unless
// both end well.
func follow(t *testing.T, cmd *exec.Cmd, read func(stdout io.Reader) error) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := read(stdout); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%s: reading: %v", cmd.Path, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd.Path, err, stderr.String())
	}
}

// curlStream makes the call with curl, which hands on what it gets at once.
func curlStream(options ...string) func(context.Context, *testing.T, *proxyProcess, streamCall, func(string)) streamed {
	return func(ctx context.Context, t *testing.T, p *proxyProcess, c streamCall, heard func(string)) streamed {
		t.Helper()
		base := c.Base
		if base == "" {
			base = "https://api.openai.com/v1"
		}
		cmd := exec.CommandContext(ctx, "curl", append(options, "-sS", "-N", "--data-binary", "@-",
			"-H", "Content-Type: application/json", "-H", "Authorization: Bearer "+c.Key, base+c.Path)...)
		cmd.Env, cmd.Stdin = p.clientEnv(t), bytes.NewReader([]byte(c.Body))
		tape := &tape{heard: heard}
		follow(t, cmd, func(stdout io.Reader) error { _, err := io.Copy(tape, stdout); return err })
		return tape.streamed(streamed{ID: c.ID, Sent: sumOf([]byte(c.Body)), Read: tape.all})
	}
}

// goStream makes the call with openai-go.
func goStream(packed bool) func(context.Context, *testing.T, *proxyProcess, streamCall, func(string)) streamed {
	return func(ctx context.Context, t *testing.T, p *proxyProcess, c streamCall, heard func(string)) streamed {
		t.Helper()
		transport := p.transport(t)
		transport.DisableCompression = !packed
		return goStreamBy(ctx, transport, c, heard)
	}
}

func goStreamBy(ctx context.Context, transport *http.Transport, c streamCall, heard func(string)) streamed {
	defer transport.CloseIdleConnections()
	base := c.Base
	if base == "" {
		base = "https://api.openai.com/v1"
	}
	w := &witness{next: transport}
	client := openai.NewClient(option.WithAPIKey(c.Key), option.WithMaxRetries(0), option.WithBaseURL(base), option.WithHTTPClient(&http.Client{Transport: w}))
	got := streamed{ID: c.ID}
	var err error
	if c.API == "responses" {
		err = goResponses(ctx, client, c, heard, &got)
	} else {
		err = goChats(ctx, client, c, heard, &got)
	}
	if err != nil {
		got.Error, got.Message = fmt.Sprintf("%T", err), err.Error()
	}
	got.Sent, got.Read = w.sent, w.read.Bytes()
	return got
}

func goChats(ctx context.Context, client openai.Client, c streamCall, heard func(string), got *streamed) error {
	params := openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(c.Prompt)},
	}
	if c.Choices > 1 {
		params.N, params.Logprobs = openai.Int(int64(c.Choices)), openai.Bool(true)
	}
	if c.Tool {
		params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "lookup"})}
	}
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		chunk := stream.Current()
		sum.AddChunk(chunk)
		for _, choice := range chunk.Choices {
			delta := choice.Delta.Content
			for _, call := range choice.Delta.ToolCalls {
				delta += call.Function.Arguments
			}
			if delta != "" {
				heard(delta)
			}
		}
	}
	for _, choice := range sum.Choices {
		if len(choice.Message.ToolCalls) > 0 {
			got.Arguments = choice.Message.ToolCalls[0].Function.Arguments
			continue
		}
		got.Texts = append(got.Texts, choice.Message.Content)
	}
	return stream.Err()
}

func goResponses(ctx context.Context, client openai.Client, c streamCall, heard func(string), got *streamed) error {
	params := responses.ResponseNewParams{
		Model: "gpt-4o-mini",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(c.Prompt)},
	}
	if c.Tool {
		params.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("lookup", nil, false)}
		params.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{OfToolChoiceMode: openai.Opt(responses.ToolChoiceOptionsRequired)}
	}
	stream := client.Responses.NewStreaming(ctx, params)
	var text string
	for stream.Next() {
		switch e := stream.Current().AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += e.Delta
			heard(e.Delta)
		case responses.ResponseTextDoneEvent:
			got.Repeats = append(got.Repeats, e.Text)
		case responses.ResponseFunctionCallArgumentsDeltaEvent:
			got.Arguments += e.Delta
			heard(e.Delta)
		case responses.ResponseFunctionCallArgumentsDoneEvent:
			got.Repeats = append(got.Repeats, e.Arguments)
		case responses.ResponseCompletedEvent:
			for _, item := range e.Response.Output {
				if item.Type == "function_call" {
					got.Repeats = append(got.Repeats, item.Arguments.OfString)
				}
			}
			if whole := e.Response.OutputText(); whole != "" {
				got.Repeats = append(got.Repeats, whole)
			}
		}
	}
	if text != "" {
		got.Texts = []string{text}
	}
	return stream.Err()
}
