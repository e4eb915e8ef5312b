package main

import (
	"slices"
	"strings"
)

// sources says where a configuration came from, for those who must say how to
// change it. It holds no key.
type sources struct {
	origins map[string]string // of settings, by flag; those left at their defaults are not there
	key     keySource
	dotenv  bool // .env was read
	keyIn   bool // and it holds a key
}

// keySource is where the server's key came from.
type keySource struct {
	origin      string
	file        string // that it was read from, if it was
	placeholder bool
}

func (l *loader) sources() sources {
	s := sources{origins: make(map[string]string), key: l.key, dotenv: len(l.dotenv) > 0, keyIn: l.dotenv[apiKeyEnv].text != ""}
	for _, v := range l.chosen {
		if v.rank > rankInitial {
			s.origins[v.flag] = v.origin
		}
	}
	return s
}

// isPlaceholder reports whether a key looks like what examples have in its
// place. Short keys are real ones of gateways and stand-ins.
func isPlaceholder(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"...", "…", "<", "your", "xxxx", "changeme", "change-me", "replace", "placeholder", "api-key-here", "****"},
		func(mark string) bool { return strings.Contains(key, mark) })
}
