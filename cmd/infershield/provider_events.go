package main

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// eventSink takes the events of one answer, in order: a stream of server-sent
// events, or a WebSocket.
type eventSink interface {
	// send writes one event at once; name is its type, or empty.
	send(name string, data any)
}

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
