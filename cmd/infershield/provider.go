package main

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the stand-in provider.
const (
	providerBodyMax      = 64 << 20 // bytes of a request that it reads
	providerBodyKept     = 16 << 10 // bytes of a request that a sighting holds
	providerSightingsMax = 4096     // requests that it remembers
	providerMessagesKept = 1024     // messages of a WebSocket, each way, that a sighting holds
)

// providerConfig says what a stand-in provider is to be. The zero value
// accepts every credential, answers for api.openai.com and speaks h2 and
// HTTP/1.1.
type providerConfig struct {
	Keys      []string                        // credentials accepted; empty accepts any
	Hosts     []string                        // names on its certificate; empty is api.openai.com
	Protocols []string                        // offered by ALPN; empty is h2 and http/1.1
	Reply     func(prompt string) reply       // what is said to a prompt; nil repeats it
	Deflate   bool                            // WebSockets compress, where the client offers it
	Echo      bool                            // WebSockets send back what they get, and know no API
	Wrap      func(http.Handler) http.Handler // put around the answers, so that a test can misbehave
}

// provider behaves as api.openai.com does, on a loopback port, over TLS by a
// throw-away authority of its own, and remembers what it was sent. demo has it
// as upstream, and so have the tests; nothing else of the product knows it. It
// writes no log: what it is sent holds keys.
type provider struct {
	config   providerConfig
	listener net.Listener
	server   *http.Server
	rootPEM  []byte
	served   chan struct{}
	sockets  socketSet
	answered atomic.Int64 // numbers what the provider makes up

	answering sync.WaitGroup // requests under way

	mu     sync.Mutex
	closed bool     // no request may begin
	visits []*visit // oldest first
}

// startProvider starts one; the caller closes it.
func startProvider(config providerConfig) (*provider, error) {
	if len(config.Hosts) == 0 {
		config.Hosts = []string{"api.openai.com"}
	}
	if len(config.Protocols) == 0 {
		config.Protocols = []string{"h2", "http/1.1"}
	}
	certificate, rootPEM, err := mintProvider(config.Hosts)
	if err != nil {
		return nil, fmt.Errorf("minting the stand-in provider's certificate: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the stand-in provider: %w", err)
	}
	p := &provider{config: config, listener: listener, rootPEM: rootPEM, served: make(chan struct{})}
	p.server = &http.Server{
		Handler:           p.handler(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: config.Protocols},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	if !slices.Contains(config.Protocols, "h2") {
		// ServeTLS would offer h2 by itself.
		p.server.Protocols = new(http.Protocols)
		p.server.Protocols.SetHTTP1(true)
	}
	go p.serve()
	return p, nil
}

func (p *provider) serve() {
	defer close(p.served)
	// Always ErrServerClosed: the listener is ours until close.
	_ = p.server.ServeTLS(p.listener, "", "")
}

// addr is where it listens, host:port.
func (p *provider) addr() string { return p.listener.Addr().String() }

// close ends it at once, streams and WebSockets included, and waits for them.
func (p *provider) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.sockets.closeAll()
	err := p.server.Close()
	<-p.served
	p.answering.Wait()
	p.sockets.wait()
	return err
}

func (p *provider) handler() http.Handler {
	answers := http.Handler(p.answers())
	if p.config.Wrap != nil {
		answers = p.config.Wrap(answers)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.begin() {
			panic(http.ErrAbortHandler)
		}
		defer p.answering.Done()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, providerBodyMax))
		if err != nil {
			providerError{Message: "Request too large or cut short.", Type: "invalid_request_error"}.write(w, http.StatusRequestEntityTooLarge)
			return
		}
		v := p.remember(r, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answers.ServeHTTP(&seenWriter{ResponseWriter: w, visit: v}, r)
	})
}

// begin counts a request under way; false when the provider is closing.
func (p *provider) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.answering.Add(1)
	}
	return !p.closed
}

// authorized answers a request without a right credential as the provider
// would, and reports whether the caller may go on.
func (p *provider) authorized(w http.ResponseWriter, r *http.Request) bool {
	offered := offeredKeys(r.Header)
	if len(offered) == 0 {
		providerError{
			Message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
			Type:    "invalid_request_error",
		}.write(w, http.StatusUnauthorized)
		return false
	}
	for _, key := range p.config.Keys {
		if subtle.ConstantTimeCompare([]byte(key), []byte(offered[0])) == 1 {
			return true
		}
	}
	if len(p.config.Keys) == 0 {
		return true
	}
	// The real one echoes a part of the key; that is not ours to repeat.
	providerError{
		Message: "Incorrect API key provided.", Type: "invalid_request_error", Code: "invalid_api_key",
	}.write(w, http.StatusUnauthorized)
	return false
}
