package inspect

import "strings"

// IdentityForms returns the rules and written forms of all identity numbers,
// for tests that fill them.
func IdentityForms() map[string][]string {
	forms := map[string][]string{}
	for _, table := range [][]idKind{cards(), americanIDs(), britishIDs(), germanIDs(), europeanIDs(), easternIDs(), worldIDs()} {
		for _, kind := range table {
			forms[kind.rule] = append(forms[kind.rule], strings.Split(kind.shapes, "|")...)
		}
	}
	return forms
}
