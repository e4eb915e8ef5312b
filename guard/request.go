package guard

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// request reads, inspects and decides about the request. It returns the answer
// where the request must not go on; else x.out is ready to be sent.
func (x *exchange) request() *llm.Error {
	x.cover("request.headers", "skipped", "not content")
	if isWebSocket(x.out) && !x.policy.WebSocketAllowed() {
		x.cover("request.body", "skipped", "not read")
		x.verdict = x.verdict.Join(x.policy.Refusal("websocket_forbidden"))
		refused := x.blocked(policy.Request)
		// 426 is what makes clients such as Codex fall back to HTTP at once.
		refused.Status = http.StatusUpgradeRequired
		return refused
	}
	if x.policy.Mode() == policy.ModeOff {
		x.cover("request.url", "skipped", "mode off")
		return x.passRequest("skipped", "mode off")
	}
	x.inspectURL()
	if x.verdict.Action == policy.Block {
		x.cover("request.body", "skipped", "not read")
		return x.blocked(policy.Request)
	}
	if x.out.Body == nil || x.out.Body == http.NoBody {
		x.cover("request.body", "skipped", "empty")
		return nil
	}
	kind := kindOf(x.out.Header)
	raw, whole, err := readUpTo(x.out.Body, x.g.cfg.BodyMax, x.out.ContentLength)
	if err != nil {
		x.rec.Error = "the request's body did not arrive whole"
		return &llm.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "body_incomplete",
			Message: "InferShield could not read the whole request body. Send it again."}
	}
	// What a body says of itself does not hide text: only bytes that are none
	// are passed over.
	opaque := kind != "" && !isText(raw) && !x.isEncodedText(raw)
	switch {
	case opaque && x.unscannable(policy.Request, "request.body", "opaque", kind, policy.Opaque):
		return x.blocked(policy.Request)
	case opaque:
		x.out.Body = prefixed(raw, x.out.Body)
		return x.passRequest("", "")
	case !whole:
		return x.oversized(raw)
	}
	return x.requestBody(raw)
}

// isEncodedText reports whether a body is text beneath its content encoding.
func (x *exchange) isEncodedText(raw []byte) bool {
	const sample = 4 << 10
	r, err := llm.Decoder(strings.Join(x.out.Header.Values("Content-Encoding"), ","), bytes.NewReader(raw), sample)
	if err != nil {
		return false
	}
	head, _ := io.ReadAll(r) // the beginning tells, whatever comes of the rest
	return len(head) > 0 && isText(head)
}

// isText reports whether a body is text for all that its beginning shows: UTF-8
// without NUL. Images, sound and archives are not.
func isText(b []byte) bool {
	const sample = 4 << 10
	head := b[:min(len(b), sample)]
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 && len(head) >= utf8.UTFMax {
			return false
		}
		head = head[size:]
	}
	return true
}

// oversized handles a body of which raw is only the beginning.
func (x *exchange) oversized(raw []byte) *llm.Error {
	if x.unscannable(policy.Request, "request.body", "skipped", "over the size limit", policy.TooLarge) {
		return &llm.Error{Status: http.StatusRequestEntityTooLarge, Type: "invalid_request_error", Code: "body_too_large",
			Message: "The request body is over InferShield's limit of " + megabytes(x.g.cfg.BodyMax) +
				". Send less, or raise INFERSHIELD_MAX_BODY_SIZE_MB."}
	}
	x.out.Body = prefixed(raw, x.out.Body)
	return x.passRequest("", "")
}

// passRequest lets a body through that is not read here, and takes its sum on
// the way. A state that is not empty is noted for it.
func (x *exchange) passRequest(state, reason string) *llm.Error {
	if x.out.Body == nil || x.out.Body == http.NoBody {
		return nil
	}
	if state != "" {
		x.cover("request.body", state, reason)
	}
	x.out.Body = &summed{ReadCloser: x.out.Body, done: func(sum string, n int64) {
		x.sums.request(sum, n)
	}}
	x.out.GetBody = nil
	return nil
}

// requestBody inspects a whole body.
func (x *exchange) requestBody(raw []byte) *llm.Error {
	_ = x.out.Body.Close() // read to its end
	x.rec.RequestBytes = int64(len(raw))
	x.rec.BodySHA256.RequestIn = digest(raw)
	x.rec.BodySHA256.RequestOut = x.rec.BodySHA256.RequestIn
	text, err := decoded(raw, x.out.Header, x.g.cfg.BodyMax)
	if err != nil {
		if x.unscannable(policy.Request, "request.body", "opaque", err.Error(), policy.Undecodable) {
			return x.blocked(policy.Request)
		}
		x.send(raw)
		return nil
	}
	var doc *llm.Doc
	ok := x.contained(policy.Request, func() {
		doc = x.ep.RequestBody(x.out.Header.Get("Content-Type"), text)
		x.rec.Model, x.rec.Stream = x.plain(doc.Model()), doc.Streaming()
		x.subject.Model, x.subject.Stream = x.rec.Model, x.rec.Stream
		x.inspect(policy.Request, doc)
	})
	x.coverDoc(policy.Request, "request.body", doc, ok)
	switch x.verdict.Action {
	case policy.Block:
		return x.blocked(policy.Request)
	case policy.Redact:
		raw = x.rewriteRequest(doc)
	}
	x.send(raw)
	return nil
}

