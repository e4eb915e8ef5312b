package llm

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Error is an answer of our own in the provider's shape, so that a client's SDK
// raises what it always raises.
type Error struct {
	Status  int // HTTP status
	Message string
	Type    string // "authentication_error", "firewall_block", "upstream_error", …
	Code    string

	// The rest stands in the answer only where Type is firewall_block.
	RiskScore int      // 0 to 100
	Threats   []string // labels
	RequestID string   // the id of the audit record
	Phase     string   // "request" or "response"
}

// TypeBlocked is the Type of an answer given instead of a forbidden exchange.
const TypeBlocked = "firewall_block"

// Unauthorized returns the 401 for a client that sent no credential where it
// must.
func Unauthorized() *Error {
	return &Error{
		Status: http.StatusUnauthorized,
		Message: "Missing Authorization header. In passthrough mode the client must supply " +
			"Authorization: Bearer <your-api-key>.",
		Type: "authentication_error",
		Code: "missing_authorization",
	}
}

// Blocked returns the 403 for a blocked exchange. phase is "request" or
// "response".
func Blocked(phase string, risk int, threats []string, requestID string) *Error {
	subject := "Request"
	if phase == "response" {
		subject = "Response"
	}
	return &Error{
		Status:  http.StatusForbidden,
		Message: subject + " blocked by InferShield: " + strings.Join(threats, ", "),
		Type:    TypeBlocked, Code: TypeBlocked,
		RiskScore: risk, Threats: threats, RequestID: requestID, Phase: phase,
	}
}

// Upstream returns the 502 for a provider that could not be reached. code says
// in which way, in lower-case words joined by underscores.
func Upstream(message, code string) *Error {
	return &Error{Status: http.StatusBadGateway, Message: message, Type: "upstream_error", Code: code}
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Body returns the JSON object that the provider would send.
func (e *Error) Body() []byte {
	b := append(make([]byte, 0, 512), `{"error":{"message":`...)
	b = appendQuote(b, e.Message)
	b = appendQuote(append(b, `,"type":`...), e.Type)
	b = appendQuote(append(b, `,"param":null,"code":`...), e.Code)
	if e.Type == TypeBlocked {
		b = strconv.AppendInt(append(b, `,"risk_score":`...), int64(e.RiskScore), 10)
		b = append(b, `,"threats":[`...)
		for i, t := range e.Threats {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuote(b, t)
		}
		b = appendQuote(append(b, `],"request_id":`...), e.RequestID)
		b = appendQuote(append(b, `,"phase":`...), e.Phase)
	}
	return append(b, `}}`...)
}

// Response returns the answer to r, which may be nil. The names of its own
// headers are spelt as they are documented, so on HTTP/1.1 they look that way;
// Header.Get does not find them before they have crossed the wire.
func (e *Error) Response(r *http.Request) *http.Response {
	body := e.Body()
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if e.Type == TypeBlocked {
		h["X-InferShield-Blocked"] = []string{"true"}
		h["X-InferShield-Request-Id"] = []string{e.RequestID}
		h["X-InferShield-Risk-Score"] = []string{strconv.Itoa(e.RiskScore)}
	}
	return &http.Response{
		Status:     strconv.Itoa(e.Status) + " " + http.StatusText(e.Status),
		StatusCode: e.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

// Event returns the event that ends a stream with the same object. The SDKs
// raise on any event whose data has an "error" member. It must follow a whole
// event.
func (e *Error) Event() []byte {
	b := append([]byte("event: error\ndata: "), e.Body()...)
	return append(b, "\n\n"...)
}

// Typed returns the WebSocket message with the same object, in the form of the
// error events that the provider sends there. Its status says that the request
// was wrong: after a 403 the Codex CLI tries five times more, in vain.
func (e *Error) Typed() []byte {
	b := strconv.AppendInt([]byte(`{"type":"error","status":`), http.StatusBadRequest, 10)
	b = append(b, ',')
	return append(b, e.Body()[1:]...)
}
