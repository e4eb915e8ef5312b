package dashboard

import (
	"bytes"
	"html/template"
	"net/http"
)

// Pages are what an operator looks at: the overview, the records, the alerts
// and how the product does. They hold no data; their scripts ask the API of
// the same origin. It is safe for concurrent use.
type Pages struct {
	version string
	page    *template.Template
}

// NewPages returns the pages; version may be empty.
func NewPages(version string) *Pages {
	return &Pages{version: version, page: parse(nil, "app.html")}
}

// place is one page and how it is reached.
type place struct {
	Path  string // of the page, and what the navigation leads to
	Title string
	Name  string // of its script in web
	Wide  bool   // takes the width of the window
}

// places are the pages in the order of the navigation.
func places() []place {
	return []place{
		{Path: "/", Title: "Overview", Name: "overview", Wide: true},
		{Path: "/records", Title: "Records", Name: "records", Wide: true},
		{Path: "/alerts", Title: "Alerts", Name: "alerts"},
		{Path: "/policy", Title: "Policy", Name: "policy"},
		{Path: "/test", Title: "Test a prompt", Name: "test"},
		{Path: "/tokens", Title: "Tokens", Name: "tokens"},
		{Path: "/system", Title: "System", Name: "system"},
	}
}

// Register makes mux serve the pages. What they load from /assets/, the start
// page registers.
func (p *Pages) Register(mux *http.ServeMux) {
	for _, here := range places() {
		pattern := here.Path
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.HandleFunc("GET "+pattern, p.serve(here, here.Path))
	}
	mux.HandleFunc("GET /records/{id}", p.serve(place{Title: "Record", Name: "record"}, "/records"))
}

// serve answers with a page; in the navigation, current is where one is.
func (p *Pages) serve(here place, current string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		err := p.page.Execute(&page, struct {
			place
			Version string
			Current string
			Places  []place
		}{here, p.version, current, places()})
		if err != nil {
			http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
			return
		}
		secure(w.Header(), "")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(page.Bytes()) // the visitor may be gone
	}
}
