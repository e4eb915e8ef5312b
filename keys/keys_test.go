package keys_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/keys"
)

// Built from parts: no scanner of source should take them for real keys.
var (
	serverKey = "sk-" + "proj-" + strings.Repeat("S3rv", 10)
	clientKey = "sk-" + "proj-" + strings.Repeat("Cl13", 10)
	protocol  = "openai-insecure-api-key." + clientKey
)

const (
	provider  = "https://api.openai.com/v1/responses?api_key=in-the-query"
	elsewhere = "https://api.example.com/v1/responses"
	plain     = "http://api.openai.com/v1/responses"
)

func isProvider(r *http.Request) bool {
	return r.URL.Scheme == "https" && r.URL.Hostname() == "api.openai.com"
}

func custodian(t testing.TB, mode keys.Mode, key string) *keys.Custodian {
	t.Helper()
	c, err := keys.New(keys.Config{Mode: mode, Key: keys.NewSecret(key), Provider: isProvider})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

func TestParseMode(t *testing.T) {
	for _, mode := range []keys.Mode{keys.Server, keys.Passthrough, keys.Auto} {
		got, err := keys.ParseMode(mode.String())
		if err != nil || got != mode {
			t.Errorf("ParseMode(%q): got %v, %v; want %v", mode.String(), got, err, mode)
		}
	}
	for _, word := range []string{"", "Server", "server ", "none", "mode(7)"} {
		if got, err := keys.ParseMode(word); err == nil {
			t.Errorf("ParseMode(%q): got %v; want an error", word, got)
		}
	}
	if got := keys.Mode(7).String(); got != "mode(7)" {
		t.Errorf("Mode(7): got %q; want mode(7)", got)
	}
}

func TestNew(t *testing.T) {
	const want = "OPENAI_API_KEY not set. Set it in your environment or switch to KEY_MODE=passthrough."
	for _, key := range []string{"", " ", "\r\n"} {
		_, err := keys.New(keys.Config{Key: keys.NewSecret(key), Provider: isProvider})
		if !errors.Is(err, keys.ErrNoKey) || err.Error() != want {
			t.Errorf("server mode with key %q: got %v; want %s", key, err, want)
		}
	}
	for _, mode := range []keys.Mode{keys.Passthrough, keys.Auto} {
		if _, err := keys.New(keys.Config{Mode: mode}); err != nil {
			t.Errorf("%v mode without a key: got %v; want none", mode, err)
		}
	}
	for _, key := range []string{serverKey + "\nX-Evil: 1", serverKey[:9] + " " + serverKey[9:], serverKey + "\x00", serverKey + "é"} {
		_, err := keys.New(keys.Config{Mode: keys.Auto, Key: keys.NewSecret(key), Provider: isProvider})
		if err == nil || strings.Contains(err.Error(), serverKey[:9]) {
			t.Errorf("a key that no header can carry: got %v; want an error without the key", err)
		}
	}
}

func TestNewPanicsWithoutProvider(t *testing.T) {
	defer func() {
		if v := recover(); v == nil || strings.Contains(v.(string), serverKey) {
			t.Errorf("got %v; want a panic without the key", v)
		}
	}()
	_, _ = keys.New(keys.Config{Key: keys.NewSecret(serverKey)})
}

// A key file ends with a line feed more often than not.
func TestKeyIsTrimmed(t *testing.T) {
	r := request(provider, nil)
	if err := custodian(t, keys.Server, " "+serverKey+"\r\n").ModifyRequest(r); err != nil {
		t.Fatal(err)
	}
	if got, want := r.Header.Get("Authorization"), "Bearer "+serverKey; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func request(target string, h http.Header) *http.Request {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return &http.Request{Method: http.MethodPost, URL: u, Header: h.Clone()}
}

// credential is one way in which a client says, or fails to say, who it is.
type credential struct {
	name    string
	header  http.Header
	counts  bool        // it is a credential
	cleaned http.Header // what server mode leaves of it
}

func credentials() []credential {
	bearer := "Bearer " + clientKey
	return []credential{
		{"nothing", http.Header{"X-Other": {"1"}}, false, http.Header{"X-Other": {"1"}}},
		{"no header at all", nil, false, nil},
		{"authorization", http.Header{"Authorization": {bearer}}, true, nil},
		{"odd spacing and scheme", http.Header{"Authorization": {"bEARER  " + clientKey + " "}}, true, nil},
		{"authorization without scheme", http.Header{"Authorization": {clientKey}}, true, nil},
		{"basic", http.Header{"Authorization": {"Basic " + "dTpw"}}, true, nil},
		{"two authorizations", http.Header{"Authorization": {"", bearer}}, true, nil},
		{"raw lower-case name", http.Header{"authorization": {bearer}}, true, nil},
		{"two spellings", http.Header{"AUTHORIZATION": {bearer}, "Authorization": {""}}, true, nil},
		{"empty", http.Header{"Authorization": {""}}, false, nil},
		{"no values", http.Header{"Authorization": {}}, false, nil},
		{"bare bearer", http.Header{"Authorization": {"Bearer"}}, false, nil},
		{"bare bearer and space", http.Header{"Authorization": {" bearer  "}}, false, nil},
		{"api-key", http.Header{"Api-Key": {clientKey}}, true, nil},
		{"x-api-key", http.Header{"X-Api-Key": {clientKey}}, true, nil},
		{"x-api-key, raw name", http.Header{"x-api-KEY": {clientKey}}, true, nil},
		{"empty api-key", http.Header{"Api-Key": {" "}}, false, nil},
		{"proxy-authorization is another's", http.Header{"Proxy-Authorization": {bearer}}, false, http.Header{"Proxy-Authorization": {bearer}}},
		{"cookies are another's", http.Header{"Cookie": {"a=" + clientKey}}, false, http.Header{"Cookie": {"a=" + clientKey}}},
		{
			"subprotocol alone", http.Header{"Sec-Websocket-Protocol": {protocol}}, true, nil,
		},
		{
			"subprotocol first", http.Header{"Sec-Websocket-Protocol": {protocol + ", realtime,beta.v1"}}, true,
			http.Header{"Sec-Websocket-Protocol": {"realtime,beta.v1"}},
		},
		{
			"subprotocol in the middle", http.Header{"Sec-Websocket-Protocol": {"realtime, " + protocol + ",  beta.v1"}}, true,
			http.Header{"Sec-Websocket-Protocol": {"realtime,  beta.v1"}},
		},
		{
			"subprotocol last, twice", http.Header{"Sec-Websocket-Protocol": {"realtime, " + protocol + " ," + protocol}}, true,
			http.Header{"Sec-Websocket-Protocol": {"realtime"}},
		},
		{
			"subprotocol in its own line", http.Header{"Sec-Websocket-Protocol": {" realtime ,x", protocol, "y"}}, true,
			http.Header{"Sec-Websocket-Protocol": {" realtime ,x", "y"}},
		},
		{
			"subprotocol in odd case, raw name", http.Header{"sec-websocket-protocol": {"\tOpenAI-Insecure-API-Key." + clientKey + ", x"}}, true,
			http.Header{"sec-websocket-protocol": {"x"}},
		},
		{
			"subprotocol among empty entries", http.Header{"Sec-Websocket-Protocol": {", " + protocol + ", ,"}}, true, nil,
		},
		{
			"subprotocol prefix without a key", http.Header{"Sec-Websocket-Protocol": {"openai-insecure-api-key. , x"}}, false,
			http.Header{"Sec-Websocket-Protocol": {"x"}},
		},
		{
			"other subprotocols", http.Header{"Sec-Websocket-Protocol": {"a, openai-insecure-api-keys.b", " c"}}, false,
			http.Header{"Sec-Websocket-Protocol": {"a, openai-insecure-api-keys.b", " c"}},
		},
		{
			"all of them", http.Header{"Authorization": {bearer}, "Api-Key": {clientKey}, "X-Api-Key": {clientKey, clientKey}, "Sec-Websocket-Protocol": {protocol + ",a"}, "Accept": {"x"}}, true,
			http.Header{"Sec-Websocket-Protocol": {"a"}, "Accept": {"x"}},
		},
	}
}

// withKey is what a request carries once its credential is the server's.
func withKey(h http.Header) http.Header {
	h = h.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h["Authorization"] = []string{"Bearer " + serverKey}
	return h
}

func TestModifyRequest(t *testing.T) {
	const (
		verbatim = iota // the client's headers, or ErrMissing
		cleaned         // the client's headers without credentials
		keyed           // cleaned, and the server's key
	)
	rules := []struct {
		name   string
		mode   keys.Mode
		key    string
		target string
		want   int
	}{
		{"server", keys.Server, serverKey, provider, keyed},
		{"server elsewhere", keys.Server, serverKey, elsewhere, cleaned},
		{"server in the clear", keys.Server, serverKey, plain, cleaned},
		{"passthrough", keys.Passthrough, "", provider, verbatim},
		{"passthrough with a server key", keys.Passthrough, serverKey, provider, verbatim},
		{"passthrough elsewhere", keys.Passthrough, serverKey, elsewhere, verbatim},
		{"auto with a server key", keys.Auto, serverKey, provider, keyed},
		{"auto with a server key elsewhere", keys.Auto, serverKey, elsewhere, verbatim},
		{"auto with a server key in the clear", keys.Auto, serverKey, plain, verbatim},
		{"auto without a server key", keys.Auto, "", provider, verbatim},
	}
	for _, rule := range rules {
		c := custodian(t, rule.mode, rule.key)
		for _, cred := range credentials() {
			t.Run(rule.name+"/"+cred.name, func(t *testing.T) {
				r := request(rule.target, cred.header)
				err := c.ModifyRequest(r)
				var wantErr error
				if rule.want == verbatim && !cred.counts {
					wantErr = keys.ErrMissing
				}
				if !errors.Is(err, wantErr) {
					t.Fatalf("error: got %v; want %v", err, wantErr)
				}
				want := cred.header
				switch rule.want {
				case cleaned:
					want = cred.cleaned
				case keyed:
					want = withKey(cred.cleaned)
				}
				compareHeaders(t, r.Header, want)
				if r.URL.String() != rule.target {
					t.Errorf("URL: got %s; want %s", r.URL, rule.target)
				}
			})
		}
	}
}

func compareHeaders(t *testing.T, got, want http.Header) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestModifyRequestConcurrently(t *testing.T) {
	c := custodian(t, keys.Auto, serverKey)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for _, cred := range credentials() {
				r := request(provider, cred.header)
				if err := c.ModifyRequest(r); err != nil {
					t.Errorf("%s: %v", cred.name, err)
				}
				if got := r.Header.Get("Authorization"); got != "Bearer "+serverKey {
					t.Errorf("%s: got %q; want the server's key", cred.name, got)
				}
			}
		})
	}
	wg.Wait()
}

