package guard_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestMaskedAnswerThatWasCutStaysCut: its new length must not say that it is
// whole.
func TestMaskedAnswerThatWasCutStaysCut(t *testing.T) {
	g := newRig(t, nil)
	g.upstream = func(r *http.Request) (*http.Response, error) {
		resp := answer(r, http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"9999"}}, "")
		resp.ContentLength = 9999
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("The key is "+secret+" and"), cutShort{}))
		return resp, nil
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", chatURL, strings.NewReader(chatPrompt("Hi.")))
	resp, err := g.guard.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil || resp.ContentLength >= 0 || resp.Header.Get("Content-Length") != "" || !strings.Contains(string(got), "REDACTED") {
		t.Errorf("%q, %v, length %d, %v", got, err, resp.ContentLength, resp.Header)
	}
}

type cutShort struct{}

func (cutShort) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
