// Package dashboard is the pages that people open in a browser. Everything a
// page needs is embedded; nothing is built, and nothing comes from elsewhere. It
// does not know the proxy: what it shows, it is told.
package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"
)

//go:embed web
var web embed.FS

// assets are the files of web that browsers ask for by name.
type assets struct {
	files map[string]asset
}

type asset struct {
	content []byte
	kind    string // MIME type
	etag    string
}

// newAssets reads what was embedded. It panics on what cannot happen to a
// binary that was built.
func newAssets() *assets {
	a := &assets{files: make(map[string]asset)}
	for _, pattern := range []string{"web/*.css", "web/*.js", "web/*.svg"} {
		names, err := fs.Glob(web, pattern)
		if err != nil {
			panic(err)
		}
		for _, name := range names {
			content, err := web.ReadFile(name)
			if err != nil {
				panic(err)
			}
			sum := sha256.Sum256(content)
			a.files[path.Base(name)] = asset{
				content: content,
				kind:    mime.TypeByExtension(path.Ext(name)),
				etag:    `"` + hex.EncodeToString(sum[:12]) + `"`,
			}
		}
	}
	return a
}

// ServeHTTP implements http.Handler for /assets/NAME. Browsers keep a file and
// ask whether it is still the same, so that an upgrade shows at once.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), "")
	found, ok := a.files[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("ETag", found.etag)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(found.content))
}

// secure sets what every answer to a browser carries. A page may run our
// scripts and use our styles, none of them inline, and may talk to its own
// origin and, beyond it, to the origins in connect. No other page may frame,
// embed or read it.
func secure(h http.Header, connect string) {
	if connect != "" {
		connect = " " + connect
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'"+connect+"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// parse returns the page of that name: its own template and the frame that all
// pages share.
func parse(funcs template.FuncMap, names ...string) *template.Template {
	for i, name := range names {
		names[i] = "web/" + name
	}
	return template.Must(template.New("frame.html").Funcs(funcs).ParseFS(web, append([]string{"web/frame.html"}, names...)...))
}