func TestScrub(t *testing.T) {
	for _, cred := range credentials() {
		before := cred.header.Clone()
		got := keys.Scrub(cred.header)
		want := cred.cleaned.Clone()
		delete(want, "Proxy-Authorization")
		delete(want, "Cookie")
		compareHeaders(t, got, want)
		if diff := cmp.Diff(before, cred.header); diff != "" {
			t.Errorf("%s: Scrub changed its argument:\n%s", cred.name, diff)
		}
	}
	answer := http.Header{"set-cookie": {"s=1"}, "Sec-Websocket-Protocol": {protocol}, "Server": {"x"}}
	compareHeaders(t, keys.Scrub(answer), http.Header{"Server": {"x"}})
}

// Law 4 for this package: in server mode no byte of a client's credential goes
// on, however it is spelt, and the other subprotocols keep their order.
func FuzzServerModeLeavesNoCredential(f *testing.F) {
	f.Add("Authorization", "Bearer ", "realtime, ", " ,b")
	f.Add("x-API-key", "", "", "")
	f.Add("sec-websocket-protocol", "openai-insecure-api-key.", "a,,", ",")
	f.Add("Sec-Websocket-Protocol", "\t OPENAI-insecure-api-key.", "openai-insecure-api-key.,", "\t,c")
	c := custodian(f, keys.Server, serverKey)
	f.Fuzz(func(t *testing.T, name, scheme, before, after string) {
		h := http.Header{}
		switch strings.ToLower(name) {
		case "authorization", "api-key", "x-api-key":
			h[name] = []string{scheme + clientKey}
		default:
			h["Sec-Websocket-Protocol"] = []string{before + "," + protocol + "," + after, after}
		}
		r := request(provider, h)
		if err := c.ModifyRequest(r); err != nil {
			t.Fatal(err)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, "\n"), clientKey) {
				t.Errorf("%s still holds the client's key", name)
			}
		}
		if got := len(r.Header["Authorization"]); got != 1 {
			t.Errorf("got %d Authorization lines; want 1", got)
		}
		got, want := others(r.Header["Sec-Websocket-Protocol"]), others(h["Sec-Websocket-Protocol"])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("subprotocols (-want +got):\n%s", diff)
		}
	})
}

