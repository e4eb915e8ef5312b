package inspect_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// scheme makes valid numbers of one kind, by another road than the detector
// checks them.
type scheme struct {
	rule string
	// words announce the number, in English and in its country's language.
	words []string
	make  func(filler) string
	// sure says that the scheme refuses every number with one digit changed.
	sure bool
}

// ending tries the characters of alphabet after s until fits is content.
func ending(s, alphabet string, fits func(string) bool) string {
	for _, c := range alphabet {
		if v := s + string(c); fits(v) {
			return v
		}
	}
	return ""
}

// until makes bodies until one has an ending: some sums have no digit.
func until(body func() string, end func(string) string) string {
	for range 1000 {
		if v := end(body()); v != "" {
			return v
		}
	}
	panic("no number of this kind")
}

// dot is the scalar product of s's digits and weights.
func dot(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum
}

func modulus(s string, m int64) int64 {
	n, _ := new(big.Int).SetString(s, 10)
	return new(big.Int).Mod(n, big.NewInt(m)).Int64()
}

const digits10 = "0123456789"

func luhnEnding(s string) string {
	return ending(s, digits10, func(v string) bool { return luhnSum(v)%10 == 0 })
}

// weighted ends s so that its weighted sum is a multiple of m.
func weighted(s string, m int, weights ...int) string {
	return ending(s, digits10, func(v string) bool { return dot(v, weights...)%m == 0 })
}

// iso7064 ends s by the definition of the hybrid system MOD 11,10.
func iso7064(s string) string {
	return ending(s, digits10, func(v string) bool {
		p := 10
		for i := range len(v) - 1 {
			p = (p + int(v[i]-'0')) % 10
			if p == 0 {
				p = 10
			}
			p = 2 * p % 11
		}
		return (p+int(v[len(v)-1]-'0'))%10 == 1
	})
}

// dihedral multiplies in the symmetry group of the pentagon.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b)%5
	case b < 5:
		return 5 + (a-b)%5
	}
	return (a - b + 5) % 5
}

func verhoeffEnding(s string) string {
	turn := []int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	return ending(s, digits10, func(v string) bool {
		at := 0
		for i := range len(v) {
			d := int(v[len(v)-1-i] - '0')
			for range i % 8 {
				d = turn[d]
			}
			at = dihedral(at, d)
		}
		return at == 0
	})
}

func (r filler) birthday(layout string) string {
	year, month, day := 1940+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)
	return strings.NewReplacer("yyyy", fmt.Sprint(year), "yy", fmt.Sprintf("%02d", year%100), "mm", fmt.Sprintf("%02d", month), "dd", fmt.Sprintf("%02d", day)).Replace(layout)
}

func (r filler) letters(n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[r.IntN(len(of))]
	}
	return string(b)
}

// nonzero returns n digits, the first of which is not 0.
func (r filler) nonzero(n int) string { return fmt.Sprint(1+r.IntN(9)) + r.digits(n-1) }

// checkedBack multiplies the last digits by 2, 3, 4 and so on, from the right.
func checkedBack(s string, m int, weights int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[len(s)-1-i]-'0') * (2 + i%weights)
	}
	return sum % m
}

func brazil(s string, weights int) string {
	d := 11 - checkedBack(s, 11, weights)
	if d > 9 {
		d = 0
	}
	return s + fmt.Sprint(d)
}

func ibanOf(country, account string) string {
	value := ""
	for _, c := range account + country + "00" {
		if c >= 'A' {
			value += fmt.Sprint(c - 'A' + 10)
		} else {
			value += string(c)
		}
	}
	return fmt.Sprintf("%s%02d%s", country, 98-modulus(value, 97), account)
}

func schemes() []scheme {
	return append(append(westernSchemes(), europeanSchemes()...), easternSchemes()...)
}

