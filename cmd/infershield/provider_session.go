package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// session answers the messages of one WebSocket. One response is under way at a
// time: a message that asks for another waits for its end.
type session struct {
	socket   *socket
	response sync.WaitGroup
	stop     context.CancelFunc // of the last response; twice does no harm
}

// serve hands every message to take, with its type, until either end closes.
func (s *session) serve(ctx context.Context, take func(ctx context.Context, kind string, message []byte)) {
	ctx, cancel := context.WithCancel(ctx)
	defer s.response.Wait()
	defer cancel()
	s.stop = func() {}
	for {
		_, message, err := s.socket.read()
		if err != nil {
			return
		}
		var head struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(message, &head) != nil {
			s.refuse(socketFault{Code: "invalid_json", Message: "The message is not JSON."})
			continue
		}
		take(ctx, head.Type, message)
	}
}

// begin has say answer while further messages are read.
func (s *session) begin(ctx context.Context, say func(context.Context)) {
	s.response.Wait()
	ctx, s.stop = context.WithCancel(ctx)
	s.response.Go(func() { say(ctx) })
}

// socketFault is the object in an error event of the provider's.
type socketFault struct {
	Type    string  `json:"type"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Param   *string `json:"param"`
}

func (s *session) refuse(f socketFault) {
	f.Type = "invalid_request_error"
	s.socket.send("", struct {
		Type   string      `json:"type"`
		Status int         `json:"status"`
		Error  socketFault `json:"error"`
	}{"error", http.StatusBadRequest, f})
}

// responsesSocket is the Responses API over a WebSocket: each response.create
// is a request, and its answer the events that a stream would hold. A request
// may build on an answer of the same WebSocket.
func (p *provider) responsesSocket(w http.ResponseWriter, r *http.Request) {
	p.upgraded(w, r, func(socket *socket) {
		if p.config.Echo {
			socket.echo()
			return
		}
		s := &session{socket: socket}
		answered := map[string]bool{}
		s.serve(r.Context(), func(ctx context.Context, kind string, message []byte) {
			switch kind {
			case "response.create":
				var request responsesRequest
				if json.Unmarshal(message, &request) != nil {
					s.refuse(socketFault{Code: "invalid_request", Message: "The message is not a request."})
					return
				}
				if request.Previous != "" && !answered[request.Previous] {
					s.refuse(socketFault{Code: "previous_response_not_found", Message: fmt.Sprintf("Previous response with id '%s' not found.", request.Previous)})
					return
				}
				life := p.respond(&request)
				answered[life.done.ID] = true
				s.begin(ctx, func(ctx context.Context) { _ = life.stream(ctx, socket) }) // cut short where nobody listens
			case "response.cancel":
				s.stop()
			case "response.processed": // a client's receipt
			default:
				s.refuse(socketFault{Code: "unknown_event", Message: "Unknown event " + kind + "."})
			}
		})
	})
}
