package inspect

import (
	"encoding/base64"
	"hash/crc32"
	"strings"
)

// unchecked is the score where a checksum should hold and does not: the shape
// still names the provider, but the value may be made up.
const unchecked = 0.85

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// githubSum judges the 36 characters of a GitHub token: the last six are the
// CRC-32 of the others in base 62.
func githubSum(body string) float64 {
	sum := crc32.ChecksumIEEE([]byte(body[:len(body)-6]))
	for i := len(body) - 1; i >= len(body)-6; i-- {
		if body[i] != base62[sum%62] {
			return unchecked
		}
		sum /= 62
	}
	return 1
}

// openAIKey judges the body of a key of the old form: 48 letters and digits
// around a mark, which is "OpenAI" in base64.
func openAIKey(body string) float64 {
	if len(body) == 48 && strings.Contains(body, "T3BlbkFJ") {
		return 1
	}
	if mixed(body) {
		return 0.8
	}
	return 0
}

// openAIProjectKey is openAIKey for the forms that name their kind.
func openAIProjectKey(body string) float64 {
	switch {
	case strings.Contains(body, "T3BlbkFJ"):
		return 1
	case mixed(body):
		return 0.9
	}
	return 0
}

// awsKeyID judges the 16 characters after the four that name the kind of key.
// They are base 32.
func awsKeyID(body string) float64 {
	if distinct(body) < 6 {
		return 0
	}
	return tokenScore
}

// random judges a body that must hold both digits and letters, and not read
// like words.
func random(body string) float64 {
	if h := shapeOf(body); h.digits > 0 && h.letters() > 0 && distinct(body) >= 8 && (!h.wordlike() || h.digits*8 >= len(body)) && !repeats(body) {
		return tokenScore
	}
	return 0
}

// weakly is random for a literal that could begin something else.
func weakly(body string) float64 {
	if h := shapeOf(body); mixed(body) && distinct(body) >= 10 && h.turns >= 6 && !h.wordlike() {
		return 0.7
	}
	return 0
}

// sendgridKey judges "22 characters, a dot, 43 characters".
func sendgridKey(body string) float64 {
	if body[22] != '.' || strings.Count(body, ".") != 1 {
		return 0
	}
	return tokenScore
}

// slackHook judges the path of an incoming webhook: team, channel, token.
func slackHook(body string) float64 {
	if len(body) >= 43 && !strings.Contains(body, "/") {
		return min(unchecked, random(body))
	}
	parts := strings.Split(body, "/")
	if len(parts) != 3 || parts[0][:1] != "T" || len(parts[1]) < 8 || parts[1][:1] != "B" || len(parts[2]) < 20 {
		return 0
	}
	return tokenScore
}

// discordHook judges "a number, a slash, a token".
func discordHook(body string) float64 {
	id, secret, ok := strings.Cut(body, "/")
	if !ok || len(id) < 17 || len(secret) < 60 || strings.Trim(id, "0123456789") != "" {
		return 0
	}
	return tokenScore
}

// decodesToDigits reports whether s is base64 of a decimal number.
func decodesToDigits(s string) bool {
	var in, out [32]byte
	if len(s) > len(in) {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(out[:], in[:copy(in[:], s)])
	if err != nil {
		return false
	}
	for _, b := range out[:n] {
		if !isDigit(b) {
			return false
		}
	}
	return n >= 17
}

// cased is random for a body of both cases: names of files often end in a
// hexadecimal digest.
func cased(body string) float64 {
	if h := shapeOf(body); h.lower == 0 || h.upper == 0 {
		return 0
	}
	return random(body)
}

// sentryOrg judges "a JSON object in base64, an underscore, 43 characters".
func sentryOrg(body string) float64 {
	i := strings.LastIndexByte(body, '_')
	if !strings.HasPrefix(body, "eyJ") || i < 0 || len(body)-i-1 != 43 {
		return 0
	}
	return random(body)
}

// bedrockKey judges the body of a short-lived key, which begins with the host's
// name in base64.
func bedrockKey(body string) float64 {
	if !strings.HasPrefix(body, "YmVkcm9jay5hbWF6b25hd3MuY29t") {
		return 0
	}
	return tokenScore
}

// npmSum is githubSum for the tokens of npm, which have the same form.
func npmSum(body string) float64 {
	if random(body) == 0 {
		return 0
	}
	return githubSum(body)
}

// ageSum judges the rest of a key of age, which is Bech32 in capitals.
func ageSum(body string) float64 { return bech32Sum("age-secret-key-", body) }

// nostrSum judges the rest of a key of Nostr.
func nostrSum(body string) float64 { return bech32Sum("nsec", body) }

// bech32Sum judges the data of a Bech32 string (BIP 173), whose last six
// characters are a checksum over prefix and data.
func bech32Sum(prefix, data string) float64 {
	const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	sum := uint32(1)
	step := func(v uint32) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ v
		for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			sum ^= -(top >> i & 1) & g
		}
	}
	for i := range len(prefix) {
		step(uint32(prefix[i]) >> 5)
	}
	step(0)
	for i := range len(prefix) {
		step(uint32(prefix[i]) & 31)
	}
	for i := range len(data) {
		v := strings.IndexByte(charset, lower(data[i]))
		if v < 0 {
			return 0
		}
		step(uint32(v))
	}
	switch {
	case sum == 1:
		return 1
	case distinct(data) < 8:
		return 0
	}
	return unchecked
}
