package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// realtime is the Realtime API as far as text, transcripts and function calls
// go: a session, the items of a conversation, and answers to the last of them.
func (p *provider) realtime(w http.ResponseWriter, r *http.Request) {
	p.upgraded(w, r, func(socket *socket) {
		if p.config.Echo {
			socket.echo()
			return
		}
		c := &realtimeCall{p: p, session: session{socket: socket}}
		c.settings = realtimeSession{
			Type: "realtime", Object: "realtime.session", ID: fmt.Sprintf("sess_standin%d", p.answered.Add(1)),
			Model: modelOr(r.URL.Query().Get("model")), Modalities: []string{"audio"},
		}
		c.event(realtimeEvent{Type: "session.created", Session: &c.settings})
		c.session.serve(r.Context(), c.take)
	})
}

// realtimeCall is one WebSocket of the Realtime API. Its fields belong to the
// goroutine that reads; a response gets copies.
type realtimeCall struct {
	p        *provider
	session  session
	settings realtimeSession
	prompt   string // the text of the conversation's last item
}

type realtimeSession struct {
	Type         string         `json:"type"`
	Object       string         `json:"object"`
	ID           string         `json:"id"`
	Model        string         `json:"model"`
	Modalities   []string       `json:"output_modalities"`
	Instructions string         `json:"instructions"`
	Tools        []responseTool `json:"tools"`
	ToolChoice   string         `json:"tool_choice"`
}

type realtimePart struct {
	Type       string  `json:"type"`
	Text       *string `json:"text,omitempty"`
	Transcript *string `json:"transcript,omitempty"`
}

type realtimeItem struct {
	ID        string         `json:"id"`
	Object    string         `json:"object"`
	Type      string         `json:"type"`
	Status    string         `json:"status"`
	Role      string         `json:"role,omitempty"`
	Content   []realtimePart `json:"content,omitzero"`
	CallID    string         `json:"call_id,omitempty"`
	Name      string         `json:"name,omitempty"`
	Arguments *string        `json:"arguments,omitempty"`
	Output    string         `json:"output,omitempty"`
}

type realtimeResponse struct {
	ID         string         `json:"id"`
	Object     string         `json:"object"`
	Status     string         `json:"status"`
	Modalities []string       `json:"output_modalities"`
	Output     []realtimeItem `json:"output"`
	Usage      *responseUsage `json:"usage"`
}

// realtimeEvent is any event, of the client or of the server: the fields that
// its type does not have stay out.
type realtimeEvent struct {
	Type         string            `json:"type"`
	EventID      string            `json:"event_id,omitempty"`
	Session      *realtimeSession  `json:"session,omitempty"`
	Response     *realtimeResponse `json:"response,omitempty"`
	ResponseID   string            `json:"response_id,omitempty"`
	ItemID       string            `json:"item_id,omitempty"`
	OutputIndex  *int              `json:"output_index,omitempty"`
	ContentIndex *int              `json:"content_index,omitempty"`
	Item         *realtimeItem     `json:"item,omitempty"`
	Part         *realtimePart     `json:"part,omitempty"`
	Delta        *string           `json:"delta,omitempty"`
	Text         *string           `json:"text,omitempty"`
	Transcript   *string           `json:"transcript,omitempty"`
	CallID       string            `json:"call_id,omitempty"`
	Arguments    *string           `json:"arguments,omitempty"`
}

func (c *realtimeCall) event(e realtimeEvent) {
	e.EventID = fmt.Sprintf("event_standin%d", c.p.answered.Add(1))
	c.session.socket.send("", e)
}

// take answers one message of the client.
func (c *realtimeCall) take(ctx context.Context, kind string, message []byte) {
	var e struct {
		Session  json.RawMessage `json:"session"`
		Item     *realtimeItem   `json:"item"`
		Response struct {
			Modalities   []string `json:"output_modalities"`
			Instructions string   `json:"instructions"`
			ToolChoice   string   `json:"tool_choice"`
		} `json:"response"`
	}
	if err := json.Unmarshal(message, &e); err != nil {
		c.session.refuse(socketFault{Code: "invalid_event", Message: "The event is not as it should be."})
		return
	}
	switch {
	case kind == "session.update" && e.Session != nil && json.Unmarshal(e.Session, &c.settings) == nil:
		settings := c.settings
		c.event(realtimeEvent{Type: "session.updated", Session: &settings})
	case kind == "conversation.item.create" && e.Item != nil:
		e.Item.ID, e.Item.Object, e.Item.Status = fmt.Sprintf("item_standin%d", c.p.answered.Add(1)), "realtime.item", "completed"
		c.prompt = e.Item.text()
		c.event(realtimeEvent{Type: "conversation.item.added", Item: e.Item})
		c.event(realtimeEvent{Type: "conversation.item.done", Item: e.Item})
	case kind == "response.create":
		a := realtimeAnswer{call: c, modalities: c.settings.Modalities, prompt: c.prompt}
		if len(e.Response.Modalities) > 0 {
			a.modalities = e.Response.Modalities
		}
		if e.Response.Instructions != "" {
			a.prompt = e.Response.Instructions
		}
		if e.Response.ToolChoice == "required" || c.settings.ToolChoice == "required" {
			for _, tool := range c.settings.Tools {
				a.tool = tool.Name
			}
		}
		c.session.begin(ctx, a.say)
	case kind == "response.cancel":
		c.session.stop()
	default:
		c.session.refuse(socketFault{Code: "unknown_event", Message: "Unknown event " + kind + "."})
	}
}

