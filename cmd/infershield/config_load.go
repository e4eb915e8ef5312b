package main

import (
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/keys"
)

// flagValue holds what a setting's flag was given. It implements pflag.Value.
type flagValue struct {
	setting setting
	text    string
	set     bool
}

// String returns the text as given.
func (f *flagValue) String() string { return f.text }

// Type is the placeholder in help.
func (f *flagValue) Type() string { return f.setting.value }

// Set takes a value; checking it is left to loadConfig, which reports all
// problems at once. A list may be given in several flags.
func (f *flagValue) Set(text string) error {
	if f.set && f.setting.list {
		text = f.text + "," + text
	}
	f.text, f.set = text, true
	return nil
}

// bindSettings gives cmd the flags of the named settings, or of all.
func bindSettings(cmd *cobra.Command, names ...string) {
	bindTable(cmd, settings(), names...)
}

func bindTable(cmd *cobra.Command, table []setting, names ...string) {
	for _, s := range table {
		if s.private || len(names) > 0 && !slices.Contains(names, s.flag) {
			continue
		}
		usage := strings.ReplaceAll(s.about, "`", "")
		if s.initial != "" {
			usage += " (default " + s.initial + ")"
		} else if s.without != "–" {
			usage += " (default: " + strings.ReplaceAll(s.without, "`", "") + ")"
		}
		cmd.Flags().Var(&flagValue{setting: s}, s.flag, usage)
	}
}

// loadConfig reads the whole configuration for cmd: flag, environment, .env,
// configuration file, default, in this order. The error is an *invalidConfig
// with every problem.
func (a *app) loadConfig(cmd *cobra.Command) (*Config, error) {
	return a.loadTable(cmd, settings())
}

// loadTable is loadConfig for a table whose defaults may differ.
func (a *app) loadTable(cmd *cobra.Command, table []setting) (*Config, error) {
	l := loader{cmd: cmd, environment: environment(a.environ)}
	var problems []problem
	l.dotenv, problems = readDotenv()
	l.problems = append(l.problems, problems...)
	l.yaml, problems = readYAML(a.configPath, slices.DeleteFunc(slices.Clone(table), func(s setting) bool { return s.private }))
	l.problems = append(l.problems, problems...)

	c := &Config{DataDir: dataDirDefault(plain(l.environment))}
	for _, s := range table {
		l.apply(c, s)
	}
	l.proxyPort(c)
	l.apiKey(c)
	if c.Listen != "" && c.Listen == c.Admin && !strings.HasSuffix(c.Listen, ":0") {
		l.problem(problem{l.origin("admin"), c.Admin + " is the address of the proxy too", "--admin 127.0.0.1:8001"})
	}
	if len(l.problems) > 0 {
		return nil, &invalidConfig{problems: l.problems}
	}
	for _, name := range l.strays() {
		a.warn(name)
	}
	a.sources = l.sources()
	return c, nil
}

// loader finds the value that counts for each setting.
type loader struct {
	cmd         *cobra.Command
	environment map[string]given // by name
	dotenv      map[string]given // by name
	yaml        map[string]given // by key
	problems    []problem
	chosen      []chosen
	key         keySource
}

// chosen is where a setting's value came from.
type chosen struct {
	flag string
	given
}

func (l *loader) problem(p problem) { l.problems = append(l.problems, p) }

// variable looks up name in the environment, then in .env.
func (l *loader) variable(name string) (given, bool) {
	if v, ok := l.environment[name]; ok {
		return v, true
	}
	v, ok := l.dotenv[name]
	return v, ok && v.text != ""
}

func (l *loader) lookup(s setting) (given, bool) {
	if f := l.cmd.Flags().Lookup(s.flag); f != nil {
		if v, ok := f.Value.(*flagValue); ok && v.set {
			return given{text: v.text, rank: rankFlag, origin: "flag --" + s.flag}, true
		}
	}
	if v, ok := l.variable(s.env); ok {
		return v, true
	}
	if v, ok := l.yaml[s.key()]; ok {
		return v, true
	}
	return given{text: s.initial, origin: "default of " + s.env}, s.initial != ""
}

