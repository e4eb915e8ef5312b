package llm

import (
	"cmp"
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
		if uses(routes[i].method, r.Method) && endsWith(steps, routes[i].steps) {
			return Endpoint{routes[i].tables}, true
		}
	}
	return Endpoint{}, false
}

// uses reports whether a route of the given method serves another.
func uses(route, method string) bool {
	return route == method || route == anyMethod && (method == "GET" || method == "POST" || method == "DELETE")
}

// endsWith reports whether the last steps are those of a route.
func endsWith(steps, tail []string) bool {
	open := tail[len(tail)-1] == "**"
	if open {
		tail = tail[:len(tail)-1]
	}
	for from := len(steps) - len(tail); from >= 0; from-- {
		if fits(steps[from:], tail) {
			return true
		}
		if !open {
			return false
		}
	}
	return false
}

func fits(steps, head []string) bool {
	for i, want := range head {
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

// Downloads reports whether a response of the endpoint is a file, so that its
// Content-Type does not say whether it is text.
func (e Endpoint) Downloads() bool { return e.get().content }

// Response reads a response's whole body, as Request does. A file is read line by
// line where its lines are documents.
func (e Endpoint) Response(body []byte) *Doc {
	if e.get().content && len(body) <= bodyBytesMax {
		return newFile(body)
	}
	return newDoc(e.get().response, body)
}

// Events reads a response of type text/event-stream, event by event.
func (e Endpoint) Events(r io.Reader) *Events {
	return &Events{r: r, shape: cmp.Or(e.get().event, genericEvent), names: map[string]string{}}
}

func newDoc(root *shape, body []byte) *Doc {
	d := &Doc{raw: body, body: string(body)}
	d.parse(root, body, nil)
	return d
}
