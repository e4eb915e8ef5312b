package inspect

import (
	"sync"

	"golang.org/x/text/unicode/norm"
)

// runesTable says which ASCII letter or digit a character passes for.
type runesTable struct {
	// same holds what compatibility decomposition makes of a character, its
	// accents dropped: a fullwidth, circled, mathematical or accented letter.
	same [runesMax]byte
	// alike holds letters of other scripts that look like Latin ones. They
	// count in words that also hold Latin letters, or nothing but look-alikes.
	alike [runesMax]byte
	math  [mathMax - mathMin]byte
}

const (
	runesMax = 0x2500
	mathMin  = 0x1d400 // the mathematical alphanumeric symbols
	mathMax  = 0x1d800
)

// alikeRows pair look-alikes with the letters that they pass for.
var alikeRows = [][2]string{
	{"авсԁеёһіїјкԛмноорѕтуѵԝхгпиѡӏьүԍқңә", "abcdeehiijkqmhoopstyvwxrnuwlbygkne"}, // Cyrillic
	{"АВСЕНІЇЈКМОРЅТУХҮԌЅԚԜ", "abcehiijkmopstyxygsqw"},
	{"αβγδεηικμνοπρσςτυχωϲϳ", "abydenikuvonpostuxwcj"},
	{"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx"},
	{"օոսցհզլՕՍՏԼ", "onughqlousl"}, // Armenian
	{"ɑɡɩɪıʀɴɢʟʜɛʏʙƒɐɔǝɥɹʇʌʍʎɯɓɗɠɨɵʉ", "agiiirnglheybfacehrtvwymbdgiou"},
	{"ᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "acdejkmoptuvwz"},
}

// smallCaps lie beyond the table.
var smallCaps = map[rune]byte{'ꜰ': 'f', 'ꜱ': 's', 'Ꭵ': 'i', 'ꓲ': 'i'}

var runeFolds = sync.OnceValue(func() *runesTable {
	t := new(runesTable)
	for r := rune(0x80); r < runesMax; r++ {
		t.same[r] = decomposed(r)
	}
	for r := rune(mathMin); r < mathMax; r++ {
		t.math[r-mathMin] = decomposed(r)
	}
	for _, row := range alikeRows {
		k := 0
		for _, r := range row[0] {
			t.alike[r] = row[1][k]
			k++
		}
	}
	return t
})

// decomposed returns the ASCII letter or digit that r is a form of, or 0.
func decomposed(r rune) byte {
	for _, d := range norm.NFKD.String(string(r)) {
		switch {
		case d < 0x80 && alnumBytes[d]:
			return byte(d)
		case d != '(':
			return 0
		}
	}
	return 0
}

// fold returns the ASCII letter that r is a form of, and the one that it looks
// like; 0 stands for none.
func (t *runesTable) fold(r rune) (same, alike byte) {
	switch {
	case r < runesMax:
		return t.same[r], t.alike[r]
	case r >= 0xff01 && r <= 0xff5e:
		return byte(r - 0xff01 + '!'), 0
	case r == 0x3000:
		return ' ', 0
	case r >= mathMin && r < mathMax:
		return t.math[r-mathMin], 0
	case r >= 0x1f130 && r < 0x1f14a, r >= 0x1f150 && r < 0x1f16a, r >= 0x1f170 && r < 0x1f18a:
		return 'a' + byte((r-0x1f130)%0x20), 0 // squared and circled
	case r >= 0x1f1e6 && r <= 0x1f1ff:
		return 'a' + byte(r-0x1f1e6), 0 // regional indicators
	}
	return 0, smallCaps[r]
}

// combining reports marks that are written over other letters.
func combining(r rune) bool {
	return r >= 0x300 && r <= 0x36f || r >= 0x1ab0 && r <= 0x1aff || r >= 0x1dc0 && r <= 0x1dff || r >= 0x20d0 && r <= 0x20ff || r >= 0xfe20 && r <= 0xfe2f
}

// unseen reports characters that take no room.
func unseen(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x180e, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f:
		return true
	}
	return r >= 0xe0000 && r <= 0xe01ef
}
