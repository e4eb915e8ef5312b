package main

import (
	"net/url"
	"slices"
	"strings"
)

// sources says where a configuration came from, for those who must say how to
// change it. It holds no key.
type sources struct {
	origins map[string]string // of settings, by flag; those left at their defaults are not there
	key     keySource
	dotenv  bool // .env was read
	secret  bool // and it holds the key or another secret
}

// keySource is where the server's key came from.
type keySource struct {
	origin      string
	file        string // that it was read from, if it was
	placeholder bool
}

func (l *loader) sources() sources {
	s := sources{origins: make(map[string]string), key: l.key, dotenv: len(l.dotenv) > 0, secret: holdsSecret(l.dotenv)}
	for _, v := range l.chosen {
		if v.rank > rankInitial {
			s.origins[v.flag] = v.origin
		}
	}
	return s
}

// holdsSecret reports whether one of variables is a secret: the key, a setting
// that is read from the environment alone because it is one, or a URL with a
// password in it.
func holdsSecret(variables map[string]given) bool {
	if variables[apiKeyEnv].text != "" {
		return true
	}
	return slices.ContainsFunc(settings(), func(s setting) bool {
		text := variables[s.env].text
		return text != "" && (s.private || s.token && hasPassword(text))
	})
}

// hasPassword reports whether a URL has a password, as user information or, as
// PostgreSQL takes it too, as a parameter.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return strings.Contains(text, "@") // it cannot be told; rather too careful
	}
	_, isSet := u.User.Password()
	return isSet || u.Query().Has("password")
}

// isPlaceholder reports whether a key looks like what examples have in its
// place. Short keys are real ones of gateways and stand-ins.
func isPlaceholder(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"...", "…", "<", "your", "xxxx", "changeme", "change-me", "replace", "placeholder", "api-key-here", "****"},
		func(mark string) bool { return strings.Contains(key, mark) })
}
