package inspect_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// FuzzIdentities fills every written form with what the fuzzer makes up, so
// that every validator runs on values of its own shape, and reads them alone,
// beside a word of their subject, and in pieces.
func FuzzIdentities(f *testing.F) {
	forms := inspect.IdentityForms()
	rules := slices.Sorted(maps.Keys(forms))
	f.Add([]byte("0000000000000000"), uint16(0))
	f.Add([]byte("\xff\x80\x7f9876543210"), uint16(77))
	f.Fuzz(func(t *testing.T, from []byte, pick uint16) {
		if len(from) == 0 || len(from) > 64 {
			return
		}
		rule := rules[int(pick)%len(rules)]
		for _, form := range forms[rule] {
			value := filled(form, from)
			for _, text := range []string{value, "tax ID, SSN and passport: " + value + "; bank card", "x" + value + "y"} {
				checkSplit(t, inspect.Source{}, byteByByte(text))
			}
		}
	})
}

// filled writes a form with digits and letters that from decides.
func filled(form string, from []byte) string {
	var b strings.Builder
	for i, c := range []byte(strings.ReplaceAll(form, "~", " ")) {
		v := from[i%len(from)]
		switch {
		case c == '9' || c == '#' && v < 128:
			b.WriteByte('0' + v%10)
		case c == 'A' || c == '#':
			b.WriteByte('A' + v%26)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// A number in running text, without a word of its subject and without anything
// else that speaks for it, is nobody's: nine digits or ten mean nothing.
func TestBareNumbersAreNobodys(t *testing.T) {
	seed := uint64(1)
	alarms := 0
	for range 20000 {
		seed = seed*6364136223846793005 + 1442695040888963407
		number := strconv.FormatUint(seed, 10)
		number = number[:6+seed>>32%12]
		for _, f := range engine().Scan(inspect.Source{}, "request "+number+" took so long") {
			if f.Score >= certain {
				alarms++
			}
		}
	}
	if alarms > 60 {
		t.Errorf("got %d alarms of 20000 numbers; want 60 or fewer", alarms)
	}
}

// hostilePII are the units of texts made to be slow for numbers and names.
var hostilePII = []string{
	"123456789 ", "1234567890 ", "078-05-1120 ", "536221847\n", "4111111111111111 ", "A12345678 ", "AB 12 34 56 C ", "1.2.3.4 ", "00:1A:2B:3C:4D:5E ",
	"1BoatSLRHtKNngkdXEeobR76b53LETtpy1 ", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ", "Mr. ", "Dear ", "my name is ", "12 Main ", "born ", "MAC ",
	"+49 ", "06 12 34 56 78 ", "Straße ", "bc1q ", "2001:", "passport ", "mail ", "mail a at ", "Maria ", "(at)", `"@`, "phone 1234567 ", "12345678901 ", "8001015009087 ",
}

func BenchmarkScanHostilePII(b *testing.B) {
	for _, unit := range hostilePII {
		text := strings.Repeat(unit, 64<<10/len(unit))
		b.Run(strings.TrimSpace(unit), func(b *testing.B) { scanLoop(b, engine(), text) })
	}
}
