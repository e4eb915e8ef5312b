package inspect_test

import (
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// FuzzSecretValues puts any value after the names and literals that make the
// secrets' validators look, and holds what they say to the stream law.
func FuzzSecretValues(f *testing.F) {
	heads := []string{
		"password = \"", "API_KEY=", "datadog_api_key: '", "{\"auth\": \"", "Authorization: Basic ", "Bearer ", "curl -u ", "curl --user a:'",
		"x?sv=1&sig=", "https://a:", "eyJ", "ZXlK", "\"kty\",\"d\":\"", "PuTTY-User-Key-File-", "-----BEGIN PRIVATE KEY-----", "ghp_", "sntrys_eyJ",
		"SU", "00D", "abc1Q~", "12345678:A", "https://hooks.slack.com/services/", "patAAAAAAAAAAAAAA.", "SG.", "\\\"token\\\":\\\"", "<secret>",
	}
	for i := range heads {
		f.Add(uint8(i), "aZ19-_xkcdQwErTy0987654321mnbvcxzLKJHGFDSA+/==\" ")
		f.Add(uint8(i), "\x00\xff\\\"'`(){}[]<>:=,;|?!%$#@~^&*.-_ \t\r\n")
	}
	f.Fuzz(func(t *testing.T, head uint8, value string) {
		if len(value) > 2<<10 {
			return
		}
		text := heads[int(head)%len(heads)] + value
		checkSplit(t, inspect.Source{}, byteByByte(text))
		for _, found := range engine().Scan(inspect.Source{}, text) {
			if found.Category == inspect.Secret && strings.TrimSpace(text[found.Start:found.End]) == "" {
				t.Errorf("%v in %q covers nothing but space", found, text)
			}
		}
	})
}

// hostileSecrets are the units of texts made to keep the judges of values busy.
var hostileSecrets = []string{
	"token=a1B2c3D4e5F6 ", "password=\"aZ19!x\";", "datadog_api_key=0a1b2c3d4e5f60718293a4b5c6d7e8f9 ", "secret key token auth pass ",
	"curl -u a:", "sv=1&sig=", "\"kty\"\"d\":\"", "PuTTY-User-Key-File-", "ABCDEFGHIJKLMNOP", "ZXlKQUFB", "--token ", "key,\"value\":", "passwordpassword",
}

func BenchmarkScanHostileSecrets(b *testing.B) {
	for _, unit := range hostileSecrets {
		text := strings.Repeat(unit, 64<<10/len(unit))
		b.Run(strings.TrimSpace(unit), func(b *testing.B) { scanLoop(b, engine(), text) })
	}
}
