package llm

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// Endpoint is an API operation that we know the wire format of. The zero value
// is the generic endpoint, which finds the same text but cannot say who speaks.
type Endpoint struct {
	tables *tables
}

type tables struct {
	name                     string
	request, response, event *shape
}

var generic = &tables{"generic", genericBody, genericBody, genericEvent}

var (
	chatCompletions = &tables{"chat.completions", chatRequest, chatResponse, chatResponse}
	completions     = &tables{"completions", completionsRequest, completionsResponse, completionsEvent}
	responses       = &tables{"responses", responsesRequest, responsesResponse, responsesEvent}
	embeddings      = &tables{"embeddings", inputRequest, embeddingsResponse, genericEvent}
	moderations     = &tables{"moderations", inputRequest, plainResponse, genericEvent}
	models          = &tables{"models", genericBody, plainResponse, genericEvent}
)

// routes is where the endpoints are: a method and the last steps of the path, a
// star for any one step. The first to fit wins. What stands before those steps
// differs between providers and gateways ("/v1", "/openai/deployments/x").
var routes = []struct {
	method string
	steps  []string
	tables *tables
}{
	{"POST", []string{"chat", "completions"}, chatCompletions},
	{"GET", []string{"chat", "completions", "*"}, chatCompletions},
	{"POST", []string{"chat", "completions", "*"}, chatCompletions},
	{"POST", []string{"completions"}, completions},
	{"POST", []string{"responses"}, responses},
	{"GET", []string{"responses"}, responses}, // the WebSocket
	{"GET", []string{"responses", "*"}, responses},
	{"GET", []string{"responses", "*", "input_items"}, responses},
	{"POST", []string{"responses", "*", "cancel"}, responses},
	{"POST", []string{"responses", "compact"}, responses},
	{"POST", []string{"responses", "input_tokens"}, responses},
	{"POST", []string{"embeddings"}, embeddings},
	{"POST", []string{"moderations"}, moderations},
	{"GET", []string{"models"}, models},
	{"GET", []string{"models", "*"}, models},
	{"DELETE", []string{"models", "*"}, models},
}

// Match returns the endpoint that a request is for, by method and path; any host
// may serve it. Without a match it returns the generic endpoint and false.
func Match(r *http.Request) (Endpoint, bool) {
	var array [8]string
	steps := array[:0]
	path := strings.TrimRight(r.URL.Path, "/")
	for len(steps) < cap(steps) && path != "" {
		i := strings.LastIndexByte(path, '/')
		steps = append(steps, path[i+1:])
		path = path[:max(i, 0)]
	}
	slices.Reverse(steps)
	for i := range routes {
		if routes[i].method == r.Method && endsWith(steps, routes[i].steps) {
			return Endpoint{routes[i].tables}, true
		}
	}
	return Endpoint{}, false
}

func endsWith(steps, tail []string) bool {
	if len(steps) < len(tail) {
		return false
	}
	steps = steps[len(steps)-len(tail):]
	for i, want := range tail {
		if steps[i] != want && want != "*" {
			return false
		}
	}
	return true
}

func (e Endpoint) get() *tables {
	if e.tables == nil {
		return generic
	}
	return e.tables
}

// Name returns the endpoint's name, "generic" if it has none. The set is closed.
func (e Endpoint) Name() string { return e.get().name }

// EndpointNames returns every name that Name may return, each once.
func EndpointNames() []string {
	names := []string{generic.name}
	for i := range routes {
		if name := routes[i].tables.name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Request reads a request's body. It never fails: see Doc.Problems. The Doc
// keeps body, which must not change afterwards.
func (e Endpoint) Request(body []byte) *Doc { return newDoc(e.get().request, body) }

// Response reads a response's whole body, as Request does.
func (e Endpoint) Response(body []byte) *Doc { return newDoc(e.get().response, body) }

// Events reads a response of type text/event-stream, event by event.
func (e Endpoint) Events(r io.Reader) *Events {
	return &Events{r: r, shape: e.get().event, names: map[string]string{}}
}

func newDoc(root *shape, body []byte) *Doc {
	d := &Doc{raw: body, body: string(body)}
	d.parse(root, body, nil)
	return d
}
