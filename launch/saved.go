package launch

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// SavedVariable holds what the other variables were before: a JSON object. With
// it a plan made in an environment that already has one starts from the user's
// own values, and Restore can give them back.
const SavedVariable = "_INFERSHIELD_SAVED"

// memory is what SavedVariable holds. It is in every program's environment, so
// each text stands in it once.
type memory struct {
	Texts []string         `json:"t"`
	Names map[string][]int `json:"n"` // what the variable is now and, if it was set, what it was
}

func (m *memory) add(name, now, was string, had bool) {
	if m.Names == nil {
		m.Names = make(map[string][]int)
	}
	m.Names[name] = []int{m.text(now)}
	if had {
		m.Names[name] = append(m.Names[name], m.text(was))
	}
}

func (m *memory) text(s string) int {
	if i := slices.Index(m.Texts, s); i >= 0 {
		return i
	}
	m.Texts = append(m.Texts, s)
	return len(m.Texts) - 1
}

// String returns the JSON.
func (m *memory) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic("launch: " + err.Error()) // strings and numbers always have a form
	}
	return string(b)
}

// entry returns what add was given. The text may be damaged, or somebody's.
func (m *memory) entry(name string) (now, was string, had, ok bool) {
	indexes := m.Names[name]
	for _, i := range indexes {
		if i < 0 || i >= len(m.Texts) {
			return "", "", false, false
		}
	}
	switch len(indexes) {
	case 1:
		return m.Texts[indexes[0]], "", false, true
	case 2:
		return m.Texts[indexes[0]], m.Texts[indexes[1]], true, true
	}
	return "", "", false, false
}

// own is the environment as the user made it, by name.
func own(environ []string) map[string]string {
	variables := byName(environ)
	var m memory
	text, ok := variables[SavedVariable]
	delete(variables, SavedVariable)
	if !ok || json.Unmarshal([]byte(text), &m) != nil {
		return variables
	}
	lists := listVariables()
	for name := range m.Names {
		now, was, had, ok := m.entry(name)
		value, has := variables[name]
		switch {
		case !ok || !has || now == "":
			continue
		case value == now:
			variables[name] = was
		case lists[name] && strings.Contains(value, now):
			// The user has added to it since then.
			variables[name] = strings.TrimSpace(strings.Replace(value, now, was, 1))
		default:
			continue // the user has set another value since then
		}
		if variables[name] == "" && !had {
			delete(variables, name)
		}
	}
	return variables
}

// listVariables are those whose values hold several things, of which ours is
// one. Another's value is ours as a whole or not at all: a path that begins like
// ours is the user's.
func listVariables() map[string]bool {
	lists := make(map[string]bool)
	for _, v := range Variables() {
		lists[v.Name] = v.Kind == KindOptions || v.Kind == KindFolder || v.Kind == KindBypass
	}
	return lists
}

// Restore returns what takes an earlier plan back out of environ: the values
// that were there before, and the names that were not set.
func Restore(environ []string) (set []Assignment, unset []string) {
	now, was := byName(environ), own(environ)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		value, has := was[name]
		switch {
		case !has:
			unset = append(unset, name)
		case value != now[name]:
			set = append(set, Assignment{name, value})
		}
	}
	return set, unset
}
