package inspect_test

import (
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// The validators are fuzzed against what the test works out another way.

func fires(text, rule string) bool {
	return slices.ContainsFunc(engine().Scan(inspect.Source{}, text), func(f inspect.Finding) bool { return f.Rule == rule })
}

func FuzzIBAN(f *testing.F) {
	f.Add(uint64(370400440532013000), uint8(0))
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, account uint64, step uint8) {
		body := fmt.Sprintf("%018d", account%1e18)
		n, _ := new(big.Int).SetString(body+"131400", 10) // DE00
		check := 98 - new(big.Int).Mod(n, big.NewInt(97)).Int64()
		right := fmt.Sprintf("DE%02d%s", check, body)
		if !fires("to "+right+".", "iban_code") || !fires("to "+right[:4]+" "+right[4:8]+" "+right[8:]+" soon", "iban_code") {
			t.Errorf("%s is an IBAN and was not found", right)
		}
		at := 4 + int(step)%18
		wrong := right[:at] + string('0'+(right[at]-'0'+1)%10) + right[at+1:]
		if fires("to "+wrong+".", "iban_code") {
			t.Errorf("%s has wrong check digits and was found", wrong)
		}
	})
}

func FuzzCard(f *testing.F) {
	f.Add(uint64(11111111111111), uint8(0))
	f.Add(uint64(24242424242424), uint8(7))
	f.Fuzz(func(t *testing.T, number uint64, step uint8) {
		body := fmt.Sprintf("4%014d", number%1e14)
		sum := 0
		for i, c := range body { // doubled from the first on: the check digit makes 16
			d := int(c - '0')
			if i%2 == 0 {
				d = d*2/10 + d*2%10
			}
			sum += d
		}
		right := fmt.Sprintf("%s%d", body, (10-sum%10)%10)
		if !fires("card "+right, "credit_card") {
			t.Errorf("%s is a card and was not found", right)
		}
		at := 1 + int(step)%15
		wrong := right[:at] + string('0'+(right[at]-'0'+1)%10) + right[at+1:]
		if fires("card "+wrong, "credit_card") {
			t.Errorf("%s has a wrong check digit and was found", wrong)
		}
	})
}

func FuzzSSN(f *testing.F) {
	f.Add(uint16(536), uint8(22), uint16(1847))
	f.Add(uint16(666), uint8(1), uint16(1))
	f.Add(uint16(78), uint8(5), uint16(1120))
	f.Fuzz(func(t *testing.T, area uint16, group uint8, serial uint16) {
		area, group, serial = area%1000, group%100, serial%10000
		text := fmt.Sprintf("%03d-%02d-%04d", area, group, serial)
		famous := []string{"078-05-1120", "123-45-6789", "219-09-9999", "457-55-5462"}
		digits := strings.ReplaceAll(text, "-", "")
		want := area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 &&
			!slices.Contains(famous, text) && strings.Trim(digits, digits[:1]) != ""
		if got := fires("is "+text+" ok", "us_ssn"); got != want {
			t.Errorf("%s: found %v; want %v", text, got, want)
		}
	})
}

func TestGitHubChecksum(t *testing.T) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := "k3Jd8sLq0ZpXv7Rt2WnYb5Hc1MfGa4"
	sum := crc32.ChecksumIEEE([]byte(body))
	var tail [6]byte
	for i := 5; i >= 0; i-- {
		tail[i] = digits[sum%62]
		sum /= 62
	}
	right := "gh" + "p_" + body + string(tail[:])
	wrong := right[:len(right)-1] + string(digits[(strings.IndexByte(digits, right[len(right)-1])+1)%62])
	for text, want := range map[string]float64{right: 1, wrong: 0.85} {
		found := engine().Scan(inspect.Source{}, text)
		if len(found) != 1 || found[0].Rule != "github_token" || found[0].Score != want {
			t.Errorf("got %v; want one github_token with a score of %v", found, want)
		}
	}
}

// A value inside another is reported once, under the better name.
func TestOverlaps(t *testing.T) {
	var token string
	for _, c := range corpora(t) {
		if c.want == "github_token" {
			token = c.text[strings.Index(c.text, "gh"):][:40]
			break
		}
	}
	for text, want := range map[string]string{
		"Authorization: Bearer " + token:             "github_token",
		"https://bot:" + token + "@github.example/x": "github_token",
		"card 4111 1111 1111 1111":                   "credit_card",
	} {
		found := engine().Scan(inspect.Source{}, text)
		if len(found) != 1 || found[0].Rule != want {
			t.Errorf("%q: got %v; want %s alone", text, found, want)
		}
	}
}