// text is what the item says.
func (i *realtimeItem) text() string {
	var text strings.Builder
	text.WriteString(i.Output)
	for _, part := range i.Content {
		for _, said := range []*string{part.Text, part.Transcript} {
			if said != nil {
				text.WriteString(*said)
			}
		}
	}
	return text.String()
}

// realtimeAnswer is one response under way.
type realtimeAnswer struct {
	call       *realtimeCall
	modalities []string
	prompt     string
	tool       string // to be called; empty for words
	response   realtimeResponse
	item       realtimeItem
	first      *int // the index of the only item and of its only part
}

// say sends the whole life of a response. Cancelled, it ends with what has been
// said so far.
func (a realtimeAnswer) say(ctx context.Context) {
	n := a.call.p.answered.Add(1)
	a.first = new(int)
	a.response = realtimeResponse{ID: fmt.Sprintf("resp_standin%d", n), Object: "realtime.response", Status: "in_progress", Modalities: a.modalities, Output: []realtimeItem{}}
	a.item = realtimeItem{ID: fmt.Sprintf("item_standin%d", n), Object: "realtime.item", Type: "message", Status: "in_progress", Role: "assistant", Content: []realtimePart{}}
	said := a.call.p.replyTo(a.prompt)
	speak := a.words
	if a.tool != "" {
		said = said.arguments()
		a.item.Type, a.item.Role, a.item.Content = "function_call", "", nil
		a.item.CallID, a.item.Name, a.item.Arguments = fmt.Sprintf("call_standin%d", n), a.tool, new(string)
		speak = a.arguments
	}
	begun := a.response
	a.call.event(realtimeEvent{Type: "response.created", Response: &begun})
	a.itemEvent("response.output_item.added")
	a.itemEvent("conversation.item.added")
	a.item.Status, a.response.Status = "completed", "completed"
	if speak(ctx, said) != nil {
		a.item.Status, a.response.Status = "incomplete", "cancelled"
	}
	a.itemEvent("response.output_item.done")
	a.itemEvent("conversation.item.done")
	a.response.Output = []realtimeItem{a.item}
	usage := usageOf(a.prompt, a.item.text())
	a.response.Usage = &responseUsage{Input: usage.Prompt, Output: usage.Completion, Total: usage.Total}
	a.call.event(realtimeEvent{Type: "response.done", Response: &a.response})
}

// itemEvent tells of the item as it is now.
func (a *realtimeAnswer) itemEvent(kind string) {
	item := a.item
	e := realtimeEvent{Type: kind, Item: &item}
	if strings.HasPrefix(kind, "response.") {
		e.ResponseID, e.OutputIndex = a.response.ID, a.first
	}
	a.call.event(e)
}

// content sends an event about the item's only part.
func (a *realtimeAnswer) content(e realtimeEvent) {
	e.ResponseID, e.ItemID, e.OutputIndex, e.ContentIndex = a.response.ID, a.item.ID, a.first, a.first
	a.call.event(e)
}

// words says the reply as text, or as silence with a transcript.
func (a *realtimeAnswer) words(ctx context.Context, said reply) error {
	audio := len(a.modalities) > 0 && a.modalities[0] == "audio"
	part := func(text string) *realtimePart {
		if audio {
			return &realtimePart{Type: "output_audio", Transcript: &text}
		}
		return &realtimePart{Type: "output_text", Text: &text}
	}
	a.content(realtimeEvent{Type: "response.content_part.added", Part: part("")})
	var text string
	err := said.each(ctx, func(piece string) {
		text += piece
		if !audio {
			a.content(realtimeEvent{Type: "response.output_text.delta", Delta: &piece})
			return
		}
		a.content(realtimeEvent{Type: "response.output_audio_transcript.delta", Delta: &piece})
		silence := base64.StdEncoding.EncodeToString(make([]byte, 480)) // 10 ms
		a.content(realtimeEvent{Type: "response.output_audio.delta", Delta: &silence})
	})
	if audio {
		a.content(realtimeEvent{Type: "response.output_audio.done"})
		a.content(realtimeEvent{Type: "response.output_audio_transcript.done", Transcript: &text})
	} else {
		a.content(realtimeEvent{Type: "response.output_text.done", Text: &text})
	}
	a.content(realtimeEvent{Type: "response.content_part.done", Part: part(text)})
	a.item.Content = []realtimePart{*part(text)}
	return err
}

// arguments calls the tool.
func (a *realtimeAnswer) arguments(ctx context.Context, said reply) error {
	call := func(e realtimeEvent) {
		e.ResponseID, e.ItemID, e.OutputIndex, e.CallID = a.response.ID, a.item.ID, a.first, a.item.CallID
		a.call.event(e)
	}
	var arguments string
	err := said.each(ctx, func(piece string) {
		arguments += piece
		call(realtimeEvent{Type: "response.function_call_arguments.delta", Delta: &piece})
	})
	a.item.Arguments = &arguments
	call(realtimeEvent{Type: "response.function_call_arguments.done", Arguments: &arguments})
	return err
}
