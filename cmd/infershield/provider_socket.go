package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The stand-in's end of a WebSocket, RFC 6455, as little of it as echoing
// takes: no extensions, whole messages in memory.

const (
	socketMessageMax = 1 << 20 // bytes
	socketGUID       = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// Opcodes and close codes of RFC 6455, sections 5.2 and 7.4.1.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa

	closeProtocolError = 1002
	closeTooBig        = 1009
)

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

// socket upgrades and echoes every message until either end closes.
func (p *provider) socket(w http.ResponseWriter, r *http.Request) {
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
	if err := writeUpgrade(buffered, r.Header); err != nil {
		return
	}
	// A connection cut short is the client's affair, and the proxy's under test.
	_ = echo(buffered)
}

func writeUpgrade(w *bufio.ReadWriter, h http.Header) error {
	sum := sha1.Sum([]byte(h.Get("Sec-WebSocket-Key") + socketGUID))
	fmt.Fprintf(w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	offers := subprotocols(h)
	chosen := slices.IndexFunc(offers, func(offer string) bool { return !strings.HasPrefix(offer, keySubprotocol) })
	if chosen >= 0 {
		fmt.Fprintf(w, "Sec-WebSocket-Protocol: %s\r\n", offers[chosen])
	}
	w.WriteString("\r\n")
	return w.Flush() // holds the first error of all the writes
}

// frame is one frame, its payload unmasked.
type frame struct {
	final   bool
	opcode  byte
	payload []byte
}

// socketError is why the stand-in closes a WebSocket.
type socketError struct {
	code   uint16
	reason string
}

func (e *socketError) Error() string { return e.reason }

// echo answers frames until the client closes or breaks the rules.
func echo(rw *bufio.ReadWriter) error {
	var message []byte
	var kind byte // of the message under way; continuation when there is none
	for {
		f, err := readFrame(rw.Reader)
		if err == nil && len(message)+len(f.payload) > socketMessageMax {
			err = &socketError{closeTooBig, "message too big"}
		}
		if closing := (*socketError)(nil); errors.As(err, &closing) {
			return writeFrame(rw.Writer, opClose, append(binary.BigEndian.AppendUint16(nil, closing.code), closing.reason...))
		}
		if err != nil {
			return err
		}
		switch f.opcode {
		case opClose:
			return writeFrame(rw.Writer, opClose, f.payload)
		case opPing:
			err = writeFrame(rw.Writer, opPong, f.payload)
		case opPong:
		default:
			if f.opcode != opContinuation {
				kind = f.opcode
			}
			message = append(message, f.payload...)
			if f.final {
				err = writeFrame(rw.Writer, kind, message)
				message = message[:0]
			}
		}
		if err != nil {
			return err
		}
	}
}

// readFrame reads one frame from a client. Frames that no client may send, and
// frames too big to hold, are a *socketError.
func readFrame(r io.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{final: head[0]&0x80 != 0, opcode: head[0] & 0x0f}
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 {
		return frame{}, &socketError{closeProtocolError, "reserved bits, or no mask"}
	}
	length := uint64(head[1] & 0x7f)
	if f.opcode >= opClose && (length > 125 || !f.final) {
		return frame{}, &socketError{closeProtocolError, "control frame too long or in pieces"}
	}
	if extra := map[uint64]int{126: 2, 127: 8}[length]; extra > 0 {
		var b [8]byte
		if _, err := io.ReadFull(r, b[8-extra:]); err != nil {
			return frame{}, err
		}
		length = binary.BigEndian.Uint64(b[:])
	}
	if length > socketMessageMax {
		return frame{}, &socketError{closeTooBig, "message too big"}
	}
	var mask [4]byte
	if _, err := io.ReadFull(r, mask[:]); err != nil {
		return frame{}, err
	}
	f.payload = make([]byte, length)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, nil
}

// writeFrame writes one whole message or control frame, unmasked, as servers do.
func writeFrame(w *bufio.Writer, opcode byte, payload []byte) error {
	head := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n <= 0xffff:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	// The writer keeps the first error for Flush.
	w.Write(head)
	w.Write(payload)
	return w.Flush()
}
