package mitm

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
)

// refusalCodes are the machine-readable words for what is refused here.
var refusalCodes = map[int]string{
	http.StatusBadRequest:         "bad_request",
	http.StatusMisdirectedRequest: "misdirected_request",
	http.StatusMethodNotAllowed:   "method_not_allowed",
	http.StatusBadGateway:         "upstream_unreachable",
	http.StatusGatewayTimeout:     "upstream_timeout",
}

// refusalBody is shaped as LLM providers shape theirs, so that their SDKs
// raise it with its message.
func refusalBody(status int, message string) []byte {
	kind := "invalid_request_error"
	if status >= 500 {
		kind = "upstream_error"
	}
	type detail struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]detail{"error": {Message: "InferShield: " + message, Type: kind, Code: refusalCodes[status]}}) // strings always encode
	return []byte(b.String())
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(refusalBody(status, message)) // the client may be gone
}

func refusal(r *http.Request, status int, message string) *http.Response {
	body := refusalBody(status, message)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Close: true,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(string(body))),
		ContentLength: int64(len(body)),
	}
}

// writeRefusal answers on a connection that has left net/http's care.
func writeRefusal(c net.Conn, status int, message string) {
	_ = refusal(nil, status, message).Write(c) // the client may be gone
}

func typeName(v any) string { return reflect.TypeOf(v).String() }

// stack is the panicking goroutine's stack without the arguments' values.
func stack() string {
	s := string(debug.Stack())
	if len(s) > 4096 {
		s = fmt.Sprintf("%s… (%d bytes)", s[:4096], len(s))
	}
	return s
}
