package main

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// eventStream writes server-sent events and flushes each. After a client has
// gone it is silent: the request's end is the handler's own affair.
type eventStream struct {
	w      http.ResponseWriter
	flush  *http.ResponseController
	failed bool
}

// startEvents sends the header at once: a client learns that its stream has
// begun before the first event is there.
func startEvents(w http.ResponseWriter) *eventStream {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Openai-Version", "2020-10-01")
	w.WriteHeader(http.StatusOK)
	s := &eventStream{w: w, flush: http.NewResponseController(w)}
	s.failed = s.flush.Flush() != nil
	return s
}

// send writes one event in one write; name may be empty.
func (s *eventStream) send(name string, data any) {
	var b bytes.Buffer
	if name != "" {
		b.WriteString("event: " + name + "\n")
	}
	b.WriteString("data: ")
	encoder := json.NewEncoder(&b) // ends with a line feed
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		panic(err) // every event is a type of this package
	}
	b.WriteString("\n")
	s.write(b.Bytes())
}

func (s *eventStream) done() { s.write([]byte("data: [DONE]\n\n")) }

func (s *eventStream) write(b []byte) {
	if s.failed {
		return
	}
	if _, err := s.w.Write(b); err != nil {
		s.failed = true
		return
	}
	s.failed = s.flush.Flush() != nil
}

type responseText struct {
	Type        string     `json:"type"`
	Text        string     `json:"text"`
	Annotations []struct{} `json:"annotations"`
	Logprobs    []struct{} `json:"logprobs"`
}

func outputText(text string) responseText {
	return responseText{Type: "output_text", Text: text, Annotations: []struct{}{}, Logprobs: []struct{}{}}
}

type responseItem struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Status  string         `json:"status"`
	Role    string         `json:"role"`
	Content []responseText `json:"content"`
}

type responseUsage struct {
	Input  int `json:"input_tokens"`
	Output int `json:"output_tokens"`
	Total  int `json:"total_tokens"`
}

type providerResponse struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	CreatedAt         int64             `json:"created_at"`
	Status            string            `json:"status"`
	Error             *struct{}         `json:"error"`
	IncompleteDetails *struct{}         `json:"incomplete_details"`
	Instructions      *string           `json:"instructions"`
	Model             string            `json:"model"`
	Output            []responseItem    `json:"output"`
	ParallelToolCalls bool              `json:"parallel_tool_calls"`
	ToolChoice        string            `json:"tool_choice"`
	Tools             []json.RawMessage `json:"tools"`
	Usage             *responseUsage    `json:"usage"`
	Metadata          struct{}          `json:"metadata"`
}

func (p *provider) responses(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model        string          `json:"model"`
		Instructions *string         `json:"instructions"`
		Input        json.RawMessage `json:"input"`
		Stream       bool            `json:"stream"`
	}
	if !decodeRequest(w, r, &request) {
		return
	}
	prompt := plainText(request.Input)
	begun := providerResponse{
		ID: "resp_standin", Object: "response", CreatedAt: createdNow(), Status: "in_progress", Model: modelOr(request.Model),
		Instructions: request.Instructions, Output: []responseItem{}, ParallelToolCalls: true, ToolChoice: "auto", Tools: []json.RawMessage{},
	}
	text := answerTo(prompt)
	done := begun
	done.Status = "completed"
	done.Output = []responseItem{responseMessage("completed", outputText(text))}
	usage := usageOf(prompt, text)
	done.Usage = &responseUsage{Input: usage.Prompt, Output: usage.Completion, Total: usage.Total}
	if !request.Stream {
		replyJSON(w, http.StatusOK, done)
		return
	}
	streamResponse(startEvents(w), begun, done)
}

func responseMessage(status string, content ...responseText) responseItem {
	if content == nil {
		content = []responseText{}
	}
	return responseItem{ID: "msg_standin", Type: "message", Status: status, Role: "assistant", Content: content}
}

// responseEvent is any event of a streamed response: the fields that its type
// does not have stay out.
type responseEvent struct {
	Type         string            `json:"type"`
	Sequence     int               `json:"sequence_number"`
	Response     *providerResponse `json:"response,omitempty"`
	OutputIndex  *int              `json:"output_index,omitempty"`
	ContentIndex *int              `json:"content_index,omitempty"`
	ItemID       string            `json:"item_id,omitempty"`
	Item         *responseItem     `json:"item,omitempty"`
	Part         *responseText     `json:"part,omitempty"`
	Delta        *string           `json:"delta,omitempty"`
	Text         *string           `json:"text,omitempty"`
}

// responseStream numbers the events of one response.
type responseStream struct {
	events   *eventStream
	sequence int
	first    *int // the index of the only item and of its only part
	itemID   string
}

func (s *responseStream) send(e responseEvent) {
	e.Sequence = s.sequence
	s.sequence++
	s.events.send(e.Type, e)
}

func (s *responseStream) response(kind string, r providerResponse) {
	s.send(responseEvent{Type: kind, Response: &r})
}

func (s *responseStream) item(kind string, i responseItem) {
	s.send(responseEvent{Type: kind, OutputIndex: s.first, Item: &i})
}

func (s *responseStream) content(e responseEvent) {
	e.OutputIndex, e.ContentIndex, e.ItemID = s.first, s.first, s.itemID
	s.send(e)
}

// streamResponse sends the whole life of a response with one message in it.
func streamResponse(events *eventStream, begun, done providerResponse) {
	message := done.Output[0]
	full, none := message.Content[0], outputText("")

	s := &responseStream{events: events, first: new(int), itemID: message.ID}
	s.response("response.created", begun)
	s.response("response.in_progress", begun)
	s.item("response.output_item.added", responseMessage("in_progress"))
	s.content(responseEvent{Type: "response.content_part.added", Part: &none})
	for _, piece := range pieces(full.Text) {
		s.content(responseEvent{Type: "response.output_text.delta", Delta: &piece})
	}
	s.content(responseEvent{Type: "response.output_text.done", Text: &full.Text})
	s.content(responseEvent{Type: "response.content_part.done", Part: &full})
	s.item("response.output_item.done", message)
	s.response("response.completed", done)
}
