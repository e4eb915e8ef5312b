package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// responsesRequest is as much of a request as the answer needs. Over a
// WebSocket it is the whole of a response.create message.
type responsesRequest struct {
	Model        string          `json:"model"`
	Instructions *string         `json:"instructions"`
	Input        json.RawMessage `json:"input"`
	Stream       bool            `json:"stream"`
	Tools        []responseTool  `json:"tools"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
	Previous     string          `json:"previous_response_id"`
	Generate     *bool           `json:"generate"` // false only makes the model read the input
}

type responseTool struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// prompt is the input, or the text of its last item that has any.
func (r *responsesRequest) prompt() string {
	var items []struct {
		Content json.RawMessage `json:"content"`
		Output  json.RawMessage `json:"output"`
	}
	if json.Unmarshal(r.Input, &items) != nil {
		return plainText(r.Input)
	}
	for i := len(items) - 1; i >= 0; i-- {
		if text := plainText(items[i].Content) + plainText(items[i].Output); text != "" {
			return text
		}
	}
	return ""
}

// tool is the function that the answer must call: the first one, where the
// request insists on a call.
func (r *responsesRequest) tool() (name string, ok bool) {
	var choice string
	if json.Unmarshal(r.ToolChoice, &choice) != nil || choice != "required" {
		return "", false
	}
	for _, tool := range r.Tools {
		if tool.Type == "function" {
			return tool.Name, true
		}
	}
	return "", false
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

// responseItem is a message or a function call.
type responseItem struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Status    string         `json:"status"`
	Role      string         `json:"role,omitempty"`
	Content   []responseText `json:"content,omitzero"`
	CallID    string         `json:"call_id,omitempty"`
	Name      string         `json:"name,omitempty"`
	Arguments *string        `json:"arguments,omitempty"`
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
	Previous          *string           `json:"previous_response_id"`
	ToolChoice        string            `json:"tool_choice"`
	Tools             []json.RawMessage `json:"tools"`
	Usage             *responseUsage    `json:"usage"`
	Metadata          struct{}          `json:"metadata"`
}

// responseLife is a response as it begins and as it ends, and what is said in
// between.
type responseLife struct {
	begun, done providerResponse
	said        reply // the text, or the arguments of the call
}

// respond makes the answer to a request. Each has a number of its own, as the
// identifiers of the provider are never the same twice.
func (p *provider) respond(request *responsesRequest) responseLife {
	id := fmt.Sprintf("standin%d", p.answered.Add(1))
	life := responseLife{begun: providerResponse{
		ID: "resp_" + id, Object: "response", CreatedAt: createdNow(), Status: "in_progress", Model: modelOr(request.Model),
		Instructions: request.Instructions, Output: []responseItem{}, ParallelToolCalls: true, ToolChoice: "auto", Tools: []json.RawMessage{},
	}}
	if request.Previous != "" {
		life.begun.Previous = &request.Previous
	}
	life.done = life.begun
	life.done.Status = "completed"
	var text string
	if request.Generate == nil || *request.Generate {
		life.said = p.replyTo(request.prompt())
		item := responseItem{ID: "msg_" + id, Type: "message", Status: "completed", Role: "assistant"}
		if name, ok := request.tool(); ok {
			life.said = life.said.arguments()
			text = life.said.text()
			item = responseItem{ID: "fc_" + id, Type: "function_call", Status: "completed", CallID: "call_" + id, Name: name, Arguments: &text}
		} else {
			text = life.said.text()
			item.Content = []responseText{outputText(text)}
		}
		life.done.Output = []responseItem{item}
	}
	usage := usageOf(request.prompt(), text)
	life.done.Usage = &responseUsage{Input: usage.Prompt, Output: usage.Completion, Total: usage.Total}
	return life
}

func (p *provider) responses(w http.ResponseWriter, r *http.Request) {
	var request responsesRequest
	if !decodeRequest(w, r, &request) {
		return
	}
	life := p.respond(&request)
	if !request.Stream {
		replyJSON(w, http.StatusOK, life.done)
		return
	}
	_ = life.stream(r.Context(), startEvents(w)) // its only error is that nobody listens
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
	Arguments    *string           `json:"arguments,omitempty"`
}

// responseStream numbers the events of one response.
type responseStream struct {
	events   eventSink
	sequence int
	first    *int // the index of the only item and of its only part
}

func (s *responseStream) send(e responseEvent) {
	e.Sequence = s.sequence
	s.sequence++
	s.events.send(e.Type, e)
}

// stream sends the whole life of a response with at most one item in it. Its
// error is that ctx has ended, or that the reply was not to go on.
func (l responseLife) stream(ctx context.Context, events eventSink) error {
	s := &responseStream{events: events, first: new(int)}
	s.send(responseEvent{Type: "response.created", Response: &l.begun})
	s.send(responseEvent{Type: "response.in_progress", Response: &l.begun})
	for _, item := range l.done.Output {
		added := item
		added.Status = "in_progress"
		if item.Type == "message" {
			added.Content = []responseText{}
		} else {
			added.Arguments = new(string)
		}
		s.send(responseEvent{Type: "response.output_item.added", OutputIndex: s.first, Item: &added})
		say := s.message
		if item.Type != "message" {
			say = s.call
		}
		if err := say(ctx, item, l.said); err != nil {
			return err
		}
		s.send(responseEvent{Type: "response.output_item.done", OutputIndex: s.first, Item: &item})
	}
	s.send(responseEvent{Type: "response.completed", Response: &l.done})
	return nil
}

func (s *responseStream) message(ctx context.Context, item responseItem, said reply) error {
	content := func(e responseEvent) {
		e.OutputIndex, e.ContentIndex, e.ItemID = s.first, s.first, item.ID
		s.send(e)
	}
	full, none := item.Content[0], outputText("")
	content(responseEvent{Type: "response.content_part.added", Part: &none})
	err := said.each(ctx, func(piece string) {
		content(responseEvent{Type: "response.output_text.delta", Delta: &piece})
	})
	if err != nil {
		return err
	}
	content(responseEvent{Type: "response.output_text.done", Text: &full.Text})
	content(responseEvent{Type: "response.content_part.done", Part: &full})
	return nil
}

func (s *responseStream) call(ctx context.Context, item responseItem, said reply) error {
	err := said.each(ctx, func(piece string) {
		s.send(responseEvent{Type: "response.function_call_arguments.delta", OutputIndex: s.first, ItemID: item.ID, Delta: &piece})
	})
	if err != nil {
		return err
	}
	s.send(responseEvent{Type: "response.function_call_arguments.done", OutputIndex: s.first, ItemID: item.ID, Arguments: item.Arguments})
	return nil
}
