package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The stand-in's end of a WebSocket, RFC 6455: whole messages in memory, and
// compression where both ends want it.

// socketSet holds the connections that were hijacked, which http.Server no
// longer knows. The zero value is empty and open.
type socketSet struct {
	wg sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// add reports whether conn may live: not when the set has been closed.
func (s *socketSet) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.conns == nil {
		s.conns = make(map[net.Conn]struct{})
	}
	s.conns[conn] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *socketSet) remove(conn net.Conn) {
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	s.wg.Done()
}

func (s *socketSet) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
}

func (s *socketSet) wait() { s.wg.Wait() }

// socket is one WebSocket. read belongs to one goroutine; writing is anybody's.
type socket struct {
	r        *bufio.Reader
	inflater *inflater // nil without compression
	visit    *visit

	mu       sync.Mutex
	w        *bufio.Writer
	deflater *deflater // nil without compression
}

// upgraded answers an upgrade, serves the WebSocket and takes it down.
func (p *provider) upgraded(w http.ResponseWriter, r *http.Request, serve func(*socket)) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		providerError{Message: "Expected a WebSocket upgrade.", Type: "invalid_request_error"}.write(w, http.StatusUpgradeRequired)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		providerError{Message: "WebSocket needs HTTP/1.1.", Type: "invalid_request_error"}.write(w, http.StatusBadRequest)
		return
	}
	defer conn.Close()
	if !p.sockets.add(conn) {
		return
	}
	defer p.sockets.remove(conn)
	s := &socket{r: buffered.Reader, w: buffered.Writer, visit: visitOf(w)}
	if err := s.accept(r.Header, p.config.Deflate); err != nil {
		return
	}
	serve(s)
}

func (s *socket) accept(h http.Header, deflate bool) error {
	sum := sha1.Sum([]byte(h.Get("Sec-WebSocket-Key") + socketGUID))
	fmt.Fprintf(s.w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	offers := subprotocols(h)
	chosen := slices.IndexFunc(offers, func(offer string) bool { return !strings.HasPrefix(offer, keySubprotocol) })
	if chosen >= 0 {
		fmt.Fprintf(s.w, "Sec-WebSocket-Protocol: %s\r\n", offers[chosen])
	}
	if terms, ok := agreeOnDeflate(h); ok && deflate {
		fmt.Fprintf(s.w, "Sec-WebSocket-Extensions: %s\r\n", terms)
		s.inflater, s.deflater = &inflater{forgets: terms.clientForgets}, newDeflater(terms.serverForgets)
	}
	s.w.WriteString("\r\n")
	return s.w.Flush() // holds the first error of all the writes
}

// echo sends every message back until either end closes.
func (s *socket) echo() {
	for {
		kind, message, err := s.read()
		if err != nil || s.write(kind, message) != nil {
			return
		}
	}
}

// read returns the next message. It answers pings, and the close that ends the
// WebSocket, with a close of its own where the client breaks the rules; then it
// returns an error. A connection cut short is the client's affair, and the
// proxy's under test.
func (s *socket) read() (kind byte, message []byte, err error) {
	kind, message, err = s.readMessage()
	if closing := (*socketError)(nil); errors.As(err, &closing) {
		return 0, nil, errors.Join(err, s.write(opClose, append(binary.BigEndian.AppendUint16(nil, closing.code), closing.reason...)))
	}
	return kind, message, err
}

func (s *socket) readMessage() (kind byte, message []byte, err error) {
	var packed bool
	for {
		f, err := readFrame(s.r, s.inflater != nil)
		if err == nil && len(message)+len(f.payload) > socketMessageMax {
			err = &socketError{closeTooBig, "message too big"}
		}
		if err != nil {
			return 0, nil, err
		}
		switch f.opcode {
		case opClose:
			return 0, nil, errors.Join(io.EOF, s.write(opClose, f.payload))
		case opPing:
			if err := s.write(opPong, f.payload); err != nil {
				return 0, nil, err
			}
			continue
		case opPong:
			continue
		case opContinuation:
		default:
			kind, packed = f.opcode, f.packed
		}
		if message = append(message, f.payload...); !f.final {
			continue
		}
		if packed {
			message, err = s.inflater.unpack(message)
		}
		s.visit.heard(message)
		return kind, message, err
	}
}

// write sends one whole message or control frame.
func (s *socket) write(opcode byte, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if opcode < opClose && s.deflater != nil {
		return writeFrame(s.w, opcode|flagPacked, s.deflater.pack(payload))
	}
	return writeFrame(s.w, opcode, payload)
}

// send implements eventSink: one event is one message.
func (s *socket) send(_ string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err) // every event is a type of this package
	}
	s.visit.said(b)
	_ = s.write(opText, b) // the reader sees that the client has gone
}
