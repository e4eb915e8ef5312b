package main

import (
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/infershield/infershield/ca"
)

// checkURL is what a browser fails to load that does not trust the authority.
const checkURL = "https://infershield-check.api.openai.com/"

const checked = `["ready","untrusted","around","other"].includes(document.querySelector("[data-check]").dataset.state)`

// The start page in a browser that has never heard of the authority: how it
// looks, that it is sound, and what it says of the browser.
func TestStartPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	chromium := launchBrowser(t, t.TempDir(), nil)
	p := serve(t, serveOptions{keyMode: "auto"})
	own := "http://" + ca.OwnHost + "/"

	t.Run("around", func(t *testing.T) {
		tab := chromium.open(t, tabOptions{})
		tab.visit("http://" + p.addr + "/")
		tab.await(checked)
		if got := tab.text("[data-check]"); !strings.Contains(got, "Not through here yet") || !strings.Contains(got, "http://"+p.addr+"/proxy.pac") {
			t.Errorf("the check says %q", got)
		}
		tab.picture("start-around")
		tab.expectAccessible()
		tab.expectClean(checkURL, "http://infershield.proxy/check") // neither is in DNS
	})
	t.Run("untrusted", func(t *testing.T) {
		tab := chromium.open(t, tabOptions{proxy: p.addr, dark: true})
		tab.visit(own)
		tab.await(checked)
		if got := tab.text("[data-check]"); !strings.Contains(got, "Not trusted yet") || !strings.Contains(got, "infershield ca install") {
			t.Errorf("the check says %q", got)
		}
		if log := p.stderr.String(); !strings.Contains(log, "a client does not trust the InferShield authority") {
			t.Errorf("the proxy saw no distrust:\n%s", log)
		}
		tab.picture("start-dark")
		tab.expectAccessible()
		tab.expectClean(checkURL)
	})
	t.Run("another", func(t *testing.T) {
		other := serve(t, serveOptions{keyMode: "auto"})
		tab := chromium.open(t, tabOptions{proxy: other.addr})
		tab.visit("http://" + p.addr + "/")
		tab.await(checked)
		if got := tab.text("[data-check]"); !strings.Contains(got, "Another InferShield answers") {
			t.Errorf("the check says %q", got)
		}
	})
	t.Run("phone", func(t *testing.T) {
		tab := chromium.open(t, tabOptions{proxy: p.addr, width: 360})
		tab.visit(own)
		tab.await(checked)
		tab.expectNoSideways()
		tab.picture("start-phone")
		tab.theme(true)
		tab.picture("start-phone-dark")
		tab.expectAccessible()
		for _, id := range value[[]string](tab, `[...document.querySelectorAll(".systems [data-system]")].map((link) => link.dataset.system)`) {
			tab.click(`.systems [data-system="` + id + `"]`)
			tab.expectNoSideways()
		}
		tab.expectClean(checkURL)
	})
	t.Run("without JavaScript", func(t *testing.T) {
		tab := chromium.open(t, tabOptions{noScript: true})
		tab.visit("http://" + p.admin + "/")
		tab.visit(value[string](tab, `document.querySelector('.systems [data-system="chrome"]').href`))
		if got := tab.text("#trust"); !strings.Contains(got, "certutil -d") {
			t.Errorf("step 1 says %q", got)
		}
		if got := tab.text("#check"); !strings.Contains(got, "The check needs JavaScript") {
			t.Errorf("step 3 says %q", got)
		}
		tab.expectClean()
	})
	t.Run("by keyboard", func(t *testing.T) { byKeyboard(t, chromium.open(t, tabOptions{proxy: p.addr}), own) })
}

