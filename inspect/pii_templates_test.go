package inspect_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
)

// filler makes up people.
type filler struct{ *rand.Rand }

func (r filler) one(of string) string {
	all := strings.Split(of, "|")
	return all[r.IntN(len(all))]
}

func (r filler) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(r.IntN(10))
	}
	return string(b)
}

const (
	// Names of many countries; about half of each are in the lists of the detector.
	givenNames = "Maria|Tobias|Aisha|Henrik|Chloé|Mateo|Ingrid|Kwame|Yuki|Olga|Dmitri|Priya|Liam|Zoë|Hassan|Beatriz|Rupert|Saoirse|Jun|Amara|" +
		"Eirlys|Casimir|Oriol|Ladislav|Bronagh|Ikram|Temitope|Sunniva|Ottavia|Nikolaj|Marisela|Delroy|Shanice|Kylie|Brooke|Rosalie|Tristan|Leopold|Anselm|Perpetua|" +
		"Jennifer|Michael|Barbara|Daniel|Susan|Kevin|Cameron|Whitney|Bradford|Lucinda"
	familyNames = "Lindqvist|Okafor|Baxter|Nguyen|García|O'Neill|Petrov|Sørensen|Yamada|Kowalski|Dubois|Rossi|Haddad|Schneider|Pereira|Clarke|Iyer|Mbeki|Novak|Stone|" +
		"Wolanski|Puig|Hruška|Tierney|Belkacem|Mokoena|Hauge|Bellini|Vega|Delacroix|Smith|Johnson|Brown|Miller|Davis"
	streetNames = "Maple Street|Oak Avenue|Station Road|King's Lane|Hillcrest Drive|Park Boulevard|Mill Court|Victoria Terrace|Lindenstraße|Church Way"
	towns       = "Springfield|Leeds|Austin|Dublin|Perth|Bergen|Toronto|Graz"
)

// value returns something for a placeholder, and the rule that should find it:
// none where no rule would.
func (r filler) value(placeholder string) (text, rule string) {
	given, family := r.one(givenNames), r.one(familyNames)
	switch placeholder {
	case "person", "name", "name_male", "name_female":
		return given + " " + family, "person"
	case "first_name", "first_name_male", "first_name_female", "first_name_nonbinary":
		return given, "person"
	case "last_name", "last_name_male", "last_name_female":
		return family, "person"
	case "address":
		street := fmt.Sprintf("%d %s", 1+r.IntN(900), r.one(streetNames))
		if strings.HasSuffix(street, "straße") {
			street = fmt.Sprintf("Lindenstraße %d", 1+r.IntN(90))
		}
		return fmt.Sprintf("%s, %s %s", street, r.one(towns), r.digits(5)), "street_address"
	case "credit_card_number":
		if r.IntN(4) == 0 {
			return checkedBy("3714"+r.digits(10), luhnSum), "credit_card"
		}
		return checkedBy(r.one("4539|5425|6011")+r.digits(11), luhnSum), "credit_card"
	case "phone_number":
		return r.phone(), "phone_number"
	case "email":
		return strings.ToLower(strings.Trim(fmt.Sprintf("%c.%s", given[0], "smith")+r.digits(2), " ")) + "@" + r.one("mail.com|company.org|uni.edu|gmx.de"), "email_address"
	case "iban":
		return r.iban(), "iban_code"
	case "ssn":
		return fmt.Sprintf("%03d-%02d-%04d", 100+r.IntN(500), 10+r.IntN(80), 1000+r.IntN(8000)), "us_ssn"
	case "ip_address":
		return fmt.Sprintf("%d.%d.%d.%d", 40+r.IntN(80), r.IntN(255), r.IntN(255), 1+r.IntN(250)), "ip_address"
	case "date_of_birth":
		return fmt.Sprintf("%02d/%02d/%d", 1+r.IntN(12), 1+r.IntN(28), 1940+r.IntN(70)), "date_time"
	case "us_driver_license":
		return "D" + r.digits(7), "us_driver_license"
	case "street_name":
		return r.one(streetNames), ""
	case "building_number":
		return fmt.Sprint(1 + r.IntN(200)), ""
	case "prefix", "prefix_male", "prefix_female":
		return r.one("Mr.|Ms.|Dr."), ""
	case "postcode", "zipcode":
		return r.digits(5), ""
	case "city":
		return r.one(towns), ""
	case "age":
		return fmt.Sprint(18 + r.IntN(60)), ""
	case "year":
		return fmt.Sprint(1950 + r.IntN(70)), ""
	}
	return "Norway", ""
}

