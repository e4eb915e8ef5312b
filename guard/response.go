package guard

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// labelOwnKey marks an answer that held the server's key.
const labelOwnKey = "server_key_returned"

// response inspects the upstream's answer, at once where it is whole, as it
// passes where it is streamed. It returns what the client gets.
func (x *exchange) response(resp *http.Response) *http.Response {
	x.rec.Status = resp.StatusCode
	for name, values := range resp.Header {
		for i, v := range values {
			if masked := x.withoutOwnKey(v); masked != v {
				resp.Header[name][i] = masked
			}
		}
	}
	x.cover("response.headers", "skipped", "not content")
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	s := x.subject
	s.Direction = policy.Response
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols && !isSocket(resp.Body), resp.StatusCode < 100:
		_ = resp.Body.Close() // of no use
		x.rec.Error = "upstream_malformed"
		return x.refuse(llm.Upstream(x.rec.Host+" sent an answer that is not HTTP.", "upstream_malformed"))
	case resp.StatusCode == http.StatusSwitchingProtocols:
		body, refused := x.socket(resp)
		if refused {
			return x.refuseResponse(resp)
		}
		resp.Body = body
	case !hasBody(x.out, resp):
		x.cover("response.body", "skipped", "empty")
		_ = resp.Body.Close() // nothing in it
		resp.Body = http.NoBody
		x.sums.settle(x)
		x.finish()
	case x.policy.Mode() == policy.ModeOff:
		x.cover("response.body", "skipped", "mode off")
		resp.Body = x.pass(resp.Body)
	case strings.EqualFold(strings.TrimSpace(media), "text/event-stream"), beginsAsEvents(resp):
		x.rec.Stream = true
		body, refused := x.stream(resp)
		if refused {
			return x.refuseResponse(resp)
		}
		resp.Body = body
	case kindOf(resp.Header) != "" && !x.ep.Downloads():
		if x.unscannable(policy.Response, "response.body", "opaque", kindOf(resp.Header), policy.Opaque) {
			return x.refuseResponse(resp)
		}
		resp.Body = x.pass(resp.Body)
	case x.policy.CanAct(s):
		return x.wholeResponse(resp)
	default:
		resp.Body = x.trail(resp)
	}
	return resp
}

// beginsAsEvents looks whether a body that says it is something else is a stream
// of events (WHATWG HTML §9.2.6). Clients that asked for one read it whatever it
// says. Of a compressed body that cannot be seen.
func beginsAsEvents(resp *http.Response) bool {
	if withoutIdentity(resp.Header.Get("Content-Encoding")) != "" {
		return false
	}
	var head []byte
	begun, could := false, true
	for err := error(nil); err == nil && could && !begun; {
		more := make([]byte, 16)
		var n int
		n, err = resp.Body.Read(more) // what went wrong shows at the next Read too
		head = append(head, more[:n]...)
		begun, could = eventsBegin(string(head))
	}
	resp.Body = prefixed(head, resp.Body)
	return begun
}

// eventsBegin reports whether head begins a stream of events, and whether with
// more of it it could.
func eventsBegin(head string) (begun, could bool) {
	head = strings.TrimLeft(strings.TrimPrefix(head, "\xef\xbb\xbf"), "\r\n")
	for _, field := range []string{"data:", "event:", "id:", "retry:", ":"} {
		begun = begun || strings.HasPrefix(head, field)
		could = could || strings.HasPrefix(field, head)
	}
	return begun, could || strings.HasPrefix("\xef\xbb\xbf", head)
}

func isSocket(body io.ReadCloser) bool {
	_, ok := body.(io.ReadWriteCloser)
	return ok
}

// refuseResponse drops the upstream's answer for one of our own.
func (x *exchange) refuseResponse(resp *http.Response) *http.Response {
	_ = resp.Body.Close() // not wanted any more
	x.sums.settle(x)
	return x.refuse(x.blocked(policy.Response))
}