// After the commands that the page prints for Chrome on Linux, run as they
// stand in a home where nothing was, the check is green by way of the proxy file.
func TestStartPageTrusted(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	for _, tool := range []string{"certutil", "curl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	p := serve(t, serveOptions{keyMode: "server", serverKey: "sk-of-the-server"})
	home := t.TempDir()
	page := string(fetch(t, http.DefaultClient, "http://"+p.addr+"/?system=chrome", http.StatusOK))
	runAsPrinted(t, home, commandsFor(t, page, "chrome"))

	chromium := launchBrowser(t, home, map[string]any{"proxy-pac-url": "http://" + p.addr + "/proxy.pac"})
	tab := chromium.open(t, tabOptions{})
	for _, start := range []string{"http://" + p.addr + "/", "http://" + p.admin + "/start", "http://" + ca.OwnHost + "/", "https://" + ca.OwnHost + "/"} {
		tab.visit(start)
		tab.await(checked)
		if got := tab.text("[data-check]"); !strings.Contains(got, "This browser is ready") || strings.Count(got, "yes") != 2 {
			t.Errorf("%s: the check says %q", start, got)
		}
	}
	tab.picture("start-ready")
	tab.expectClean()
	tab.visit("https://api.openai.com/v1/models")
	if got := tab.text("body"); !strings.Contains(got, "gpt-") {
		t.Errorf("https://api.openai.com/v1/models shows %q", got)
	}
	tab.expectClean("favicon.ico")
}

// After `infershield ca install` the check is green as well. The store is named
// here, because a test must not change this machine's own.
func TestStartPageTrustedByInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	if _, err := exec.LookPath("certutil"); err != nil {
		missing(t, "certutil")
	}
	p := serve(t, serveOptions{keyMode: "auto"})
	p.output(t, "ca", "install", "--store", "nss")
	tab := launchBrowser(t, p.dir, nil).open(t, tabOptions{proxy: p.addr})
	tab.visit("http://" + ca.OwnHost + "/")
	tab.await(checked)
	if got := tab.text("[data-check]"); !strings.Contains(got, "This browser is ready") {
		t.Errorf("the check says %q", got)
	}
	tab.expectClean()
}

// commandsFor are the lines of step 1 for a system.
func commandsFor(t *testing.T, page, system string) string {
	t.Helper()
	_, panel, _ := strings.Cut(page, `data-panel="`+system+`">`)
	_, block, _ := strings.Cut(panel, "<code>")
	lines, _, ok := strings.Cut(block, "</code>")
	if !ok {
		t.Fatalf("no commands for %s in %s", system, page)
	}
	lines = strings.ReplaceAll(strings.ReplaceAll(lines, `<span class="line">`, ""), "</span>", "\n")
	return html.UnescapeString(lines)
}

// runAsPrinted runs lines in a shell, in a home of its own.
func runAsPrinted(t *testing.T, home, lines string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", lines)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", lines, err, out)
	}
	if _, err := os.Stat(filepath.Join(home, ".pki", "nssdb", "cert9.db")); err != nil {
		t.Error(err)
	}
}

// byKeyboard goes where a person gets with Tab and Enter alone.
func byKeyboard(t *testing.T, tab *tab, url string) {
	tab.visit(url)
	tab.await(checked)
	drive(tab, "pressing Tab", chromedp.KeyEvent(kb.Tab))
	if got := value[string](tab, "document.activeElement.className"); got != "skip" {
		t.Errorf("the first stop is %q; want the way to the content", got)
	}
	value[bool](tab, `document.querySelector("[data-theme-toggle]").focus(), true`)
	drive(tab, "pressing Enter", chromedp.KeyEvent(kb.Enter))
	if got := value[string](tab, `document.documentElement.dataset.theme + getComputedStyle(document.documentElement).colorScheme`); got != "darkdark" {
		t.Errorf("the toggle makes it %s", got)
	}
	tab.visit(url)
	if got := value[string](tab, "document.documentElement.dataset.theme"); got != "dark" {
		t.Errorf("after another visit it is %q; want dark", got)
	}
	value[bool](tab, `document.querySelector("#route .copy").focus(), true`)
	drive(tab, "pressing Enter", chromedp.KeyEvent(kb.Enter))
	tab.await(`document.querySelector("#route .copy").textContent === "Copied"`)
	tab.expectClean(checkURL)
}
