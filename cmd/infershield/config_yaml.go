package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML returns the settings of a configuration file, by key. Without a
// path it is infershield.yaml, which need not be there.
func readYAML(path string, known []setting) (map[string]given, []problem) {
	required := path != ""
	if !required {
		path = configName
	}
	source, err := readBounded(path, configBytesMax)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !required:
		return nil, nil
	case err != nil:
		return nil, []problem{{origin: path, message: err.Error(), hint: "--config FILE names another"}}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, []problem{{origin: path, message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	if len(doc.Content) == 0 {
		return nil, nil // empty, or comments alone
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, []problem{{origin: path + ":1:1", message: "is not a list of settings", hint: "for example key_mode: auto"}}
	}
	y := yamlSettings{path: path, keys: make(map[string]setting, len(known)), found: make(map[string]given)}
	for _, s := range known {
		y.keys[s.key()] = s
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		y.read(root.Content[i], root.Content[i+1])
	}
	return y.found, y.problems
}

// yamlSettings gathers the settings of one file.
type yamlSettings struct {
	path     string
	keys     map[string]setting
	found    map[string]given
	problems []problem
}

func (y *yamlSettings) at(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", y.path, n.Line, n.Column)
}

func (y *yamlSettings) problem(n *yaml.Node, message, hint string) {
	y.problems = append(y.problems, problem{y.at(n), message, hint})
}

func (y *yamlSettings) read(key, value *yaml.Node) {
	s, ok := y.keys[key.Value]
	if !ok {
		y.unknown(key)
		return
	}
	if _, twice := y.found[key.Value]; twice {
		y.problem(key, key.Value+": given twice", "keep one of the two")
		return
	}
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	words := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode && s.list {
		words = value.Content
	}
	var texts []string
	for _, word := range words {
		if word.Kind != yaml.ScalarNode || word.Tag == "!!null" {
			y.problem(word, key.Value+": expected "+expected(s), "for example "+key.Value+": "+s.example)
			return
		}
		texts = append(texts, word.Value)
	}
	y.found[key.Value] = given{text: strings.Join(texts, ","), rank: rankYAML, origin: y.at(value), name: key.Value}
}

func expected(s setting) string {
	if s.list {
		return "a value or a list of values"
	}
	return "one value"
}

// unknown explains a key that is none of ours.
func (y *yamlSettings) unknown(key *yaml.Node) {
	plain := strings.ReplaceAll(strings.ToLower(key.Value), "-", "_")
	if plain == strings.ToLower(apiKeyEnv) || plain == "api_key" || plain == "key" {
		y.problem(key, quoted(key.Value)+": a key does not belong in a file that gets shared",
			fmt.Sprintf("export %s=…, or put that line in %s", apiKeyEnv, dotenvName))
		return
	}
	names := make([]string, 0, len(y.keys))
	for _, s := range settings() {
		if plain == s.key() || plain == strings.ToLower(s.env) {
			names = []string{s.key()}
			break
		}
		names = append(names, s.key())
	}
	message := quoted(key.Value) + " is not a setting"
	if near := closest(plain, names); near != "" {
		message += "; did you mean " + near + "?"
	} else if len(names) == 1 {
		message += "; here it is called " + names[0]
	}
	y.problem(key, message, "infershield serve --help lists them; here each has _ for -")
}