// others lists the subprotocols that hold no key, in their order.
func others(lines []string) []string {
	var names []string
	for entry := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		entry = strings.Trim(entry, " \t")
		if entry != "" && !strings.HasPrefix(strings.ToLower(entry), "openai-insecure-api-key.") {
			names = append(names, entry)
		}
	}
	return names
}

func TestPreflightNeedsNoCredential(t *testing.T) {
	for _, mode := range []keys.Mode{keys.Passthrough, keys.Auto} {
		c, err := keys.New(keys.Config{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), "OPTIONS", "https://api.openai.com/v1/models", nil)
		if err := c.ModifyRequest(r); !errors.Is(err, keys.ErrMissing) {
			t.Errorf("%v, plain OPTIONS: %v; want ErrMissing", mode, err)
		}
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		if err := c.ModifyRequest(r); err != nil {
			t.Errorf("%v, preflight: %v; want none", mode, err)
		}
	}
}

func TestMasked(t *testing.T) {
	c, err := keys.New(keys.Config{Mode: keys.Auto, Key: keys.NewSecret(serverKey), Provider: isProvider})
	if err != nil {
		t.Fatal(err)
	}
	if got, found := c.Masked([]byte("you sent Bearer " + serverKey + ", " + serverKey)); !found || string(got) != "you sent Bearer [secret], [secret]" {
		t.Errorf("got %q, %v", got, found)
	}
	if got, found := c.Masked([]byte("nothing")); found || string(got) != "nothing" {
		t.Errorf("got %q, %v", got, found)
	}
}

func TestTrailersAreStripped(t *testing.T) {
	c, err := keys.New(keys.Config{Mode: keys.Server, Key: keys.NewSecret(serverKey), Provider: isProvider})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://api.openai.com/v1/models", nil)
	r.Trailer = http.Header{"Authorization": {"Bearer x"}, "X-Api-Key": {"y"}, "X-Sum": {"1"}}
	if err := c.ModifyRequest(r); err != nil || len(r.Trailer) != 1 {
		t.Errorf("%v, trailers %v; want X-Sum alone", err, r.Trailer)
	}
}
