package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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
	Logprobs      bool          `json:"logprobs"`
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
	Logprobs     *tokenLogs  `json:"logprobs"`
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

// tokenLogs says how sure the model was of each token.
type tokenLogs struct {
	Content []tokenLog `json:"content"`
}

type tokenLog struct {
	Token   string     `json:"token"`
	Logprob float64    `json:"logprob"`
	Bytes   []int      `json:"bytes"`
	Top     []struct{} `json:"top_logprobs"`
}

type chatDelta struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content,omitempty"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
}

type chunkChoice struct {
	Index        int        `json:"index"`
	Delta        chatDelta  `json:"delta"`
	Logprobs     *tokenLogs `json:"logprobs"`
	FinishReason *string    `json:"finish_reason"`
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

func (p *provider) chat(w http.ResponseWriter, r *http.Request) {
	var request chatRequest
	if !decodeRequest(w, r, &request) {
		return
	}
	said := p.replyTo(request.prompt())
	if request.Stream {
		request.stream(r.Context(), startEvents(w), said)
		return
	}
	completion := chatCompletion{
		ID: "chatcmpl-standin", Object: "chat.completion", Created: createdNow(), Model: modelOr(request.Model),
		Usage:       usageOf(request.prompt(), said.text()),
		ServiceTier: "default", Fingerprint: "fp_standin",
	}
	for i := range choiceCount(request.N) {
		completion.Choices = append(completion.Choices, request.choice(i, said))
	}
	replyJSON(w, http.StatusOK, completion)
}

func (r *chatRequest) choice(index int, said reply) chatChoice {
	if name, ok := r.tool(); ok {
		call := toolCall{ID: callID(index), Type: "function", Function: toolFunction{name, said.arguments().text()}}
		return chatChoice{
			Index: index, FinishReason: "tool_calls",
			Message: chatMessage{Role: "assistant", ToolCalls: []toolCall{call}},
		}
	}
	text := said.text()
	return chatChoice{
		Index: index, FinishReason: "stop", Logprobs: r.logprobs(said.pieces...),
		Message: chatMessage{Role: "assistant", Content: &text},
	}
}

func callID(index int) string { return fmt.Sprintf("call_standin%d", index) }

// logprobs are given where they are asked for: each piece is one token, of
// which the stand-in is certain.
func (r *chatRequest) logprobs(tokens ...string) *tokenLogs {
	if !r.Logprobs {
		return nil
	}
	logs := &tokenLogs{Content: []tokenLog{}}
	for _, token := range tokens {
		log := tokenLog{Token: token, Bytes: []int{}, Top: []struct{}{}}
		for _, b := range []byte(token) {
			log.Bytes = append(log.Bytes, int(b))
		}
		logs.Content = append(logs.Content, log)
	}
	return logs
}

// stream sends the choices' chunks in turn, a piece at a time: role, text or the
// tool's arguments, finish, then the usage if it was asked for.
func (r *chatRequest) stream(ctx context.Context, events *eventStream, said reply) {
	chunk := chatChunk{
		ID: "chatcmpl-standin", Object: "chat.completion.chunk", Created: createdNow(), Model: modelOr(r.Model),
		ServiceTier: "default", Fingerprint: "fp_standin",
	}
	send := func(choice chunkChoice) {
		for choice.Index = range choiceCount(r.N) {
			chunk.Choices = []chunkChoice{choice}
			events.send("", chunk)
		}
	}
	reason, err := "stop", error(nil)
	if name, ok := r.tool(); ok {
		reason, err = "tool_calls", sayCall(ctx, name, said.arguments(), send)
	} else {
		err = r.sayText(ctx, said, send)
	}
	if err != nil {
		return // nobody listens
	}
	send(chunkChoice{FinishReason: &reason})
	if r.StreamOptions.IncludeUsage {
		chunk.Choices = []chunkChoice{}
		chunk.Usage = usageOf(r.prompt(), said.text())
		events.send("", chunk)
	}
	events.done()
}

func (r *chatRequest) sayText(ctx context.Context, said reply, send func(chunkChoice)) error {
	send(chunkChoice{Delta: chatDelta{Role: "assistant", Content: new(string)}})
	return said.each(ctx, func(piece string) {
		send(chunkChoice{Delta: chatDelta{Content: &piece}, Logprobs: r.logprobs(piece)})
	})
}

func sayCall(ctx context.Context, name string, arguments reply, send func(chunkChoice)) error {
	first := new(int)
	send(chunkChoice{Delta: chatDelta{Role: "assistant", ToolCalls: []toolCall{
		{Index: first, ID: callID(0), Type: "function", Function: toolFunction{Name: name}},
	}}})
	return arguments.each(ctx, func(piece string) {
		send(chunkChoice{Delta: chatDelta{ToolCalls: []toolCall{{Index: first, Function: toolFunction{Arguments: piece}}}}})
	})
}
