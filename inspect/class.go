package inspect

// set is a class of bytes.
type set [256]bool

// setOf reads a class such as "a-z0-9_-". A hyphen at the end is a hyphen.
func setOf(spec string) *set {
	s := new(set)
	for i := 0; i < len(spec); i++ {
		if i+2 < len(spec) && spec[i+1] == '-' {
			for c := int(spec[i]); c <= int(spec[i+2]); c++ {
				s[c] = true
			}
			i += 2
			continue
		}
		s[spec[i]] = true
	}
	return s
}

// The classes that several families use.
var (
	digitBytes  = setOf("0-9")
	upperBytes  = setOf("A-Z")
	alphaBytes  = setOf("A-Za-z")
	alnumBytes  = setOf("A-Za-z0-9")
	wordBytes   = setOf("A-Za-z0-9_")
	tokenBytes  = setOf("A-Za-z0-9_-")
	hexBytes    = setOf("0-9a-f")
	anyHexBytes = setOf("0-9a-fA-F")
	base64Bytes = setOf("A-Za-z0-9+/_=-")
	blankBytes  = setOf(" \t\r\n")
)

// lower folds an ASCII letter.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b | 0x20
	}
	return b
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isAlnum(b byte) bool { return alnumBytes[b] }
