package mitm

import (
	"net/http"

	"github.com/google/martian/v3"
	"github.com/google/martian/v3/fifo"
)

// RequestModifier edits a request that is about to be sent. It is martian's
// interface of the same name.
type RequestModifier interface {
	ModifyRequest(*http.Request) error
}

// Modify returns a RoundTripper that lets mods edit a copy of each request, in
// their order, and sends it to next. The first error stops it: nothing is sent,
// and the error is returned as it is.
func Modify(next http.RoundTripper, mods ...RequestModifier) http.RoundTripper {
	group := fifo.NewGroup()
	group.SetAggregateErrors(false)
	for _, mod := range mods {
		group.AddRequestModifier(martian.RequestModifier(mod))
	}
	return &modify{next: next, group: group}
}

type modify struct {
	next  http.RoundTripper
	group *fifo.Group
}

// RoundTrip implements http.RoundTripper.
func (m *modify) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.WithContext(r.Context())
	out.Header = r.Header.Clone()
	if err := m.group.ModifyRequest(out); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // RoundTripper's contract: on every path
		}
		return nil, err
	}
	return m.next.RoundTrip(out)
}
