package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Compression of messages, RFC 7692, on the standard library's deflate.

const (
	deflateWindow = 32 << 10 // bytes that a compressor looks back
	// deflateTail ends what a flush wrote; messages travel without it.
	deflateTail = "\x00\x00\xff\xff"
	// deflateEnd is an empty last block, so that the reader sees an end.
	deflateEnd = "\x01\x00\x00\xff\xff"
)

// deflateTerms are what both ends agreed on. Each end may have to forget, after
// every message, what it has seen so far.
type deflateTerms struct {
	clientForgets, serverForgets bool
}

// agreeOnDeflate takes the first offer of the client's that can be kept.
func agreeOnDeflate(h http.Header) (terms deflateTerms, ok bool) {
	for offer := range strings.SplitSeq(strings.Join(h.Values("Sec-WebSocket-Extensions"), ","), ",") {
		if terms, ok := parseDeflate(offer); ok {
			return terms, true
		}
	}
	return deflateTerms{}, false
}

func parseDeflate(offer string) (terms deflateTerms, ok bool) {
	name, parameters, _ := strings.Cut(offer, ";")
	if strings.TrimSpace(name) != "permessage-deflate" {
		return terms, false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		switch key {
		case "", "client_max_window_bits": // what the client looks back is its own affair
		case "client_no_context_takeover":
			terms.clientForgets = true
		case "server_no_context_takeover":
			terms.serverForgets = true
		case "server_max_window_bits":
			if strings.Trim(value, `"`) != "15" {
				return terms, false // Go's compressor knows one window
			}
		default:
			return terms, false
		}
	}
	return terms, true
}

// String is the header that accepts the offer.
func (t deflateTerms) String() string {
	s := "permessage-deflate"
	if t.clientForgets {
		s += "; client_no_context_takeover"
	}
	if t.serverForgets {
		s += "; server_no_context_takeover"
	}
	return s
}

// inflater unpacks the messages of one direction, in order.
type inflater struct {
	forgets bool
	window  []byte
}

func (i *inflater) unpack(packed []byte) ([]byte, error) {
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(packed), strings.NewReader(deflateTail+deflateEnd)), i.window)
	message, err := io.ReadAll(io.LimitReader(r, socketMessageMax+1))
	if err != nil {
		return nil, &socketError{closeProtocolError, fmt.Sprintf("deflate: %v", err)}
	}
	if len(message) > socketMessageMax {
		return nil, &socketError{closeTooBig, "message too big"}
	}
	if !i.forgets {
		i.window = append(i.window, message...)
		i.window = bytes.Clone(i.window[max(0, len(i.window)-deflateWindow):])
	}
	return message, nil
}

// deflater packs the messages of one direction, in order.
type deflater struct {
	forgets bool
	b       bytes.Buffer
	w       *flate.Writer
}

func newDeflater(forgets bool) *deflater {
	d := &deflater{forgets: forgets}
	d.w, _ = flate.NewWriter(&d.b, flate.DefaultCompression) // fails for unknown levels alone
	return d
}

// pack returns the message packed. It is valid until the next call.
func (d *deflater) pack(message []byte) []byte {
	d.b.Reset()
	if d.forgets {
		d.w.Reset(&d.b)
	}
	_, _ = d.w.Write(message) // a bytes.Buffer never fails
	_ = d.w.Flush()           // nor here
	return bytes.TrimSuffix(d.b.Bytes(), []byte(deflateTail))
}
