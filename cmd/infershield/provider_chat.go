package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// chatRequest is as much of a chat completion request as the answer needs.
type chatRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	N             int           `json:"n"`
	Stream        bool          `json:"stream"`
	StreamOptions streamOptions `json:"stream_options"`
	Tools         []struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	} `json:"tools"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// prompt is the last message's text.
func (r *chatRequest) prompt() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return plainText(r.Messages[len(r.Messages)-1].Content)
}

// tool is the function that the answer calls: the first one offered, unless
// the request brings a tool's result, which wants words.
func (r *chatRequest) tool() (name string, ok bool) {
	if len(r.Tools) == 0 || len(r.Messages) == 0 || r.Messages[len(r.Messages)-1].Role == "tool" {
		return "", false
	}
	return r.Tools[0].Function.Name, true
}

// choiceCount is how many answers were asked for, within reason.
func choiceCount(n int) int { return min(max(n, 1), providerChoicesMax) }

type toolCall struct {
	Index    *int         `json:"index,omitempty"` // in a stream alone
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type,omitempty"`
	Function toolFunction `json:"function"`
}

type toolFunction struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

type chatMessage struct {
	Role      string     `json:"role"`
	Content   *string    `json:"content"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
	Refusal   *string    `json:"refusal"`
}

type chatChoice struct {
	Index        int         `json:"index"`
	Message      chatMessage `json:"message"`
	Logprobs     *struct{}   `json:"logprobs"`
	FinishReason string      `json:"finish_reason"`
}

type chatCompletion struct {
	ID          string       `json:"id"`
	Object      string       `json:"object"`
	Created     int64        `json:"created"`
	Model       string       `json:"model"`
	Choices     []chatChoice `json:"choices"`
	Usage       *tokenUsage  `json:"usage"`
	ServiceTier string       `json:"service_tier"`
	Fingerprint string       `json:"system_fingerprint"`
}

func (p *provider) chat(w http.ResponseWriter, r *http.Request) {
	var request chatRequest
	if !decodeRequest(w, r, &request) {
		return
	}
	if request.Stream {
		request.stream(w)
		return
	}
	completion := chatCompletion{
		ID: "chatcmpl-standin", Object: "chat.completion", Created: createdNow(), Model: modelOr(request.Model),
		Usage:       usageOf(request.prompt(), answerTo(request.prompt())),
		ServiceTier: "default", Fingerprint: "fp_standin",
	}
	for i := range choiceCount(request.N) {
		completion.Choices = append(completion.Choices, request.choice(i))
	}
	replyJSON(w, http.StatusOK, completion)
}

func (r *chatRequest) choice(index int) chatChoice {
	if name, ok := r.tool(); ok {
		call := toolCall{ID: callID(index), Type: "function", Function: toolFunction{name, arguments(r.prompt())}}
		return chatChoice{
			Index: index, FinishReason: "tool_calls",
			Message: chatMessage{Role: "assistant", ToolCalls: []toolCall{call}},
		}
	}
	text := answerTo(r.prompt())
	return chatChoice{Index: index, FinishReason: "stop", Message: chatMessage{Role: "assistant", Content: &text}}
}

func callID(index int) string { return fmt.Sprintf("call_standin%d", index) }

// arguments are JSON in a string, as the provider sends them.
func arguments(prompt string) string {
	b, err := json.Marshal(struct {
		Input string `json:"input"`
	}{answerTo(prompt)})
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

type chatDelta struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content,omitempty"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
}

type chunkChoice struct {
	Index        int       `json:"index"`
	Delta        chatDelta `json:"delta"`
	Logprobs     *struct{} `json:"logprobs"`
	FinishReason *string   `json:"finish_reason"`
}

type chatChunk struct {
	ID          string        `json:"id"`
	Object      string        `json:"object"`
	Created     int64         `json:"created"`
	Model       string        `json:"model"`
	ServiceTier string        `json:"service_tier"`
	Fingerprint string        `json:"system_fingerprint"`
	Choices     []chunkChoice `json:"choices"`
	Usage       *tokenUsage   `json:"usage"`
}

// stream sends the choices' chunks in turn, a word at a time: role, text or
// the tool's arguments, finish, then the usage if it was asked for.
func (r *chatRequest) stream(w http.ResponseWriter) {
	events := startEvents(w)
	chunk := chatChunk{
		ID: "chatcmpl-standin", Object: "chat.completion.chunk", Created: createdNow(), Model: modelOr(r.Model),
		ServiceTier: "default", Fingerprint: "fp_standin",
	}
	for _, delta := range r.deltas() {
		for i := range choiceCount(r.N) {
			chunk.Choices = []chunkChoice{{Index: i, Delta: delta}}
			events.send("", chunk)
		}
	}
	reason := "stop"
	if _, ok := r.tool(); ok {
		reason = "tool_calls"
	}
	for i := range choiceCount(r.N) {
		chunk.Choices = []chunkChoice{{Index: i, FinishReason: &reason}}
		events.send("", chunk)
	}
	if r.StreamOptions.IncludeUsage {
		chunk.Choices = []chunkChoice{}
		chunk.Usage = usageOf(r.prompt(), answerTo(r.prompt()))
		events.send("", chunk)
	}
	events.done()
}

func (r *chatRequest) deltas() []chatDelta {
	name, ok := r.tool()
	if !ok {
		empty := ""
		deltas := []chatDelta{{Role: "assistant", Content: &empty}}
		for _, piece := range pieces(answerTo(r.prompt())) {
			deltas = append(deltas, chatDelta{Content: &piece})
		}
		return deltas
	}
	first := new(int)
	deltas := []chatDelta{{Role: "assistant", ToolCalls: []toolCall{
		{Index: first, ID: callID(0), Type: "function", Function: toolFunction{Name: name}},
	}}}
	for _, piece := range pieces(arguments(r.prompt())) {
		deltas = append(deltas, chatDelta{ToolCalls: []toolCall{{Index: first, Function: toolFunction{Arguments: piece}}}})
	}
	return deltas
}

// pieces cuts text behind every space: the deltas of a stream.
func pieces(text string) []string { return strings.SplitAfter(text, " ") }

type textChoice struct {
	Text         string    `json:"text"`
	Index        int       `json:"index"`
	Logprobs     *struct{} `json:"logprobs"`
	FinishReason *string   `json:"finish_reason"`
}

type textCompletion struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	Choices []textChoice `json:"choices"`
	Usage   *tokenUsage  `json:"usage,omitempty"`
}

// completions is the old endpoint; prompt is a string or a list of them.
func (p *provider) completions(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model         string          `json:"model"`
		Prompt        json.RawMessage `json:"prompt"`
		Stream        bool            `json:"stream"`
		StreamOptions streamOptions   `json:"stream_options"`
	}
	if !decodeRequest(w, r, &request) {
		return
	}
	var prompts []string
	if json.Unmarshal(request.Prompt, &prompts) != nil {
		prompts = []string{plainText(request.Prompt)}
	}
	prompt := strings.Join(prompts, " ")
	stop, text := "stop", answerTo(prompt)
	completion := textCompletion{ID: "cmpl-standin", Object: "text_completion", Created: createdNow(), Model: modelOr(request.Model)}
	if !request.Stream {
		completion.Choices = []textChoice{{Text: text, FinishReason: &stop}}
		completion.Usage = usageOf(prompt, text)
		replyJSON(w, http.StatusOK, completion)
		return
	}
	events := startEvents(w)
	for _, piece := range pieces(text) {
		completion.Choices = []textChoice{{Text: piece}}
		events.send("", completion)
	}
	completion.Choices = []textChoice{{FinishReason: &stop}}
	events.send("", completion)
	if request.StreamOptions.IncludeUsage {
		completion.Choices = []textChoice{}
		completion.Usage = usageOf(prompt, text)
		events.send("", completion)
	}
	events.done()
}
