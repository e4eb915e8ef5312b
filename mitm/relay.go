package mitm

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/martian/v3/header"
)

// Relay returns a handler that sends each request to rt and its answer back,
// unchanged but for hop-by-hop headers (RFC 9110 §7.6.1). Nothing is added. A
// request goes to base's scheme and host, or, where base is nil, to those of
// its own URL. If the client leaves, the request's context is cancelled. If the
// answer ends too soon, so does the client's: it never looks complete.
//
// rt may return a response of its own making. Its errors become a plain 502.
func Relay(rt http.RoundTripper, base *url.URL) http.Handler {
	return &relay{rt: rt, base: base}
}

type relay struct {
	rt   http.RoundTripper
	base *url.URL
}

// ServeHTTP implements http.Handler.
func (h *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
		// TRACE would show the client the key that it does not have.
		refuse(w, http.StatusMethodNotAllowed, r.Method+" is not relayed")
		return
	}
	interim := &interim{w: w}
	out, err := h.outbound(w, r, interim)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	resp, err := h.rt.RoundTrip(out)
	interim.end()
	if body, ok := out.Body.(*requestBody); ok && !body.ended() && r.ProtoMajor == 1 {
		// The rest of a large body is still on its way. Without full duplex
		// the server would read all of it before it answers.
		_ = http.NewResponseController(w).EnableFullDuplex() // not every writer can
	}
	defer r.Body.Close() //nolint:errcheck // golang/go#68560: before returning, always
	if err != nil {
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler) // the client left; nobody to tell
		}
		refuse(w, http.StatusBadGateway, "no answer from "+out.URL.Host+": "+dialReason(err))
		return
	}
	defer resp.Body.Close() //nolint:errcheck // read errors are told by Read
	if resp.StatusCode == http.StatusSwitchingProtocols {
		upgrade(w, r, resp)
		return
	}
	answer(w, r, resp)
}

// outbound makes the request that goes on. It is the RoundTripper's to edit.
func (h *relay) outbound(w http.ResponseWriter, r *http.Request, interim *interim) (*http.Request, error) {
	if err := badFraming.ModifyRequest(r); err != nil {
		return nil, err
	}
	out := r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: interim.forward,
	}))
	u := *r.URL
	if h.base != nil {
		u.Scheme, u.Host = h.base.Scheme, h.base.Host
		u.Path, u.RawPath = joinPath(h.base, r.URL)
		out.Host = h.base.Host
	}
	if u.Host == "" {
		return nil, errors.New("the request names no host")
	}
	out.URL = &u
	out.RequestURI = ""
	out.Close = false
	out.Header = r.Header.Clone()
	if err := hopByHop(out); err != nil {
		return nil, err
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = []string{""} // net/http's word for none
	}
	if r.Body == nil || r.Body == http.NoBody || (r.ContentLength == 0 && len(r.Trailer) == 0) {
		out.Body = http.NoBody
	} else {
		out.Body = &requestBody{ReadCloser: r.Body, rc: http.NewResponseController(w)}
	}
	return out, nil
}

var (
	badFraming = header.NewBadFramingModifier()
	hopHeaders = header.NewHopByHopModifier()
)

// hopByHop removes what concerns the client's connection alone. An upgrade and
// the client's willingness to take trailers concern the next hop as well and
// are said anew.
func hopByHop(r *http.Request) error {
	upgrade := ""
	if isUpgrade(r.Header) {
		upgrade = r.Header.Get("Upgrade")
	}
	trailers := headerHasToken(r.Header, "Te", "trailers")
	if err := hopHeaders.ModifyRequest(r); err != nil {
		return err
	}
	r.Header.Del("Expect") // it was met when the body was read here (RFC 9110 §10.1.1)
	if upgrade != "" {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", upgrade)
	}
	if trailers {
		r.Header.Set("Te", "trailers")
	}
	return nil
}

