package llm

import (
	"encoding/base64"
	"strings"
)

// opaque says what a value may be instead of text. Each kind is believed only
// when the value's own form bears it out: a place where an image may be is not
// a place to hide a prompt.
type opaque uint8

const (
	opaqueNone       opaque = iota
	opaqueMedia             // an image, sound or document, as base64 or a data URL
	opaqueAudio             // the same, or sound without a header
	opaqueAudioDelta        // sound, where the event's type says so
	opaqueEncrypted         // reasoning sealed by the provider
	opaqueEmbedding         // a vector in base64
	opaqueTokens            // a list of numbers
	opaqueCredential        // a key that the provider issues to the client
)

// opaqueBytesMin is the length from which a string can be anything but text.
// What is shorter costs nothing to inspect.
const opaqueBytesMin = 64

// skipReason returns why text, at a place of the given kind, is not text, or "".
func skipReason(kind opaque, text string) string {
	if kind == opaqueCredential && isCredential(text) {
		return SkipCredential
	}
	if len(text) < opaqueBytesMin {
		return ""
	}
	switch kind {
	case opaqueMedia:
		return mediaReason(text)
	case opaqueAudio, opaqueAudioDelta:
		if reason := mediaReason(text); reason != "" {
			return reason
		}
		if isBase64(text) {
			return SkipAudio // PCM has no header to know it by
		}
	case opaqueEncrypted:
		// The provider's tokens are Fernet's: version byte 0x80, then a time.
		if strings.HasPrefix(text, "gAAAA") && isBase64URL(text) {
			return SkipEncrypted
		}
	case opaqueEmbedding:
		if isBase64(text) {
			return SkipEmbedding
		}
	}
	return ""
}

// isCredential reports whether text can be a key: one word, of the characters
// that keys are made of.
func isCredential(text string) bool {
	const credentialMax = 512
	for i := range len(text) {
		if c := text[i]; c != '-' && c != '_' && (c|0x20 < 'a' || 'z' < c|0x20) && (c < '0' || '9' < c) {
			return false
		}
	}
	return len(text) <= credentialMax
}

// mediaReason reads text as base64 or as a data URL of it.
func mediaReason(text string) string {
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		header, data, ok := strings.Cut(rest, ",")
		if !ok || len(header) > 128 || !strings.HasSuffix(header, ";base64") {
			return ""
		}
		text = data
	}
	const headChars = headBytes / 3 * 4
	if len(text) < headChars {
		return ""
	}
	var head [headBytes]byte
	if n, err := base64.StdEncoding.Decode(head[:], []byte(text[:headChars])); err != nil || n < len(head) {
		return ""
	}
	reason := magic(head[:])
	if reason == "" || !isBase64(text) {
		return ""
	}
	return reason
}

// magics are how files begin, at the given offset.
var magics = []struct {
	at             int
	prefix, reason string
}{
	{0, "\x89PNG\r\n\x1a\n", SkipImage},
	{0, "\xff\xd8\xff", SkipImage}, // JPEG
	{0, "GIF87a", SkipImage},
	{0, "GIF89a", SkipImage},
	{0, "II*\x00", SkipImage}, // TIFF
	{0, "MM\x00*", SkipImage},
	{8, "WEBP", SkipImage}, // in RIFF
	{4, "ftypheic", SkipImage},
	{4, "ftypavif", SkipImage},
	{8, "WAVE", SkipAudio}, // in RIFF
	{4, "ftyp", SkipAudio}, // MP4, M4A
	{0, "ID3", SkipAudio},
	{0, "\xff\xfb", SkipAudio}, // MP3 frames
	{0, "\xff\xf3", SkipAudio},
	{0, "\xff\xf2", SkipAudio},
	{0, "OggS", SkipAudio},
	{0, "fLaC", SkipAudio},
	{0, "\x1a\x45\xdf\xa3", SkipAudio}, // WebM
	{0, "%PDF-", SkipFile},
	{0, "PK\x03\x04", SkipFile},       // ZIP, and so DOCX, XLSX, PPTX
	{0, "\xd0\xcf\x11\xe0", SkipFile}, // OLE: DOC, XLS, PPT
}

// headBytes is how much of a file magic looks at.
const headBytes = 18

func magic(head []byte) string {
	for _, m := range magics {
		if strings.HasPrefix(string(head[m.at:]), m.prefix) {
			return m.reason
		}
	}
	return ""
}

// isBase64 reports whether all of s is padded standard base64, so that nothing
// readable hides behind a credible beginning.
func isBase64(s string) bool {
	return len(s)%4 == 0 && onlyIn(&base64Chars, trimPadding(s))
}

// isBase64URL is isBase64 for the other alphabet, padded or not.
func isBase64URL(s string) bool {
	return onlyIn(&base64URLChars, trimPadding(s))
}

func trimPadding(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
}

func onlyIn(set *[256]bool, s string) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

var (
	base64Chars    = alphabet("+/")
	base64URLChars = alphabet("-_")
)

func alphabet(extra string) (set [256]bool) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for _, c := range []byte(letters + extra) {
		set[c] = true
	}
	return set
}
