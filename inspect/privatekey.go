package inspect

import (
	"bytes"
	"encoding/base64"
)

// privateKeys finds PEM and OpenPGP private key blocks, also on one line with
// \n written out, as in JSON, and keys that come in frames of their own. What is
// cut off is found up to the cut.
func privateKeys() Detector {
	return Detector{
		name: "private_keys", masks: masksSecret, ahead: aheadMax, could: couldSeed,
		triggers: []trigger{
			{literal: "-----BEGIN ", match: privateKey},
			{literal: "LS0tLS1CRUdJTi", left: alnumBytes, match: encodedKey}, // the same in base64
			{literal: "PuTTY-User-Key-File-", match: puttyKey},
			{literal: `"d"`, match: webKey}, {literal: `"d\"`, match: webKey}, {literal: `"k"`, match: webKey}, {literal: `"k\"`, match: webKey},
			{stride: base32Bytes, back: base32Bytes, backMax: 60, shown: 8, match: nkeySeed},
		},
	}
}

var (
	pemLabelBytes = setOf("A-Z0-9 ")
	// pemBytes are base64, line ends written either way, quotes and pluses of
	// string concatenation, the marks of quoted mail and of comments, and the
	// headers' punctuation.
	pemBytes = setOf("A-Za-z0-9+/= \t\r\n\\\"',:>#")
)

// keyBodyMin is less than the shortest key (Ed25519) and more than a sample
// that only shows the frame.
const keyBodyMin = 40

func privateKey(w *window) {
	label := w.run(w.n, pemLabelBytes, 40)
	if label == w.n || !w.has(label, "-----") {
		return
	}
	name := w.slice(w.n, label)
	if !containsFold(name, "private key") {
		return
	}
	body := label + len("-----")
	end := body
	for { // a header such as "Proc-Type: 4,ENCRYPTED" holds single hyphens
		end = w.run(end, pemBytes, aheadMax)
		if w.at(end) != '-' || w.at(end+1) == '-' {
			break
		}
		end++
	}
	if !keyBody(w, body, end) {
		return
	}
	if w.has(end, "-----END ") {
		end = w.run(end+len("-----END "), pemLabelBytes, 40)
		end = w.run(end, hyphenBytes, 5)
	}
	w.take(Secret, "private_key", 1, 0, end)
}

var hyphenBytes = setOf("-")

// keyBody reports whether offsets i to j hold enough base64 to be a key. Keys of
// OpenSSH begin with many zeros, which are the letter A: only other letters
// that go on and on were typed by somebody.
func keyBody(w *window, i, j int) bool {
	n, same, last := 0, 0, byte(0)
	body := w.slice(i, j)
	for k := range len(body) {
		b := body[k]
		if !stdB64Bytes[b] {
			continue
		}
		n++
		if same++; b != last {
			same = 1
		}
		if last = b; same > 12 && b != 'A' && b != '=' {
			return false
		}
	}
	w.steps += len(body)
	return n >= keyBodyMin && distinct(body) >= 20 && !containsFold(body, "example") && !containsFold(body, "yourkey") && !containsFold(body, "redacted")
}

// encodedKey is a PEM block in base64, as Kubernetes keeps it.
func encodedKey(w *window) {
	end := w.run(0, stdB64Bytes, aheadMax)
	const head = 64
	if end < 2*head {
		return
	}
	var in, out [head]byte
	n, err := base64.StdEncoding.Decode(out[:], in[:copy(in[:], w.slice(0, head))])
	if err != nil || !bytes.Contains(out[:n], []byte("PRIVATE KEY-----")) {
		return
	}
	w.take(Secret, "private_key", 1, 0, end)
}
