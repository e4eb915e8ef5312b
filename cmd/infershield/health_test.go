package main

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	p := serve(t, serveOptions{keyMode: "passthrough"})
	// Its own proxy variables must not lead the question astray.
	p.env = append(p.env, "HTTP_PROXY=http://192.0.2.1:1", "http_proxy=http://192.0.2.1:1")
	if got := string(p.output(t, "health", "--admin", p.admin)); got != "ok\n" {
		t.Errorf("got %q; want ok", got)
	}

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	cmd := p.command(t.Context(), "health", "--admin", strings.TrimPrefix(other.URL, "http://"))
	out, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitFailed || !strings.Contains(string(out), "answers 404 Not Found\nhint: ") {
		t.Errorf("another server: got %v, %s", err, out)
	}
}