// apply sets one setting from the strongest source that has it.
func (l *loader) apply(c *Config, s setting) {
	v, ok := l.lookup(s)
	if !ok {
		return
	}
	l.chosen = append(l.chosen, chosen{s.flag, v})
	err := s.set(c, strings.TrimSpace(v.text))
	if err == nil {
		return
	}
	// A list can have several faults, each worth a line.
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		l.problem(problem{v.origin, v.describe(fault.Error()), hintFor(s, v, err)})
	}
}

// describe puts the name before the message where the origin lacks it.
func (v given) describe(message string) string {
	if v.name == "" {
		return message
	}
	return v.name + ": " + message
}

// hintFor is the error's own hint, or a right value as it is written there.
func hintFor(s setting, v given, err error) string {
	if hint := hintOf(err); hint != "" || s.example == "" {
		return hint
	}
	switch v.rank {
	case rankFlag:
		return "for example --" + s.flag + " " + s.example
	case rankYAML:
		return "for example " + s.key() + ": " + s.example
	}
	return "for example " + s.env + "=" + s.example
}

// proxyPort puts PROXY_PORT in place of listen's port, unless a source at
// least as strong gives listen itself.
func (l *loader) proxyPort(c *Config) {
	v, ok := l.variable(proxyPortEnv)
	if !ok || v.rank <= l.rank("listen") {
		return
	}
	if _, err := parseNumber(v.text, 0, 65535); err != nil {
		l.problem(problem{v.origin, v.describe(err.Error()), "for example " + proxyPortEnv + "=8000"})
		return
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil {
		c.Listen = net.JoinHostPort(host, v.text)
	}
}

// apiKey takes the server's key from its variable, or from the file that
// another names, as container and service managers hand out secrets. Both at
// once is a fault: which one was meant cannot be told.
func (l *loader) apiKey(c *Config) {
	direct, isDirect := l.variable(apiKeyEnv)
	file, isFile := l.variable(apiKeyFileEnv)
	if isDirect {
		c.Key = keys.NewSecret(direct.text)
		l.key = keySource{origin: direct.origin, placeholder: isPlaceholder(direct.text)}
	}
	if !isFile {
		return
	}
	if isDirect {
		l.problem(problem{file.origin, file.describe(apiKeyEnv + " is set as well, by " + direct.origin), "unset one of the two"})
		return
	}
	key, err := readKeyFile(file.text)
	if err != nil {
		l.problem(problem{file.origin, file.describe(err.Error()), hintOf(err)})
		return
	}
	c.Key = keys.NewSecret(key)
	l.key = keySource{origin: file.origin, file: file.text, placeholder: isPlaceholder(key)}
}

func (l *loader) rank(flag string) int {
	for _, v := range l.chosen {
		if v.flag == flag {
			return v.rank
		}
	}
	return rankInitial
}

func (l *loader) origin(flag string) string {
	for _, v := range l.chosen {
		if v.flag == flag {
			return v.origin
		}
	}
	return "configuration"
}

// strays returns a warning for each INFERSHIELD_ variable that is no setting:
// a misspelt one would otherwise be ignored in silence.
func (l *loader) strays() []string {
	var known, warnings []string
	for _, s := range settings() {
		known = append(known, s.env)
	}
	for _, variables := range []map[string]given{l.environment, l.dotenv} {
		for name, v := range variables {
			if !strings.HasPrefix(name, "INFERSHIELD_") || slices.Contains(known, name) {
				continue
			}
			message := v.origin + ": " + v.describe("is not a setting of InferShield")
			if near := closest(name, known); near != "" {
				message += "; did you mean " + near + "?"
			}
			warnings = append(warnings, message)
		}
	}
	slices.Sort(warnings)
	return warnings
}

func plain(variables map[string]given) map[string]string {
	values := make(map[string]string, len(variables))
	for name, v := range variables {
		values[name] = v.text
	}
	return values
}
