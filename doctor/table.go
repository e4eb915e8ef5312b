package doctor

import (
	"context"
	"slices"
)

// Check is one thing that is looked at.
type Check struct {
	ID    string // stable; what --only takes
	Group string
	About string // a clause: what is right when all is well
	run   func(context.Context, *visit) []Finding
}

// Checks returns all checks, in the order in which their findings stand and in
// which what is wrong is best healed.
func Checks() []Check {
	return slices.Concat(keyChecks(), dataChecks(), authorityChecks(), proxyChecks(), environmentChecks(),
		clientChecks(), providerChecks(), bypassChecks())
}

func selected(only []string) []Check {
	if len(only) == 0 {
		return Checks()
	}
	return slices.DeleteFunc(Checks(), func(c Check) bool {
		return !slices.Contains(only, c.ID) && !slices.Contains(only, c.Group)
	})
}

func keyChecks() []Check {
	return []Check{
		{"key.mode", "key", "there is a key to send, or clients bring theirs", keyMode},
		{"key.files", "key", "files that hold a key, or say where traffic goes, are their owner's alone", keyFiles},
	}
}

func dataChecks() []Check {
	return []Check{
		{"data.folder", "data", "the data folder is there or can be made, is this user's alone, and can be written to", dataFolder},
		{"data.space", "data", "its disk has room", dataSpace},
		{"data.audit", "data", "the audit database can be opened and written to", dataAudit},
	}
}

func authorityChecks() []Check {
	return []Check{
		{"ca.key", "authority", "the authority's key is its owner's alone", authorityKey},
		{"ca.expiry", "authority", "the authority is valid, and for another month", authorityExpiry},
		{"ca.stores", "authority", "which trust stores of this machine hold the authority; none has to", authorityStores},
		{"ca.leaked", "authority", "no store holds an authority of the Node.js InferShield, whose key is public", authorityLeaked},
		{"ca.old", "authority", "no earlier authority is still trusted, or of the same name", authorityOld},
	}
}

func proxyChecks() []Check {
	return []Check{
		{"proxy.port", "proxy", "the proxy's port is free, or ours", proxyPort},
		{"proxy.admin", "proxy", "the admin port is free, or ours", adminPort},
		{"proxy.running", "proxy", "InferShield runs there and intercepts what it should", proxyRunning},
		{"proxy.authority", "proxy", "it uses the authority of the data folder", proxyAuthority},
		{"proxy.leaf", "proxy", "the certificate that it shows is valid", proxyLeaf},
	}
}

func providerChecks() []Check {
	return []Check{
		{"provider.name", "provider", "the provider's name does not lead back to this machine", providerName},
		{"provider.reachable", "provider", "the proxy reaches the provider and trusts its certificate", providerReachable},
		{"clock", "provider", "this machine's clock is right, by the provider's", clock},
	}
}

func bypassChecks() []Check {
	return []Check{
		{"bypass.direct", "bypass", "what a program that ignores the settings can do", bypassDirect},
		{"bypass.browser", "bypass", "what browsers do about names and QUIC by themselves", bypassBrowser},
	}
}