// wholeResponse reads an answer to its end before the client gets any of it,
// so that it can be masked or blocked.
func (x *exchange) wholeResponse(resp *http.Response) *http.Response {
	raw, whole, err := readUpTo(resp.Body, x.g.cfg.BodyMax, resp.ContentLength)
	if err == nil && !whole {
		if x.unscannable(policy.Response, "response.body", "skipped", "over the size limit", policy.TooLarge) {
			return x.refuseResponse(resp)
		}
		resp.Body = x.pass(prefixed(raw, resp.Body))
		return resp
	}
	_ = resp.Body.Close() // read to its end, or to where it was cut
	x.sums.settle(x)
	x.rec.ResponseBytes, x.rec.HeldBytesMax = int64(len(raw)), int64(len(raw))
	x.rec.BodySHA256.ResponseIn = digest(raw)
	x.rec.BodySHA256.ResponseOut = x.rec.BodySHA256.ResponseIn
	doc := x.inspectResponse(raw, resp.Header)
	switch {
	case x.responseBlocked:
		return x.refuse(x.blocked(policy.Response))
	case x.responseMasked:
		raw = x.rewriteResponse(resp, doc)
	}
	resp.Body = newBody(raw)
	if err == nil {
		resp.ContentLength = int64(len(raw)) // known now, so the relay need not flush as if it were streamed
	} else {
		// What was cut upstream stays cut.
		x.rec.Error = "the upstream cut the answer"
		x.rec.BodySHA256.ResponseIn, x.rec.BodySHA256.ResponseOut = "", ""
		if x.responseMasked { // the new length would make it look whole
			resp.Header.Del("Content-Length")
			resp.ContentLength = -1
		}
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), &failing{err}))
	}
	x.finish()
	return resp
}

// inspectResponse inspects raw and notes its coverage. The document is nil
// where there was none to make.
func (x *exchange) inspectResponse(raw []byte, h http.Header) *llm.Doc {
	before := x.verdict
	x.verdict = policy.Verdict{}
	text, err := decoded(raw, h, x.g.cfg.BodyMax)
	text, leaked := x.g.cfg.Masked(text)
	if leaked {
		x.note(policy.Response, labelOwnKey)
		x.verdict.Action = max(x.verdict.Action, policy.Redact)
	}
	if err != nil {
		x.unscannable(policy.Response, "response.body", "opaque", err.Error(), policy.Undecodable)
		x.settleResponse(before)
		return nil
	}
	var doc *llm.Doc
	ok := x.contained(policy.Response, func() {
		doc = x.ep.Response(text)
		x.inspect(policy.Response, doc)
	})
	x.coverDoc(policy.Response, "response.body", doc, ok)
	x.settleResponse(before)
	return doc
}

// settleResponse keeps what was decided of the answer alone, which the
// request's verdict would hide, and joins the two.
func (x *exchange) settleResponse(before policy.Verdict) {
	x.responseMasked = x.verdict.Action == policy.Redact
	x.responseBlocked = x.verdict.Action == policy.Block
	x.verdict = before.Join(x.verdict)
}

// rewriteResponse returns the masked body and corrects what describes it. A
// compressed answer leaves as identity, which every client takes.
func (x *exchange) rewriteResponse(resp *http.Response, doc *llm.Doc) []byte {
	raw := doc.Bytes()
	x.rec.BodySHA256.ResponseOut = digest(raw)
	for _, name := range []string{"Content-Encoding", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Etag"} {
		resp.Header.Del(name)
	}
	resp.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	return raw
}

// hasBody follows RFC 9110 §6.4.1.
func hasBody(r *http.Request, resp *http.Response) bool {
	return r.Method != http.MethodHead && resp.StatusCode != http.StatusNoContent &&
		resp.StatusCode != http.StatusNotModified && resp.ContentLength != 0
}

func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MB" }
