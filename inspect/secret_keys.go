package inspect

import (
	"encoding/base32"
	"strings"
)

// puttyKey is PuTTY's own frame: from its first line to the MAC.
func puttyKey(w *window) {
	const mac = "Private-MAC:"
	text := w.slice(0, 6<<10)
	for i := 0; i+len(mac) <= len(text); i++ {
		w.steps++
		if text[i] == 'P' && text[i:i+len(mac)] == mac {
			end := w.run(i+len(mac), spaceBytes, 2)
			w.take(Secret, "private_key", 1, 0, w.run(end, anyHexBytes, 64))
			return
		}
	}
	if w.context(w.n+512, 512, "private-lines") {
		w.take(Secret, "private_key", 0.9, 0, len(text))
	}
}

// webKey is the private member of a JSON Web Key (RFC 7517): "d", or "k" of a
// symmetric one. The "kty" that makes it a key may stand on either side.
func webKey(w *window) {
	i := w.n
	if w.at(i) == ':' || w.at(i) == ' ' {
		i = w.run(i, spaceBytes, 4)
	}
	if w.at(i) != ':' {
		return
	}
	w.notBefore(i + 1)
	i, quote, ok := opening(w, w.run(i+1, spaceBytes, 8), true)
	if !ok || quote != '"' {
		return
	}
	end := w.run(i, tokenBytes, 1025)
	if n := end - i; n < 22 || n > 1024 || w.at(end) != '"' && w.at(end) != '\\' {
		return
	}
	value := w.slice(i, end)
	if shapeOf(value).turns < 6 || placeholder(value) {
		return
	}
	if w.context(0, behindMax, "\"kty", "\"crv") || w.context(end+behindMax, behindMax, "\"kty", "\"crv", "\"dp") {
		w.take(Secret, "private_key", 0.95, i, end)
	}
}

// couldSeed reports whether run begins as a seed of NATS does.
func couldSeed(run string) bool {
	return run[0] == 'S' && strings.IndexByte(seedKinds, run[1]) >= 0
}

const seedKinds = "UAONCX"

// nkeySeed is a seed of NATS: S and the kind, in base 32, with a CRC-16.
func nkeySeed(w *window) {
	const size = 58
	start, end := w.back(0, base32Bytes, size+1), w.run(0, base32Bytes, size+1)
	if end-start != size || wordBytes[w.at(start-1)] || wordBytes[w.at(end)] {
		return
	}
	seed := w.slice(start, end)
	if !couldSeed(seed) || distinct(seed) < 16 || placeholder(seed) {
		return
	}
	score := 0.75
	if nkeySum(seed) {
		score = 1
	}
	w.take(Secret, "nkey_seed", score, start, end)
}

// nkeySum reports whether the last two bytes are the CRC-16 (XMODEM) of the
// others.
func nkeySum(seed string) bool {
	var raw [40]byte
	n, err := base32.StdEncoding.WithPadding(base32.NoPadding).Decode(raw[:], []byte(seed))
	if err != nil || n < 3 {
		return false
	}
	crc := uint16(0)
	for _, b := range raw[:n-2] {
		crc ^= uint16(b) << 8
		for range 8 {
			carry := crc & 0x8000
			crc <<= 1
			if carry != 0 {
				crc ^= 0x1021
			}
		}
	}
	return crc == uint16(raw[n-2])|uint16(raw[n-1])<<8
}
