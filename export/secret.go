package export

// Secret is a text that must be shown to nobody: it prints as [secret].
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "[secret]" }

// GoString implements fmt.GoStringer, for %#v.
func (Secret) GoString() string { return "[secret]" }

// MarshalText implements encoding.TextMarshaler, for JSON and logs.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }
