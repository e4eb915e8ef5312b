package dashboard_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/infershield/infershield/dashboard"
)

// pageWeightMax is what the heaviest page may weigh with all it loads, uncompressed.
const pageWeightMax = 150 << 10

func newPages() http.Handler {
	mux := http.NewServeMux()
	dashboard.NewPages("1.2.3").Register(mux)
	dashboard.NewStart(dashboard.StartConfig{State: state}).Register(mux)
	return mux
}

func TestPagesAreGuardedAndLight(t *testing.T) {
	h := newPages()
	for _, target := range []string{"/", "/records", "/records/0123abcd", "/alerts", "/policy", "/test", "/tokens", "/system"} {
		resp := get(t, h, target, nil)
		page := body(t, resp)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'") {
			t.Errorf("%s: %s under the policy %q", target, resp.Status, resp.Header.Get("Content-Security-Policy"))
		}
		if found := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:`).FindString(page); found != "" {
			t.Errorf("%s holds %q", target, found)
		}
		if n := strings.Count(page, `aria-current="page"`); n != 1 {
			t.Errorf("%s: %d places of the navigation are the current one; want 1", target, n)
		}
		weight := len(page)
		for _, ref := range regexp.MustCompile(`(?:src|<link[^>]* href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			asset := get(t, h, ref[1], nil)
			if asset.StatusCode != http.StatusOK {
				t.Errorf("%s loads %s: %s", target, ref[1], asset.Status)
			}
			weight += len(body(t, asset))
		}
		t.Logf("%s weighs %d bytes", target, weight)
		if weight > pageWeightMax {
			t.Errorf("%s weighs %d bytes; want at most %d", target, weight, pageWeightMax)
		}
	}
}

// A record's text is an attacker's to choose. The scripts make no markup of
// text: the ways to do that are not in them.
func TestScriptsMakeNoMarkup(t *testing.T) {
	h := newPages()
	for _, name := range []string{"lib", "overview", "records", "record", "alerts", "policy", "test", "tokens", "system"} {
		script := body(t, get(t, h, "/assets/"+name+".js", nil))
		if script == "" {
			t.Errorf("%s.js is empty", name)
		}
		if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function`).FindAllString(script, -1); found != nil {
			t.Errorf("%s.js uses %q", name, found)
		}
	}
}
