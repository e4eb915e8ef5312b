package inspect

// privateKeys finds PEM and OpenPGP private key blocks, also on one line with
// \n written out, as in JSON, and keys that come in frames of their own. What is
// cut off is found up to the cut.
func privateKeys() Detector {
	return Detector{
		name: "private_keys", held: true, ahead: aheadMax,
		triggers: []trigger{
			{literal: "-----BEGIN ", match: privateKey},
			{literal: "PuTTY-User-Key-File-", match: puttyKey},
			{literal: `"d"`, match: webKey}, {literal: `"d\"`, match: webKey}, {literal: `"k"`, match: webKey}, {literal: `"k\"`, match: webKey},
			{stride: base32Bytes, back: base32Bytes, backMax: 60, match: nkeySeed},
		},
	}
}

var (
	pemLabelBytes = setOf("A-Z0-9 ")
	// pemBytes are base64, line ends written either way, quotes and pluses of
	// string concatenation, and the headers' punctuation.
	pemBytes = setOf("A-Za-z0-9+/= \t\r\n\\\"',:")
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

// keyBody reports whether offsets i to j hold enough base64 to be a key.
func keyBody(w *window, i, j int) bool {
	n := 0
	body := w.slice(i, j)
	for k := range len(body) {
		if stdB64Bytes[body[k]] {
			n++
		}
	}
	return n >= keyBodyMin && !placeholder(body)
}
