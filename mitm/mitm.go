// Package mitm is the way in: the doors through which a client comes (CONNECT,
// absolute-form HTTP, local requests), TLS termination, raw tunnels, and the
// relaying of requests to an http.RoundTripper. It does not know what a prompt is.
package mitm

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/elazarl/goproxy"
)

// Bounds on what a client may hold open. They are generous to honest clients
// and finite for all others.
const (
	headerTimeout    = 15 * time.Second // for a complete request header
	handshakeTimeout = 15 * time.Second // for a complete TLS handshake
	bodyIdleTimeout  = 60 * time.Second // between two reads of a request body
	keepAliveTimeout = 3 * time.Minute  // between two requests on one connection
	tunnelIdle       = 10 * time.Minute // without a byte in either direction
	headerBytesMax   = 256 << 10        // of one request header
	streamsMax       = 250              // concurrent HTTP/2 streams per connection
	connsMax         = 8192             // client connections at a time
)

// Config says what a Proxy is made of. Transport, Local, Certificate and
// Intercept are needed; the rest has useful zero values.
type Config struct {
	// Transport answers every request to an intercepted host. The request's
	// context carries a Visit.
	Transport http.RoundTripper
	// Local answers origin-form requests, those sent to the proxy itself.
	Local http.Handler
	// Certificate returns the certificate for host, which has no port.
	Certificate func(host string) (*tls.Certificate, error)
	// Intercept says whether TLS to host is terminated here. All other hosts
	// are tunnelled untouched.
	Intercept func(host string) bool
	// Dial makes the connections of tunnels and of plain HTTP to other hosts.
	// Nil means the standard library's dialer. The environment's proxy
	// variables are never looked at: they may well name this proxy.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log takes what a person should know. Nil discards it.
	Log *slog.Logger
	// OnTunnelOpen is called for every tunnel that a client asks for, and
	// OnTunnel when it has ended. Both may be nil.
	OnTunnelOpen func()
	OnTunnel     func(Tunnel)
	// OnDistrust is called for every handshake that the client ended because
	// it does not trust our authority. It may be nil.
	OnDistrust func(client, host string)
	// OnPanic is called after a panic ended one exchange. It may be nil.
	OnPanic func()
	// ConnsMax bounds the client connections at a time; further ones wait to
	// be accepted. Zero means 8192.
	ConnsMax int
	// TunnelIdle ends a tunnel that carried nothing for so long. Zero means
	// ten minutes.
	TunnelIdle time.Duration
}

// Tunnel is one raw tunnel that has ended.
type Tunnel struct {
	Addr     string        // host:port that the client asked for
	Up, Down int64         // bytes towards and from the destination
	Duration time.Duration // from the client's request to the end
	Err      error         // why it could not be opened; nil otherwise
}

// Proxy serves all doors. Make one with New.
type Proxy struct {
	cfg     Config
	front   *http.Server // reads CONNECT, absolute-form and local requests
	inner   *http.Server // serves what was decrypted
	connect *goproxy.ProxyHttpServer
	plain   http.Handler // absolute-form requests to hosts that are not intercepted
	guarded http.Handler // absolute-form requests to hosts that are
	handoff *handoff
	tls     *tls.Config
	slots   chan struct{} // one per client connection

	distrust *distrust

	arriving sync.WaitGroup // connections whose first request has not begun
	loops    sync.WaitGroup // calls of Serve

	mu        sync.Mutex
	accepting []*slotListener
	closed    bool // nothing is accepted any more
	// Connections that left net/http's care: tunnels and handshakes.
	loose    map[net.Conn]struct{}
	draining bool
	wg       sync.WaitGroup

	// ctx ends when Shutdown stops waiting.
	ctx    context.Context //nolint:containedctx // the proxy's own life
	cancel context.CancelFunc
}

