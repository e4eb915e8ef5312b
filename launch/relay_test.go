package launch_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infershield/infershield/launch"
)

// failingListener fails as often as it is told to before it accepts.
type failingListener struct {
	net.Listener
	failures []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if len(l.failures) == 0 {
		return l.Listener.Accept()
	}
	err := l.failures[0]
	l.failures = l.failures[1:]
	return nil, err
}

// What fails at one connection is no reason to take none any more.
func TestRelayOutlivesFailedAccepts(t *testing.T) {
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	go func() {
		if c, err := proxy.Accept(); err == nil {
			_, _ = io.WriteString(c, "hello") // the test fails if nothing comes
			_ = c.Close()
		}
	}()
	inside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := launch.StartRelay(&failingListener{inside, []error{syscall.EMFILE, syscall.ECONNABORTED}},
		func() (net.Conn, error) { return net.Dial("tcp", proxy.Addr().String()) })
	defer relay.Close()
	client, err := net.Dial("tcp", inside.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v; want hello", got, err)
	}
}

// pipes accepts without end until it is closed.
type pipes struct{ closed chan struct{} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
		inside, _ := net.Pipe()
		return inside, nil
	}
}

func (l *pipes) Close() error   { close(l.closed); return nil }
func (l *pipes) Addr() net.Addr { return nil }

func TestRelayBoundsItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		relay := launch.StartRelay(&pipes{make(chan struct{})}, func() (net.Conn, error) {
			<-release
			return nil, errors.New("nobody listens")
		})
		for want := launch.RelayConnectionsMax; want < launch.RelayConnectionsMax+3; want++ {
			synctest.Wait()
			if got := relay.Connections(); got != want {
				t.Errorf("got %d connections; want %d", got, want)
			}
			release <- struct{}{}
		}
		close(release)
		if err := relay.Close(); err != nil {
			t.Error(err)
		}
	})
}