func westernSchemes() []scheme {
	return []scheme{
		{"credit_card", []string{"card", "tarjeta", "Kreditkarte"}, func(r filler) string { return luhnEnding("4" + r.digits(14)) }, true},
		{"credit_card", []string{"card"}, func(r filler) string { return luhnEnding("37" + r.digits(12)) }, true},
		{"ca_sin", []string{"SIN", "NAS"}, func(r filler) string { return luhnEnding(r.one("1|2|4|5|7") + r.digits(7)) }, true},
		{"us_npi", []string{"NPI", "provider"}, func(r filler) string { return luhnEnding("808401" + r.digits(8))[5:] }, true},
		{"aba_routing_number", []string{"routing", "ABA"}, func(r filler) string { return weighted("02"+r.digits(6), 10, 3, 7, 1, 3, 7, 1, 3, 7, 1) }, true},
		{"medical_license", []string{"DEA", "prescriber"}, func(r filler) string {
			return r.letters(1, "ABFGMPR") + r.letters(1, "ABCKMT") + weighted(r.digits(6), 10, 1, 2, 1, 2, 1, 2, 9)
		}, false},
		{"br_cpf", []string{"CPF"}, func(r filler) string { return brazil(brazil(r.digits(9), 99), 99) }, false},
		{"br_cnpj", []string{"CNPJ"}, func(r filler) string { return brazil(brazil(r.digits(8)+"0001", 8), 8) }, false},
		{"us_ssn", []string{"SSN", "social security"}, func(r filler) string {
			return fmt.Sprintf("%03d-%02d-%04d", 100+r.IntN(500), 10+r.IntN(80), 1000+r.IntN(8000))
		}, false},
		{"us_itin", []string{"ITIN", "tax"}, func(r filler) string { return "9" + r.digits(2) + "-7" + r.one("0|1|2|5|8") + "-" + r.digits(4) }, false},
		{"us_mbi", []string{"Medicare", "MBI"}, func(r filler) string {
			const l = "ACDEFGHJKMNPQRTUVWXY"
			return r.nonzero(1) + r.letters(2, l) + r.digits(1) + r.letters(2, l) + r.digits(1) + r.letters(2, l) + r.digits(2)
		}, false},
		{"ar_cuit", []string{"CUIT"}, func(r filler) string {
			return until(func() string { return "20" + r.digits(8) }, func(s string) string { return weighted(s, 11, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) })
		}, true},
		{"cl_rut", []string{"RUT"}, func(r filler) string {
			s := r.nonzero(8)
			return s + "-" + string("0K987654321"[checkedBack(s, 11, 6)])
		}, true},
	}
}

