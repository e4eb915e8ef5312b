package dashboard

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// proxyFile is a proxy auto-configuration file: the hosts of the intercept list
// go through the proxy and nothing else does. There is no way around it for
// them: while the proxy is down they fail, rather than slip by.
const proxyFile = `// InferShield: these hosts go through the proxy, all others go their own way.
var exact = EXACT;
var below = BELOW;

function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (exact.indexOf(host) >= 0) return PROXY;
  for (var i = 0; i < below.length; i++) {
    var end = "." + below[i];
    if (host.length > end.length && host.slice(-end.length) === end) return PROXY;
  }
  return "DIRECT";
}
`

// serveProxyFile answers with the file for the visitor, with the address by
// which he came.
func (s *Start) serveProxyFile(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), "")
	h := w.Header()
	h.Set("Content-Type", "application/x-ns-proxy-autoconfig")
	h.Set("Cache-Control", "no-cache") // the intercept list may change
	_, _ = w.Write([]byte(newProxyFile(s.cfg.State(), s.cfg.Visit(r).Proxy)))
}

func newProxyFile(state State, proxy string) string {
	exact, below := []string{state.OwnHost}, []string{}
	if state.CheckHost != "" {
		exact = append(exact, state.CheckHost)
	}
	for _, host := range state.Hosts {
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		if suffix, ok := strings.CutPrefix(host, "*."); ok {
			below = append(below, suffix)
		} else {
			exact = append(exact, strings.Trim(host, "[]"))
		}
	}
	slices.Sort(exact)
	return strings.NewReplacer(
		"EXACT", literal(slices.Compact(exact)), "BELOW", literal(below), "PROXY", literal("PROXY "+proxy),
	).Replace(proxyFile)
}

// literal is v as JavaScript writes it. Names and addresses come out as they
// are; whatever else there may be stays inside its quotes.
func literal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("a proxy file: " + err.Error()) // strings always encode
	}
	return string(b)
}
