package keys_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/infershield/infershield/keys"
)

var verbs = []string{"%v", "%+v", "%#v", "%q", "%+q", "%x", "%X", "% x", "%#x", "%s", "%d", "%b", "%o", "%c", "%U", "%t", "%e", "%p", "%T", "%w", "%100v", "%.3s", "%-40v|", "%!", "%z"}

func TestSecretPrints(t *testing.T) {
	for _, s := range []keys.Secret{{}, keys.NewSecret(""), keys.NewSecret(serverKey)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x", "%X", "%s", "%d", "%c", "%t", "%100v", "%.3s"} {
			if got := fmt.Sprintf(verb, s); got != "[secret]" {
				t.Errorf("%s: got %s; want [secret]", verb, got)
			}
		}
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{
			"String": s.String(), "GoString": s.GoString(), "LogValue": s.LogValue().String(),
			"MarshalText": string(text), "Print": fmt.Sprint(s),
		} {
			if got != "[secret]" {
				t.Errorf("%s: got %s; want [secret]", name, got)
			}
		}
		if got, err := json.Marshal(s); err != nil || string(got) != `"[secret]"` {
			t.Errorf("JSON: got %s, %v; want \"[secret]\"", got, err)
		}
	}
	if !keys.NewSecret("").IsZero() || keys.NewSecret(serverKey).IsZero() {
		t.Error("IsZero: got the opposite; want true for no value alone")
	}
}

// Holder exports its secrets, holder does not; fmt reads both.
type (
	Holder struct {
		Key     keys.Secret
		Pointer *keys.Secret
		List    []keys.Secret
		Named   map[string]keys.Secret `xml:"-"`
		Any     any
		Config  keys.Config `xml:"-" json:"-"`
	}
	holder struct {
		key     keys.Secret
		pointer *keys.Secret
		list    []keys.Secret
		named   map[string]keys.Secret
		array   [1]holder2
		any     any
		config  keys.Config
	}
	holder2 struct{ inner struct{ key keys.Secret } }
)

type failure struct{ key keys.Secret }

func (f failure) Error() string { return fmt.Sprintf("using %+v", f.key) }

// sinks returns everything that prints a value which holds secret somewhere.
func sinks(t testing.TB, secret string) map[string]string {
	s := keys.NewSecret(secret)
	config := keys.Config{Mode: keys.Auto, Key: s, Provider: func(*http.Request) bool { return true }}
	custodian, err := keys.New(config)
	if err != nil {
		config.Key = keys.Secret{} // not a key; the rest must hold all the same
	}
	open := Holder{Key: s, Pointer: &s, List: []keys.Secret{s}, Named: map[string]keys.Secret{"a": s}, Any: s, Config: config}
	shut := holder{key: s, pointer: &s, list: []keys.Secret{s}, named: map[string]keys.Secret{"a": s}, any: s, config: config}
	shut.array[0].inner.key = s
	values := map[string]any{
		"secret": s, "pointer": &s, "open": open, "shut": shut, "open pointer": &open, "shut pointer": &shut,
		"slice": []any{s, shut}, "map": map[string]any{"k": shut}, "custodian": custodian,
		"error": failure{s}, "wrapped": fmt.Errorf("wrapping: %w", errors.Join(failure{s}, fmt.Errorf("%v", shut))),
		"error from New": err,
	}
	if custodian != nil {
		values["custodian value"] = *custodian
	}
	out := map[string]string{}
	for name, value := range values {
		for _, verb := range verbs {
			out[name+" "+verb] = fmt.Sprintf(verb, value)
		}
		maps.Copy(out, logs(name, value))
		if encoded, err := json.Marshal(value); err == nil {
			out[name+" json"] = string(encoded)
		}
		if encoded, err := xml.Marshal(value); err == nil {
			out[name+" xml"] = string(encoded)
		}
	}
	return out
}

func logs(name string, value any) map[string]string {
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "value", value, slog.Group("group", "value", value))
	slog.New(slog.NewJSONHandler(&object, nil)).Info("message", "value", value, slog.Group("group", "value", value))
	return map[string]string{name + " slog text": text.String(), name + " slog JSON": object.String()}
}

// reveals reports whether output holds secret, as it is or in a coding that
// fmt or an encoder may choose.
func reveals(output, secret string) bool {
	quoted := strconv.Quote(secret)
	ascii := strconv.QuoteToASCII(secret)
	for _, form := range []string{
		secret, quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1],
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		strings.Trim(fmt.Sprint([]byte(secret)), "[]"), fmt.Sprintf("% x", secret),
	} {
		if strings.Contains(output, form) {
			return true
		}
	}
	return false
}

func TestSecretShowsNowhere(t *testing.T) {
	outputs := sinks(t, serverKey)
	for name, output := range outputs {
		if reveals(output, serverKey) {
			t.Errorf("%s shows the key", name)
		}
	}
	for _, name := range []string{"open json", "secret xml", "open slog JSON", "open %+v", "shut pointer %v"} {
		if outputs[name] == "" {
			t.Errorf("%s: got nothing; want output that was looked through", name)
		}
	}
	for _, name := range []string{"open json", "secret xml", "error %v"} {
		if !strings.Contains(outputs[name], "[secret]") {
			t.Errorf("%s: got %s; want [secret] in it", name, outputs[name])
		}
	}
}

// The check above can fail: a plain string in the same places is seen.
func TestRevealsSeesAPlainString(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x", "%X", "% x", "%s"} {
		if output := fmt.Sprintf(verb, struct{ key string }{serverKey}); !reveals(output, serverKey) {
			t.Errorf("%s: got hidden; want %s recognised", verb, output)
		}
	}
}

func FuzzSecretShowsNowhere(f *testing.F) {
	f.Add(serverKey)
	f.Add("[secret]")
	f.Add("%v%!s(MISSING)")
	f.Add("\x00\xff\"\\\n")
	f.Fuzz(func(t *testing.T, value string) {
		// The frame makes the value one that no type name, address or
		// marker can hold by chance.
		secret := "\u2042" + value + "\u2042"
		for name, output := range sinks(t, secret) {
			if reveals(output, secret) || value != "" && reveals(output, "\u2042"+value) {
				t.Errorf("%s shows the secret", name)
			}
		}
	})
}
