package mitm_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestShutdownWaitsForUpgrades and cuts them at the deadline: whoever records
// them must see their end.
func TestShutdownWaitsForUpgrades(t *testing.T) {
	g := newRig(t, rigOptions{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(c, rw)
	})})
	head := "CONNECT " + apiHost + ":443 HTTP/1.1\r\nHost: x\r\n\r\n"
	tc := tls.Client(&eager{Conn: g.dialProxy(), head: []byte(head)}, &tls.Config{RootCAs: g.ours.pool, ServerName: apiHost, NextProtos: []string{"http/1.1"}})
	fmt.Fprintf(tc, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", apiHost)
	br := bufio.NewReader(tc)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v; want 101", resp, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.proxy.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v; want deadline exceeded", err)
	}
	_, _ = io.ReadAll(br) // returns: it was cut
}
