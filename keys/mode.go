package keys

import "fmt"

// Mode says whose key goes upstream. The zero value is Server.
type Mode uint8

// The three modes of KEY_MODE.
const (
	// Server sends the server's key and removes what the client sent.
	Server Mode = iota
	// Passthrough sends the client's credential as it came. The server's key
	// is never used, not even as a fallback.
	Passthrough
	// Auto is Server where a server key is set, else Passthrough.
	Auto
)

var modeNames = [...]string{Server: "server", Passthrough: "passthrough", Auto: "auto"}

// String returns the word used in KEY_MODE and in records.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// ParseMode reads a word that String returns. Case counts.
func ParseMode(s string) (Mode, error) {
	for i, name := range modeNames {
		if s == name {
			return Mode(i), nil
		}
	}
	return Server, fmt.Errorf("key mode %q is none of server, passthrough, auto", s)
}
