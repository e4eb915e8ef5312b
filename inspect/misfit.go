package inspect

import "slices"

// A value that wears a provider's mark but has not its form is no secret of
// that provider, and hardly another's: it was cut off, changed or made up.

// vague are literals of the tables that other values begin with too.
var vague = []string{"secret_", "test_", "live_", "retool_", "privkey:", "access-", "key_0"}

// marks holds the literals that tell a provider by themselves, by first byte.
var marks = indexMarks()

func indexMarks() (index [256][]token) {
	for _, table := range [][]token{tokenTable, moreTokens} {
		for _, t := range table {
			if len(t.literal) < 5 || isAlnum(t.literal[len(t.literal)-1]) || slices.Contains(vague, t.literal) {
				continue
			}
			index[lower(t.literal[0])] = append(index[lower(t.literal[0])], t)
		}
	}
	return index
}

// misfit reports whether value begins with the mark of a provider, in any case,
// but is none of its tokens.
func misfit(name, value string) bool {
	if containsFold(name, "telegram") && botNumber(value) {
		return true // the tokens of bots were looked at by telegramToken
	}
	if isPublished(value) || cutUUID(value) || foldPrefix(value, "00d") && len(value) > 16 && (value[15] == '!' || len(value) > 18 && value[18] == '!') {
		return true
	}
	marked := false
	for _, t := range marks[lower(value[0])] {
		if len(value) <= len(t.literal) || !foldEqual(value[:len(t.literal)], t.literal) {
			continue
		}
		body := value[len(t.literal):]
		if value[:len(t.literal)] == t.literal && len(body) >= t.min && len(body) <= t.max {
			return false // its mark and length, though not its alphabet
		}
		marked = true
	}
	return marked
}

// botNumber reports whether value begins as "a number, a colon, A".
func botNumber(value string) bool {
	i := 0
	for i < len(value) && isDigit(value[i]) {
		i++
	}
	return i > 3 && i+1 < len(value) && value[i] == ':' && value[i+1] == 'A'
}

// cutUUID reports whether value ends in what would be a UUID with a digit or
// more missing at its end.
func cutUUID(value string) bool {
	const whole, group = 36, 24 // where the last group begins
	for i := range len(value) {
		if value[i] != '-' || i < 8 || len(value)-i+8 <= group || len(value)-i+8 >= whole {
			continue
		}
		var full [whole]byte
		n := copy(full[:], value[i-8:])
		for ; n < whole; n++ {
			full[n] = '0'
		}
		return uuid(string(full[:]))
	}
	return false
}
