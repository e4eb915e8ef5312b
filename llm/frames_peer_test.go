package llm_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/infershield/infershield/llm"
)

// TestFramesBetweenPeers stands between a client and a server of the npm
// package ws and changes some of what they say.
func TestFramesBetweenPeers(t *testing.T) {
	npm, err := filepath.Abs("../.cache/npm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(npm, "node_modules", "ws")); err != nil {
		t.Skip("the npm package ws is missing (scripts/test-deps.sh installs it)")
	}
	for _, deflate := range []string{
		`false`,
		`{"threshold":0}`,
		`{"threshold":0,"serverNoContextTakeover":true,"clientNoContextTakeover":true}`,
		`{"threshold":0,"serverMaxWindowBits":9,"clientMaxWindowBits":10}`,
	} {
		t.Run(deflate, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "node", "testdata/socket.cjs")
			cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(npm, "node_modules"), "DEFLATE="+deflate)
			cmd.Stderr = t.Output()
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var port int
			if _, err := fmt.Fscanln(stdout, &port); err != nil {
				t.Fatal(err)
			}
			between := make(chan error, 1)
			go func() { between <- standBetween(stdin, port) }()
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			if err := <-between; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// standBetween relays one connection to a server's port and writes its own to w.
func standBetween(w io.Writer, port int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	if _, err := fmt.Fprintln(w, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	client, err := listener.Accept()
	if err != nil {
		return err
	}
	defer client.Close()
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer server.Close()

	fromClient, fromServer := bufio.NewReader(client), bufio.NewReader(server)
	request, err := http.ReadRequest(fromClient)
	if err != nil {
		return err
	}
	if err := request.Write(server); err != nil {
		return err
	}
	response, err := http.ReadResponse(fromServer, request)
	if err != nil {
		return err
	}
	if err := response.Write(client); err != nil {
		return err
	}
	up, down, err := llm.Extensions(response.Header)
	if err != nil {
		return err
	}
	var both errgroup.Group
	both.Go(func() error {
		return change(server, fromClient, llm.NewFrames(llm.FramesConfig{FromClient: true, Deflate: up}))
	})
	both.Go(func() error { return change(client, fromServer, llm.NewFrames(llm.FramesConfig{Deflate: down})) })
	return both.Wait()
}

// change copies one direction and masks a word in it.
func change(w io.Writer, r io.Reader, frames *llm.Frames) error {
	buf := make([]byte, 1000)
	for {
		n, err := r.Read(buf)
		frames.Write(buf[:n])
		for {
			m, err := frames.Next()
			if err != nil {
				return err
			}
			if m == nil {
				break
			}
			out, err := frames.Forward(m)
			if err != nil {
				return err
			}
			if bytes.Contains(m.Payload, []byte("SECRET")) {
				out = frames.Replace(m, bytes.ReplaceAll(m.Payload, []byte("SECRET"), []byte("MASKED")))
			}
			if _, err := w.Write(out); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return nil //nolint:nilerr // the peers end as they like; what they say decides
		}
	}
}
