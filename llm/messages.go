package llm

import "slices"

// Messages reads the text messages of one WebSocket: Realtime, or Responses over
// WebSocket, whose client sends what it would POST and whose server sends what
// would be the data of events. Client and Server may be called at the same time,
// each by one goroutine.
type Messages struct {
	client, server *shape
	names          [2]map[string]string // of running texts
}

// Messages returns a reader of the endpoint's WebSocket messages.
func (e Endpoint) Messages() *Messages {
	return &Messages{clientMessage, serverMessage, [2]map[string]string{{}, {}}}
}

// Client reads a message that the client sent. The Doc keeps payload, which must
// not change afterwards.
func (m *Messages) Client(payload []byte) *Doc { return message(m.client, payload, m.names[0]) }

// Server reads a message that the provider sent, as Client does.
func (m *Messages) Server(payload []byte) *Doc { return message(m.server, payload, m.names[1]) }

func message(s *shape, payload []byte, names map[string]string) *Doc {
	d := &Doc{raw: payload, body: string(payload)}
	if d.done() {
		return d
	}
	d.parse(s, payload, names)
	if slices.Contains(d.problems, ProblemNotJSON) {
		d.segs[len(d.segs)-1].Stream = "data" // plain text, message by message
	}
	return d
}