func europeanSchemes() []scheme {
	const dni = "TRWAGMYFPDXBNJZSQVHLCKE"
	return []scheme{
		{"iban_code", []string{"IBAN", "account"}, func(r filler) string { return ibanOf("DE", r.digits(18)) }, true},
		{"iban_code", []string{"IBAN"}, func(r filler) string { return ibanOf("GB", "NWBK"+r.digits(14)) }, true},
		{"iban_code", []string{"compte"}, func(r filler) string { return ibanOf("FR", r.digits(23)) }, true},
		{"uk_nhs", []string{"NHS"}, func(r filler) string {
			return until(func() string { return r.nonzero(9) }, func(s string) string { return weighted(s, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1) })
		}, true},
		{"uk_nino", []string{"NINO", "National Insurance"}, func(r filler) string { return r.one("AB|CE|JY|WK") + r.digits(6) + r.one("A|B|C|D") }, false},
		{"de_tax_id", []string{"Steuer-ID", "tax"}, func(r filler) string { return iso7064(r.nonzero(10)) }, true},
		{"de_vat_id", []string{"USt-IdNr.", "VAT"}, func(r filler) string { return "DE" + iso7064(r.nonzero(8)) }, true},
		{"es_nif", []string{"DNI", "NIF"}, func(r filler) string {
			s := r.digits(8)
			return s + string(dni[modulus(s, 23)])
		}, true},
		{"es_nie", []string{"NIE"}, func(r filler) string {
			first, s := r.IntN(3), r.digits(7)
			return string("XYZ"[first]) + s + string(dni[modulus(fmt.Sprint(first)+s, 23)])
		}, true},
		{"fr_insee", []string{"NIR", "sécurité sociale"}, func(r filler) string {
			s := r.one("1|2") + r.birthday("yymm") + "75" + r.digits(6)
			return s + fmt.Sprintf("%02d", 97-modulus(s, 97))
		}, true},
		{"it_vat_code", []string{"partita IVA", "VAT"}, func(r filler) string { return luhnEnding("0" + r.nonzero(9)) }, true},
		{"pl_pesel", []string{"PESEL"}, func(r filler) string {
			return weighted(r.birthday("yymmdd")+r.digits(4), 10, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
		}, true},
		{"pl_nip", []string{"NIP"}, func(r filler) string {
			return until(func() string { return r.nonzero(9) }, func(s string) string { return weighted(s, 11, 6, 5, 7, 2, 3, 4, 5, 6, 7, 10) })
		}, true},
		{"nl_bsn", []string{"BSN", "burgerservicenummer"}, func(r filler) string {
			return until(func() string { return r.nonzero(8) }, func(s string) string { return weighted(s, 11, 9, 8, 7, 6, 5, 4, 3, 2, 10) })
		}, true},
		{"se_personnummer", []string{"personnummer"}, func(r filler) string {
			s := luhnEnding(r.birthday("yymmdd") + r.digits(3))
			return s[:6] + "-" + s[6:]
		}, true},
		{"fi_personal_identity_code", []string{"henkilötunnus", "HETU"}, func(r filler) string {
			day, serial := r.birthday("ddmmyy"), r.digits(3)
			return day + "-" + serial + string("0123456789ABCDEFHJKLMNPRSTUVWXY"[modulus(day+serial, 31)])
		}, true},
		{"be_national_number", []string{"rijksregisternummer"}, func(r filler) string {
			s := r.birthday("yymmdd") + r.digits(3)
			return s + fmt.Sprintf("%02d", 97-modulus(s, 97))
		}, false},
		{"ch_ahv_number", []string{"AHV"}, func(r filler) string {
			return weighted("756"+r.digits(9), 10, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)
		}, true},
		{"pt_nif", []string{"NIF", "contribuinte"}, func(r filler) string {
			return until(func() string { return r.one("1|2") + r.digits(7) }, func(s string) string { return weighted(s, 11, 9, 8, 7, 6, 5, 4, 3, 2, 1) })
		}, false},
		{"hr_oib", []string{"OIB"}, func(r filler) string { return iso7064(r.nonzero(10)) }, true},
		{"ro_cnp", []string{"CNP"}, func(r filler) string {
			return until(func() string { return r.one("1|2") + r.birthday("yymmdd") + r.digits(5) },
				func(s string) string { return weighted(s, 11, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9, 10) })
		}, false},
	}
}

func easternSchemes() []scheme {
	return []scheme{
		{"in_aadhaar", []string{"Aadhaar"}, func(r filler) string { return verhoeffEnding(r.one("2|5|9") + r.digits(10)) }, true},
		{"in_pan", []string{"PAN"}, func(r filler) string {
			return r.letters(3, "ABCDEFGH") + "P" + r.letters(1, "KLMNOR") + r.nonzero(4) + "Z"
		}, false},
		{"au_tfn", []string{"TFN"}, func(r filler) string {
			return until(func() string { return r.nonzero(8) }, func(s string) string { return weighted(s, 11, 1, 4, 3, 7, 5, 8, 6, 9, 10) })
		}, true},
		{"au_abn", []string{"ABN"}, func(r filler) string {
			return until(func() string { return r.nonzero(10) }, func(s string) string {
				return ending(s, digits10, func(v string) bool { return (dot(v, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0 })
			})
		}, true},
		{"au_acn", []string{"ACN"}, func(r filler) string { return weighted(r.nonzero(8), 10, 8, 7, 6, 5, 4, 3, 2, 1, 1) }, false},
		{"au_medicare", []string{"Medicare"}, func(r filler) string {
			return weighted(r.one("2|3|4|5|6")+r.digits(7), 10, 1, 3, 7, 9, 1, 3, 7, 9, 9) + "1"
		}, false},
		{"sg_nric_fin", []string{"NRIC"}, func(r filler) string {
			s := r.digits(7)
			return "S" + s + string("JZIHGFEDCBA"[dot(s, 2, 7, 6, 5, 4, 3, 2)%11])
		}, false},
		{"kr_rrn", []string{"RRN", "주민등록번호"}, func(r filler) string {
			return until(func() string { return r.birthday("yymmdd") + r.one("1|2") + r.digits(5) }, func(s string) string {
				return s + fmt.Sprint((11-dot(s, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10)
			})
		}, false},
		{"tr_national_id", []string{"kimlik", "TC"}, func(r filler) string {
			s := r.nonzero(9)
			odd, even := dot(s, 1, 0, 1, 0, 1, 0, 1, 0, 1), dot(s, 0, 1, 0, 1, 0, 1, 0, 1, 0)
			tenth := ((7*odd-even)%10 + 10) % 10
			return fmt.Sprintf("%s%d%d", s, tenth, (odd+even+tenth)%10)
		}, false},
		{"th_tnin", []string{"Thai"}, func(r filler) string {
			s := r.one("1|3") + "10" + r.digits(9)
			return s + fmt.Sprint((11-dot(s, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10)
		}, false},
		{"za_id_number", []string{"RSA", "South African"}, func(r filler) string { return luhnEnding(r.birthday("yymmdd") + r.digits(4) + "08") }, false},
		{"cn_resident_id", []string{"身份证"}, func(r filler) string {
			s := "11010" + r.nonzero(1) + r.birthday("yyyymmdd") + r.digits(3)
			return ending(s, "0123456789X", func(v string) bool {
				sum := 0 // by the powers of two, from the right
				for i := range 18 {
					d := strings.IndexByte("0123456789X", v[17-i])
					sum += d * (1 << i % 11)
				}
				return sum%11 == 1
			})
		}, true},
		{"jp_my_number", []string{"マイナンバー"}, func(r filler) string {
			s := r.nonzero(11)
			d := 11 - checkedBack(s, 11, 6)
			if d > 9 {
				d = 0
			}
			return s + fmt.Sprint(d)
		}, false},
	}
}

// TestGenerated finds numbers made up for each country beside their words, with
// the span of the number and no more, and refuses them with a digit changed
// where the scheme does.
func TestGenerated(t *testing.T) {
	r := filler{rand.New(rand.NewPCG(7, 11))}
	for _, s := range schemes() {
		for _, word := range s.words {
			missed, let, of := 0, 0, 200
			for range of {
				value := s.make(r)
				if !s.found(word, value) {
					missed++
				}
				if s.found(word, changed(value, r.IntN(100), 1+r.IntN(9))) {
					let++
				}
			}
			if missed > 0 {
				t.Errorf("%s after %q: %d of %d missed, such as %s", s.rule, word, missed, of, s.make(r))
			}
			if s.sure && let > 0 {
				t.Errorf("%s after %q: %d of %d found with a digit changed", s.rule, word, let, of)
			}
		}
	}
}

// found reports whether value is found as the scheme's kind, and just it.
func (s scheme) found(word, value string) bool {
	text := "my " + word + ": " + value + ", as you asked"
	for _, f := range engine().Scan(inspect.Source{}, text) {
		if f.Rule == s.rule && f.Score >= certain && text[f.Start:f.End] == value {
			return true
		}
	}
	return false
}

// changed adds step to one digit of value, the pick-th or so.
func changed(value string, pick, step int) string {
	b := []byte(value)
	for i := range b {
		at := (i + pick) % len(b)
		if b[at] >= '0' && b[at] <= '9' {
			b[at] = '0' + (b[at]-'0'+byte(step))%10
			return string(b)
		}
	}
	return value
}

// FuzzGenerated is TestGenerated for as long as one likes, split at any place.
func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1), uint16(0), uint8(3), uint8(1))
	all := schemes()
	f.Fuzz(func(t *testing.T, seed uint64, pick uint16, at, step uint8) {
		s := all[int(pick)%len(all)]
		value := s.make(filler{rand.New(rand.NewPCG(seed, 3))})
		if !s.found(s.words[0], value) {
			t.Errorf("%s %s was not found", s.rule, value)
		}
		wrong := changed(value, int(at), 1+int(step)%9)
		if s.sure && s.found(s.words[0], wrong) {
			t.Errorf("%s %s has a wrong check digit and was found", s.rule, wrong)
		}
		text := s.words[0] + " " + value + " " + wrong
		cutAt := int(at) % len(text)
		checkSplit(t, inspect.Source{}, []string{text[:cutAt], text[cutAt:]})
	})
}