// joinPath puts base's path before the request's, keeping the escapes as they
// were written.
func joinPath(base, u *url.URL) (path, raw string) {
	prefix := strings.TrimSuffix(base.Path, "/")
	if prefix == "" {
		return u.Path, u.RawPath
	}
	if u.RawPath == "" && base.RawPath == "" {
		return prefix + u.Path, ""
	}
	return prefix + u.Path, strings.TrimSuffix(base.EscapedPath(), "/") + u.EscapedPath()
}

// answer writes resp to the client as it comes.
func answer(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	dst := w.Header()
	copyResponseHeader(dst, resp.Header)
	for name := range resp.Trailer {
		dst.Add("Trailer", name)
	}
	announced := len(resp.Trailer)
	if announced > 0 {
		dst.Del("Content-Length") // HTTP/2 may carry both, HTTP/1.1 cannot
	}
	w.WriteHeader(resp.StatusCode)
	if resp.ContentLength < 0 {
		// A stream's first event may be long in coming; its header is not.
		_ = http.NewResponseController(w).Flush() // a client that left shows below
	}
	if err := copyBody(w, resp); err != nil {
		// Only cutting the connection tells the client that the rest is
		// missing; a normal return would end the body as if complete.
		_ = http.NewResponseController(w).Flush() // what came is the client's
		panic(http.ErrAbortHandler)
	}
	if len(resp.Trailer) == 0 {
		return
	}
	_ = http.NewResponseController(w).Flush() // a short body would get a Content-Length and lose its trailers
	for name, values := range resp.Trailer {
		if announced != len(resp.Trailer) {
			name = http.TrailerPrefix + name
		}
		dst[name] = values
	}
}

func copyResponseHeader(dst, src http.Header) {
	for name, values := range src {
		dst[name] = values
	}
	_ = hopHeaders.ModifyResponse(&http.Response{Header: dst}) // it has no error to return
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := src[name]; !ok {
			dst[name] = nil // else net/http would make one up
		}
	}
}

var copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// copyBody copies the body, and flushes after each read where its length is
// not known: something is being streamed.
func copyBody(w http.ResponseWriter, resp *http.Response) error {
	var flush func() error
	if resp.ContentLength < 0 {
		flush = http.NewResponseController(w).Flush
	}
	buf := copyBuffers.Get().(*[32 << 10]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := resp.Body.Read(buf[:])
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return werr
			}
			if flush != nil && err == nil { // at its end the server flushes anyway
				if ferr := flush(); ferr != nil {
					return ferr
				}
			}
		}
		if err == io.EOF { //nolint:errorlint // Read's contract is io.EOF itself
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// interim passes interim responses on, 103 Early Hints say. The Transport calls
// it from a goroutine of its own, possibly after RoundTrip has returned.
type interim struct {
	mu    sync.Mutex
	w     http.ResponseWriter
	ended bool
}

func (i *interim) forward(code int, h textproto.MIMEHeader) error {
	if code == http.StatusContinue || code == http.StatusSwitchingProtocols {
		return nil // net/http's own affair at each hop
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended {
		return nil
	}
	dst := i.w.Header()
	for name, values := range h {
		dst[name] = values
	}
	i.w.WriteHeader(code)
	clear(dst) // an interim header is not part of the final one
	return nil
}

func (i *interim) end() {
	i.mu.Lock()
	i.ended = true
	i.mu.Unlock()
}

// requestBody gives a client a bounded time for each piece of its body.
type requestBody struct {
	io.ReadCloser
	rc *http.ResponseController

	mu   sync.Mutex
	done bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	if b.ended() {
		// The Transport looks once more after the end, when the server may
		// have closed the body: an error then would cost the connection.
		return 0, io.EOF
	}
	_ = b.rc.SetReadDeadline(time.Now().Add(bodyIdleTimeout)) // not every writer can
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// The deadline must not outlive the body: net/http goes on reading, to
		// notice when the client leaves.
		_ = b.rc.SetReadDeadline(time.Time{})
		b.mu.Lock()
		b.done = true
		b.mu.Unlock()
	}
	return n, err
}

func (b *requestBody) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}
