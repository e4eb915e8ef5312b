package main

import (
	"bufio"
	"encoding/binary"
	"io"
)

const (
	socketMessageMax = 1 << 20 // bytes
	socketGUID       = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// Opcodes, flags and close codes of RFC 6455, sections 5.2 and 7.4.1.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa

	flagFinal    = 0x80
	flagPacked   = 0x40 // RFC 7692
	flagReserved = 0x30

	closeProtocolError = 1002
	closeTooBig        = 1009
)

// frame is one frame, its payload unmasked.
type frame struct {
	final, packed bool
	opcode        byte
	payload       []byte
}

// socketError is why the stand-in closes a WebSocket.
type socketError struct {
	code   uint16
	reason string
}

func (e *socketError) Error() string { return e.reason }

// readFrame reads one frame from a client. Frames that no client may send, and
// frames too big to hold, are a *socketError.
func readFrame(r io.Reader, mayPack bool) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{final: head[0]&flagFinal != 0, packed: head[0]&flagPacked != 0, opcode: head[0] & 0x0f}
	if head[0]&flagReserved != 0 || f.packed && !mayPack || head[1]&0x80 == 0 {
		return frame{}, &socketError{closeProtocolError, "reserved bits, or no mask"}
	}
	length := uint64(head[1] & 0x7f)
	if f.opcode >= opClose && (length > 125 || !f.final || f.packed) {
		return frame{}, &socketError{closeProtocolError, "control frame too long, in pieces or packed"}
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

// writeFrame writes one whole message or control frame, unmasked, as servers
// do. first is the opcode, and flagPacked where the payload is.
func writeFrame(w *bufio.Writer, first byte, payload []byte) error {
	head := []byte{flagFinal | first}
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
