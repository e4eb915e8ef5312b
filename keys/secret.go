package keys

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is all that a Secret ever prints.
const redacted = "[secret]"

// Secret holds a key and prints as [secret] through fmt, log/slog, JSON and
// text encoders, however deep it sits in another value. The zero Secret holds
// none and prints the same, so that output does not tell whether a key is set.
// Secrets are not comparable.
type Secret struct {
	// A closure, because fmt and dump libraries read unexported fields by
	// reflection, past every method, and follow pointers; none can look into
	// a func, of which they print the address.
	reveal func() string
}

// NewSecret returns a Secret that holds value. It is the zero Secret if value
// is empty.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// IsZero reports whether s holds nothing.
func (s Secret) IsZero() bool { return s.reveal == nil }

func (s Secret) value() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String returns [secret].
func (Secret) String() string { return redacted }

// GoString returns [secret].
func (Secret) GoString() string { return redacted }

// Format writes [secret], whatever the verb and flags.
func (Secret) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, redacted) // fmt.State keeps its own errors
}

// LogValue returns [secret].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns "[secret]".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns [secret]; YAML and XML encoders use it.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
