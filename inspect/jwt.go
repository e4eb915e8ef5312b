package inspect

import (
	"bytes"
	"encoding/base64"
)

// jwt finds signed tokens (RFC 7519): three runs of base64url, of which the
// first decodes to a JSON object that names an algorithm.
func jwt() Detector {
	return Detector{
		name: "jwt", masks: masksSecret, ahead: 4 << 10,
		triggers: []trigger{
			{literal: "eyJ", left: alnumBytes, match: jwtToken},
			{literal: "ZXlK", left: alnumBytes, match: encodedJWT},
		},
	}
}

const jwtHeaderMax = 512

func jwtToken(w *window) {
	header := w.run(0, tokenBytes, jwtHeaderMax)
	if header < 16 || w.at(header) != '.' || !algorithm(w, header) {
		return
	}
	payload := w.run(header+1, tokenBytes, 3<<10)
	if payload-header < 8 || w.at(payload) != '.' || !w.has(header+1, "e") {
		return
	}
	end := w.run(payload+1, tokenBytes, 512)
	score := tokenScore
	if end-payload < 16 {
		score = 0.5 // unsigned, or cut off
	}
	if end == payload+1 {
		end = payload
	}
	if placeholder(w.slice(payload+1, end)) && end > payload {
		return
	}
	w.take(Secret, "jwt", score, 0, end)
}

// algorithm reports whether the first n bytes decode to a JWT header.
func algorithm(w *window, n int) bool {
	w.steps += n
	return namesAlgorithm([]byte(w.slice(0, n)))
}

// namesAlgorithm reports whether header is base64url of a JSON object that has
// an alg.
func namesAlgorithm(header []byte) bool {
	var out [jwtHeaderMax]byte
	size, err := base64.RawURLEncoding.Decode(out[:], header)
	if err != nil {
		return false
	}
	return bytes.HasPrefix(out[:size], []byte(`{"`)) && bytes.Contains(out[:size], []byte(`"alg"`))
}

// encodedJWT is a token in base64 once more, as Kubernetes keeps it.
func encodedJWT(w *window) {
	end := w.run(0, base64Bytes, 3<<10)
	if end < 60 {
		return
	}
	var in, out [jwtHeaderMax]byte
	n := min(end, len(in)) &^ 3
	copy(in[:], w.slice(0, n))
	for i := range in[:n] { // either alphabet
		switch in[i] {
		case '-':
			in[i] = '+'
		case '_':
			in[i] = '/'
		case '=':
			n = i &^ 3
		}
		if i >= n {
			break
		}
	}
	size, err := base64.StdEncoding.Decode(out[:], in[:n])
	header, payload, ok := bytes.Cut(out[:size], []byte("."))
	if err != nil || !ok || !bytes.HasPrefix(payload, []byte("eyJ")) || !isObject(header) {
		return
	}
	w.take(Secret, "jwt", 0.9, 0, end)
}

// isObject reports whether header is base64url of what begins as a JSON object.
func isObject(header []byte) bool {
	var out [jwtHeaderMax]byte
	size, err := base64.RawURLEncoding.Decode(out[:], header)
	return err == nil && bytes.HasPrefix(out[:size], []byte(`{"`))
}