// New returns a Proxy that serves nothing yet; end it with Shutdown. It panics
// if a needed part of cfg is missing.
func New(cfg Config) *Proxy {
	if cfg.Transport == nil || cfg.Local == nil || cfg.Certificate == nil || cfg.Intercept == nil {
		panic("mitm: Config needs Transport, Local, Certificate and Intercept")
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.ConnsMax == 0 {
		cfg.ConnsMax = connsMax
	}
	if cfg.TunnelIdle == 0 {
		cfg.TunnelIdle = tunnelIdle
	}
	p := &Proxy{
		cfg:      cfg,
		handoff:  newHandoff(),
		slots:    make(chan struct{}, cfg.ConnsMax),
		distrust: newDistrust(),
		loose:    make(map[net.Conn]struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.tls = p.tlsConfig()
	p.connect = p.newConnect()
	p.plain = Relay(Upstream{Dial: cfg.Dial}.Transport(), nil)
	p.guarded = Relay(cfg.Transport, nil)
	p.front = p.newServer(http.HandlerFunc(p.serveFront))
	p.front.ConnContext = p.frontContext
	p.front.ConnState = frontState
	p.inner = p.newServer(http.HandlerFunc(p.serveIntercepted))
	p.inner.ConnContext = interceptedContext
	p.inner.TLSConfig = p.tls
	p.wg.Go(func() { _ = p.inner.Serve(p.handoff) }) // ends with ErrServerClosed at Shutdown
	return p
}

func (p *Proxy) newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           p.contain(h),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       keepAliveTimeout,
		MaxHeaderBytes:    headerBytesMax,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streamsMax},
		ErrorLog:          slog.NewLogLogger(p.cfg.Log.Handler(), slog.LevelDebug),
	}
}

// contain turns a panic into the end of one exchange. The aborts that Relay
// itself makes pass through: net/http knows them.
func (p *Proxy) contain(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				// The value may hold content, so only its type is told.
				p.cfg.Log.Error("panic ended one exchange", "type", typeName(v), "stack", stack())
				if p.cfg.OnPanic != nil {
					p.cfg.OnPanic()
				}
			}
			panic(http.ErrAbortHandler)
		}()
		h.ServeHTTP(w, r)
	})
}

// Connections is how many client connections are open.
func (p *Proxy) Connections() int { return len(p.slots) }

// Serve accepts connections from l until Shutdown, and then returns
// http.ErrServerClosed. It may be called for several listeners. It closes l.
func (p *Proxy) Serve(l net.Listener) error {
	sl := &slotListener{Listener: l, slots: p.slots, arriving: &p.arriving, done: make(chan struct{})}
	if !p.accept(sl) {
		_ = l.Close() // nothing was accepted from it
		return http.ErrServerClosed
	}
	defer p.loops.Done()
	err := p.front.Serve(sl)
	if p.isClosed() {
		return http.ErrServerClosed
	}
	return err
}

// Shutdown stops accepting, serves what was accepted (for 5 seconds it waits
// for the first request), lets exchanges under way and tunnels finish until ctx ends, then cuts what is left. It returns ctx's error if it had to cut.
// Calling it again does no harm.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.letArrive(ctx)
	p.mu.Lock()
	p.draining = true
	p.mu.Unlock()

	errs := make(chan error, 2)
	go func() { errs <- p.front.Shutdown(ctx) }()
	go func() { errs <- p.inner.Shutdown(ctx) }()
	err := errors.Join(<-errs, <-errs)

	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	p.cancel()
	if err == nil {
		return nil
	}
	_ = p.front.Close() // what did not drain is cut; the error is already set
	_ = p.inner.Close()
	p.closeLoose()
	<-done
	return err
}

// keep registers a connection that left net/http's care. It reports false, and
// the caller must close the connection, when the proxy is shutting down.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining {
		return false
	}
	p.loose[c] = struct{}{}
	p.wg.Add(1)
	return true
}

func (p *Proxy) release(c net.Conn) {
	p.mu.Lock()
	delete(p.loose, c)
	p.mu.Unlock()
	p.wg.Done()
}

func (p *Proxy) closeLoose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.loose {
		_ = c.Close() // nothing can be done about a connection that will not close
	}
}

// slotListener accepts only while fewer than cap(slots) connections are open.
type slotListener struct {
	net.Listener
	slots    chan struct{}
	arriving *sync.WaitGroup
	done     chan struct{}
	once     sync.Once
}

func (l *slotListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	l.arriving.Add(1)
	return newClientConn(c, func() { <-l.slots }, l.arriving.Done), nil
}

func (l *slotListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}