// rewriteRequest returns the masked body and corrects what describes it.
func (x *exchange) rewriteRequest(doc *llm.Doc) []byte {
	raw := doc.Bytes()
	x.rec.BodySHA256.RequestOut = digest(raw)
	x.ownHeader()
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest"} {
		x.out.Header.Del(name)
	}
	return raw
}

// send makes body the request's. It lies in memory and can be rewound: the
// Transport may then retry on a stale connection, and net/http's server cannot
// close it under the Transport's hands, which cut about one stream in a
// hundred (golang/go#40747).
func (x *exchange) send(body []byte) {
	if x.out.ContentLength >= 0 || len(x.out.Trailer) == 0 {
		x.out.ContentLength = int64(len(body))
	}
	x.out.TransferEncoding = nil
	x.out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	x.out.Body, _ = x.out.GetBody() // it has no error to return
}

// inspectURL looks at the path and query, where text is passed as well. They
// are never rewritten: a mask there would name another resource.
func (x *exchange) inspectURL() {
	ok := x.contained(policy.Request, func() {
		target := x.out.URL.RequestURI()
		found := x.g.cfg.Engine.Scan(sourceOf(llm.Other, policy.Request), target)
		if len(found) == 0 {
			return
		}
		s := x.subject
		v := x.policy.Decide(s, found)
		v.Action = actable(v.Action)
		x.verdict = x.verdict.Join(v)
		x.keepFindings(s, "url", found)
	})
	x.coverDoc(policy.Request, "request.url", nil, ok)
}

// actable is a for text that can be refused, but not changed.
func actable(a policy.Action) policy.Action {
	if a == policy.Redact {
		return policy.Allow
	}
	return a
}

// unscannable notes that a surface could not be inspected, and reports whether
// policy refuses it for that.
func (x *exchange) unscannable(d policy.Direction, surface, state, why string, reason policy.Reason) (refused bool) {
	x.cover(surface, state, why)
	handling := x.policy.Unscannable(reason)
	if handling != policy.Pass {
		x.note(d, string(reason))
	}
	if handling != policy.Refuse {
		return false
	}
	x.verdict = x.verdict.Join(x.policy.Refusal(string(reason)))
	return true
}

// coverDoc notes what of a document was scanned and what was not.
func (x *exchange) coverDoc(d policy.Direction, surface string, doc *llm.Doc, ok bool) {
	if !ok {
		x.cover(surface, "opaque", labelFailed)
		return
	}
	x.cover(surface, "scanned", "")
	if doc == nil {
		return
	}
	for _, s := range doc.Skipped() {
		x.coverSkip(d, surface, s)
	}
}

// coverSkip notes a value that is no text. What it may say cannot be inspected,
// and policy says what becomes of that; vectors say nothing, and a key that the
// provider issues is what was asked for.
func (x *exchange) coverSkip(d policy.Direction, surface string, s llm.Skip) {
	surface += "#" + x.withoutSecretNames(s.Path)
	switch s.Reason {
	case llm.SkipEmbedding, llm.SkipCredential:
		x.cover(surface, "skipped", s.Reason)
	default:
		x.unscannable(d, surface, "opaque", s.Reason, policy.Opaque)
	}
}

// kindOf names a body that holds no text to inspect; it is empty for text,
// and for what does not say what it is.
func kindOf(h http.Header) string {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	kind, sub, _ := strings.Cut(media, "/")
	switch kind {
	case "image", "audio", "video", "font":
		return kind
	case "application":
		switch sub {
		case "octet-stream", "pdf", "zip", "gzip", "x-tar", "wasm":
			return sub
		}
	}
	return ""
}

// isWebSocket reports whether an exchange may become a WebSocket: Upgrade lists
// protocols, with or without a version (RFC 9110 §7.8).
func isWebSocket(r *http.Request) bool {
	for _, list := range r.Header.Values("Upgrade") {
		for protocol := range strings.SplitSeq(list, ",") {
			name, _, _ := strings.Cut(protocol, "/")
			if strings.EqualFold(strings.TrimSpace(name), "websocket") {
				return true
			}
		}
	}
	return false
}

// readUpTo reads r to its end or to maxBytes, and says whether that was all.
func readUpTo(r io.Reader, maxBytes, expected int64) (b []byte, whole bool, err error) {
	if expected < 0 {
		expected = 8 << 10 // not told; most fit
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(expected, 1<<20)+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(r, maxBytes+1)); err != nil {
		return buf.Bytes(), false, err
	}
	return buf.Bytes(), int64(buf.Len()) <= maxBytes, nil
}

// decoded returns the body as text for reading. The original bytes are what is
// forwarded.
func decoded(raw []byte, h http.Header, maxBytes int64) ([]byte, error) {
	encoding := strings.Join(h.Values("Content-Encoding"), ",")
	if encoding == "" {
		return raw, wide(raw)
	}
	r, err := llm.Decoder(encoding, bytes.NewReader(raw), maxBytes)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, errors.New("cannot be decoded")
	}
	return b, wide(b)
}

// wide refuses UTF-16 and UTF-32, which some JSON parsers detect and read (RFC
// 4627 §3: two ASCII characters begin a text, so zeros show the width), and
// ours does not.
func wide(b []byte) error {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) || bytes.IndexByte(b[:min(len(b), 4)], 0) >= 0 {
		return errors.New("UTF-16 or UTF-32")
	}
	return nil
}
