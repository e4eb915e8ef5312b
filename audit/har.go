package audit

import (
	"net/http"
	"net/url"
	"time"
)

// The parts of an HTTP Archive 1.2 that a record has something for. Lists that
// must be there are empty: no header is ever recorded.
type (
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     int64       `json:"time"` // milliseconds, as are the timings
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment,omitempty"`
		// What begins with a line below is ours, as the format allows.
		Record Record `json:"_infershield"`
	}
	harRequest struct {
		Method      string   `json:"method"`
		URL         string   `json:"url"`
		HTTPVersion string   `json:"httpVersion"`
		Cookies     []string `json:"cookies"`
		Headers     []string `json:"headers"`
		QueryString []string `json:"queryString"`
		PostData    *harBody `json:"postData,omitempty"`
		HeadersSize int64    `json:"headersSize"`
		BodySize    int64    `json:"bodySize"`
	}
	harResponse struct {
		Status      int      `json:"status"`
		StatusText  string   `json:"statusText"`
		HTTPVersion string   `json:"httpVersion"`
		Cookies     []string `json:"cookies"`
		Headers     []string `json:"headers"`
		Content     harBody  `json:"content"`
		RedirectURL string   `json:"redirectURL"`
		HeadersSize int64    `json:"headersSize"`
		BodySize    int64    `json:"bodySize"`
	}
	harBody struct {
		Size     *int64   `json:"size,omitempty"`
		MimeType string   `json:"mimeType"`
		Params   []string `json:"params,omitempty"`
		Text     string   `json:"text"`
		Comment  string   `json:"comment"`
	}
	harTimings struct {
		Send    int64 `json:"send"`
		Wait    int64 `json:"wait"`
		Receive int64 `json:"receive"`
	}
)

const excerptComment = "a masked excerpt, not the body"

func entryOf(r *Record) harEntry {
	const unknown = -1
	e := harEntry{
		Started: r.Time.UTC().Format(time.RFC3339Nano), Time: r.DurationMS, Comment: r.Error, Record: *r,
		Request: harRequest{
			Method: r.Method, URL: (&url.URL{Scheme: "https", Host: r.Host, Path: r.Path}).String(), HTTPVersion: "HTTP/1.1",
			Cookies: []string{}, Headers: []string{}, QueryString: []string{}, HeadersSize: unknown, BodySize: r.RequestBytes,
		},
		Response: harResponse{
			Status: r.Status, StatusText: http.StatusText(r.Status), HTTPVersion: "HTTP/1.1",
			Cookies: []string{}, Headers: []string{}, HeadersSize: unknown, BodySize: r.ResponseBytes,
			Content: harBody{Size: &r.ResponseBytes, MimeType: "text/plain", Text: r.ResponseExcerpt, Comment: excerptComment},
		},
		Timings: harTimings{Wait: r.FirstByteMS, Receive: max(r.DurationMS-r.FirstByteMS, 0)},
	}
	if r.PromptExcerpt != "" {
		e.Request.PostData = &harBody{MimeType: "text/plain", Text: r.PromptExcerpt, Comment: excerptComment}
	}
	return e
}