func (r filler) phone() string {
	area, exchange, line := 201+100*r.IntN(8)+r.IntN(88), 200+r.IntN(700), r.digits(4)
	switch r.IntN(5) {
	case 0:
		return fmt.Sprintf("(%d) %d-%s", area, exchange, line)
	case 1:
		return fmt.Sprintf("%d-%d-%s", area, exchange, line)
	case 2:
		return fmt.Sprintf("+1 %d %d %s", area, exchange, line)
	case 3:
		return "+44 20 7" + r.digits(3) + " " + r.digits(4)
	}
	return "+49 30 " + r.digits(7)
}

func (r filler) iban() string {
	bank := r.digits(18)
	rest := 0
	for _, c := range bank + "131400" { // DE00
		rest = (rest*10 + int(c-'0')) % 97
	}
	return fmt.Sprintf("DE%02d%s", 98-rest, bank)
}

// checkedBy appends the digit that makes sum a multiple of ten.
func checkedBy(s string, sum func(string) int) string {
	for d := range 10 {
		if v := fmt.Sprint(s, d); sum(v)%10 == 0 {
			return v
		}
	}
	return s
}

func luhnSum(s string) int {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i]-'0') << (i % 2)
		sum += d/10 + d%10
	}
	return sum
}

// TestFiguresPIITemplates prints the recall on sentences with made-up people.
func TestFiguresPIITemplates(t *testing.T) {
	file, err := os.Open(filepath.Join(dataDir(t), "pii", "templates.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := filler{rand.New(rand.NewPCG(1, 2))}
	figures := map[string]*figure{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		for range 10 {
			r.fill(t, strings.ReplaceAll(lines.Text(), `\n`, "\n"), figures)
		}
	}
	table(t, "templates", figures)
}

func (r filler) fill(t *testing.T, template string, figures map[string]*figure) {
	var text strings.Builder
	var want []inspect.Finding
	for template != "" {
		before, after, ok := strings.Cut(template, "{{")
		text.WriteString(before)
		name, rest, _ := strings.Cut(after, "}}")
		if !ok {
			break
		}
		value, rule := r.value(strings.TrimSpace(name))
		want = append(want, inspect.Finding{Rule: rule, Start: text.Len(), End: text.Len() + len(value)})
		text.WriteString(value)
		template = rest
	}
	found := engine().Scan(inspect.Source{}, text.String())
	overlaps := func(f, w inspect.Finding) bool {
		return (f.Rule == w.Rule || w.Rule == "") && f.Score >= certain && f.Start < w.End && w.Start < f.End
	}
	for _, w := range want {
		if w.Rule == "" {
			continue // part of an address, perhaps, or of nothing
		}
		if figures[w.Rule] == nil {
			figures[w.Rule] = new(figure)
		}
		if slices.ContainsFunc(found, func(f inspect.Finding) bool { return overlaps(f, w) }) {
			figures[w.Rule].hits++
			continue
		}
		figures[w.Rule].misses++
		if wanted := os.Getenv("INFERSHIELD_DATA_SHOW"); wanted == "templates" || wanted == w.Rule {
			t.Logf("missed %s %q in %q", w.Rule, text.String()[w.Start:w.End], text.String())
		}
	}
	for _, f := range found {
		if figures[f.Rule] != nil && f.Score >= certain && !slices.ContainsFunc(want, func(w inspect.Finding) bool { return overlaps(f, w) }) {
			figures[f.Rule].alarms++
			if wanted := os.Getenv("INFERSHIELD_DATA_SHOW"); wanted == "alarms" {
				t.Logf("alarm %s %q in %q", f.Rule, text.String()[f.Start:f.End], text.String())
			}
		}
	}
}
