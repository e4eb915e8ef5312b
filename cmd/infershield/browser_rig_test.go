package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// browserPatience bounds each thing that a test waits for in a browser.
const browserPatience = 30 * time.Second

// browser is a headless Chromium with a profile and a home of its own. Each tab
// has its own cookies, storage and proxy; what the home holds (the NSS
// database of authorities) is common to all.
type browser struct {
	ctx context.Context
}

// launchBrowser starts Chromium in the folder home, which may hold an NSS
// database. Flags are Chromium's own, without the dashes. The test's end stops it.
func launchBrowser(t *testing.T, home string, flags map[string]any) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromiumPath(t)),
		chromedp.NoSandbox, // root has none
		chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Env("HOME="+home, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_CACHE_HOME="),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", len(flags) == 0), // this machine's settings have no part in a test
	)
	for name, value := range flags {
		options = append(options, chromedp.Flag(name, value))
	}
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...) //nolint:govet // Cancel below ends it
	ctx, _ = chromedp.NewContext(ctx)                                     //nolint:govet // as above
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stopping Chromium: %v", err)
		}
	})
	return &browser{ctx: ctx}
}

func chromiumPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "chromium")
	return ""
}

// tab is one page in a browser. It notes what the page does wrong.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// tabOptions is what differs between the tabs. Zero is a desktop's light one.
type tabOptions struct {
	proxy    string // host:port, for all but this machine's own addresses
	width    int64
	dark     bool
	noScript bool
}

// open makes a tab. The test's end closes it.
func (b *browser) open(t *testing.T, o tabOptions) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer = o.proxy
	}))
	t.Cleanup(cancel)
	tab := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, tab.note); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	tab.resize(o.width)
	tab.theme(o.dark)
	if o.noScript {
		protocol(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	return tab
}

// protocol gives one command of the protocol.
func protocol[P, R any](b *tab, name cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	result, err := chromedp.Call(ctx, name, params)
	if err != nil {
		b.t.Fatalf("%s: %v", name.Method, err)
	}
	return result
}

// drive does one thing in the tab.
func drive[T any](b *tab, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return result
}

// visit goes to a page and waits until it has loaded.
func (b *tab) visit(url string) {
	b.t.Helper()
	drive(b, "going to "+url, chromedp.Navigate(url))
}

// await waits until an expression of JavaScript is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	drive(b, "waiting for "+expression, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(browserPatience)))
}

// click presses what a CSS selector finds.
func (b *tab) click(selector string) {
	b.t.Helper()
	drive(b, "clicking "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// value is what an expression of JavaScript comes to; promises are awaited.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	return drive(b, "evaluating", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text is what a person reads in what a CSS selector finds.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// resize gives the tab a width of CSS pixels; below 600 it is a phone.
func (b *tab) resize(width int64) {
	b.t.Helper()
	if width == 0 {
		width = 1200
	}
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(1)}
	height := int64(900)
	if width < 600 {
		height = 780
		options = []chromedp.EmulateViewportOption{chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait}
	}
	drive(b, "resizing", chromedp.EmulateViewport(width, height, options...))
}

// theme makes the system light or dark, as a person sets it.
func (b *tab) theme(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	protocol(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"}, // pictures are of what is at rest
	}})
}

// picture keeps a picture of the whole page among the test's artefacts: in the
// folder that INFERSHIELD_ARTEFACTS names, else where go test -artifacts puts them.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("INFERSHIELD_ARTEFACTS")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	shot := drive(b, "taking a picture", chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// expectNoSideways fails the test where the page is wider than its window.
func (b *tab) expectNoSideways() {
	b.t.Helper()
	if wide := value[int](b, "document.documentElement.scrollWidth - window.innerWidth"); wide > 0 {
		b.t.Errorf("the page is %d pixels wider than its window", wide)
	}
}

// expectAccessible runs axe-core over the page; whatever it calls serious or
// critical fails the test, and what it calls less is told.
func (b *tab) expectAccessible() {
	b.t.Helper()
	source, err := os.ReadFile(filepath.Join(npmFolder(b.t), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		missing(b.t, "the npm package axe-core (scripts/test-deps.sh installs it)")
	}
	value[bool](b, string(source)+"; true")
	type violation struct {
		ID, Impact, Help string
		Targets          []string
	}
	for _, v := range value[[]violation](b, `axe.run().then((found) => found.violations.map((v) =>
		({ID: v.id, Impact: v.impact, Help: v.help, Targets: v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary)})))`) {
		told := b.t.Logf
		if v.Impact == "serious" || v.Impact == "critical" {
			told = b.t.Errorf
		}
		told("axe: %s, %s: %s\n%s", v.Impact, v.ID, v.Help, strings.Join(v.Targets, "\n"))
	}
}

// note keeps errors of scripts and what the browser itself complains about:
// violations of the policy and requests that failed among them.
func (b *tab) note(event any) {
	var problem string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			problem = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		problem = "script: " + e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			problem = fmt.Sprintf("console: %v", e.Args)
		}
	}
	if problem != "" {
		b.mu.Lock()
		b.problems = append(b.problems, problem)
		b.mu.Unlock()
	}
}

// expectClean fails the test for what went wrong so far, save for lines that
// hold one of the words allowed.
func (b *tab) expectClean(allowed ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
problems:
	for _, problem := range b.problems {
		for _, word := range allowed {
			if strings.Contains(problem, word) {
				continue problems
			}
		}
		b.t.Errorf("the browser complains: %s", problem)
	}
	b.problems = nil
}
