package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

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
	said := p.replyTo(prompt)
	stop, text := "stop", said.text()
	completion := textCompletion{ID: "cmpl-standin", Object: "text_completion", Created: createdNow(), Model: modelOr(request.Model)}
	if !request.Stream {
		completion.Choices = []textChoice{{Text: text, FinishReason: &stop}}
		completion.Usage = usageOf(prompt, text)
		replyJSON(w, http.StatusOK, completion)
		return
	}
	events := startEvents(w)
	err := said.each(r.Context(), func(piece string) {
		completion.Choices = []textChoice{{Text: piece}}
		events.send("", completion)
	})
	if err != nil {
		return // nobody listens
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
