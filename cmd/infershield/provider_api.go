package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	providerModel       = "gpt-4o-mini"
	providerEchoMax     = 4 << 10 // bytes of a prompt that an answer repeats
	providerChoicesMax  = 8
	providerUploadMax   = 1 << 20 // bytes of an upload held in memory, the rest on disk
	embeddingDimensions = 16
)

// answers is the API: what it understands it answers in the provider's words,
// the rest with the provider's 404.
func (p *provider) answers() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]http.HandlerFunc{
		"GET /v1/models":            p.models,
		"POST /v1/chat/completions": p.chat,
		"POST /v1/completions":      p.completions,
		"POST /v1/responses":        p.responses,
		"POST /v1/embeddings":       p.embeddings,
		"POST /v1/moderations":      p.moderations,
		"POST /v1/audio/speech":     p.speech,
		"POST /v1/files":            p.files,
		"GET /v1/realtime":          p.realtime,
		"GET /v1/responses":         p.responsesSocket,
		"/":                         p.unknown,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if p.authorized(w, r) {
				answer(w, r)
			}
		})
	}
	return mux
}

// providerError is the object that the provider's errors hold.
type providerError struct {
	Message string
	Type    string
	Code    string // null when empty
}

// write answers with the error.
func (e providerError) write(w http.ResponseWriter, status int) {
	type object struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	body := struct {
		Error object `json:"error"`
	}{object{Message: e.Message, Type: e.Type}}
	if e.Code != "" {
		body.Error.Code = &e.Code
	}
	replyJSON(w, status, body)
}

// replyJSON sends body as the provider writes whole answers: indented, with a
// length.
func replyJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		panic(err) // every body is a type of this package
	}
	b = append(b, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("Openai-Version", "2020-10-01")
	w.WriteHeader(status)
	// A client that has gone is not the provider's trouble.
	_, _ = w.Write(b)
}

// decodeRequest reads a JSON request into body, or answers 400.
func decodeRequest(w http.ResponseWriter, r *http.Request, body any) bool {
	if err := json.NewDecoder(r.Body).Decode(body); err != nil {
		providerError{
			Message: "We could not parse the JSON body of your request.", Type: "invalid_request_error",
		}.write(w, http.StatusBadRequest)
		return false
	}
	return true
}

func (p *provider) unknown(w http.ResponseWriter, r *http.Request) {
	providerError{
		Message: fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path), Type: "invalid_request_error",
	}.write(w, http.StatusNotFound)
}

func (p *provider) models(w http.ResponseWriter, _ *http.Request) {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	replyJSON(w, http.StatusOK, providerList[model]{Object: "list", Data: []model{
		{ID: providerModel, Object: "model", Created: 1721172741, OwnedBy: "system"},
		{ID: "text-embedding-3-small", Object: "model", Created: 1705948997, OwnedBy: "system"},
	}})
}

type providerList[T any] struct {
	Object string      `json:"object"`
	Data   []T         `json:"data"`
	Model  string      `json:"model,omitempty"`
	Usage  *tokenUsage `json:"usage,omitempty"`
}

type tokenUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// usageOf counts words: near enough to tokens for a stand-in.
func usageOf(prompt, answer string) *tokenUsage {
	in, out := len(strings.Fields(prompt)), len(strings.Fields(answer))
	return &tokenUsage{Prompt: in, Completion: out, Total: in + out}
}

// plainText is the text of a content field: a string, or parts of which the
// textual ones count.
func plainText(raw json.RawMessage) string {
	var whole string
	if json.Unmarshal(raw, &whole) == nil {
		return whole
	}
	var parts []struct {
		Text    string          `json:"text"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(part.Text)
		text.WriteString(plainText(part.Content))
	}
	return text.String()
}

// answerTo is what the stand-in says: it repeats the prompt, so that a client
// sees what reached the provider.
func answerTo(prompt string) string {
	if len(prompt) > providerEchoMax {
		prompt = strings.ToValidUTF8(prompt[:providerEchoMax], "") + " …"
	}
	return "You said: " + prompt
}

func modelOr(model string) string {
	if model == "" {
		return providerModel
	}
	return model
}

func createdNow() int64 { return time.Now().Unix() }
