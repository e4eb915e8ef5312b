package inspect

import (
	"bytes"
	"encoding/base64"
)

// jwt finds signed tokens (RFC 7519): three runs of base64url, of which the
// first decodes to a JSON object that names an algorithm.
func jwt() Detector {
	return Detector{
		name: "jwt", held: true, ahead: 4 << 10,
		triggers: []trigger{{literal: "eyJ", left: alnumBytes, match: jwtToken}},
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
	var in, out [jwtHeaderMax]byte
	size, err := base64.RawURLEncoding.Decode(out[:], in[:copy(in[:], w.slice(0, n))])
	if err != nil {
		return false
	}
	w.steps += n
	return bytes.HasPrefix(out[:size], []byte(`{"`)) && bytes.Contains(out[:size], []byte(`"alg"`))
}
