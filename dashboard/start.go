package dashboard

import (
	"bytes"
	"html/template"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// CheckPath is where the proxy's own host answers as the check host does.
const CheckPath = "/check"

// StartConfig says what the start page shows. All of it is needed.
type StartConfig struct {
	// State returns what is running. It is called for each page.
	State func() State
	// Visit says how a request came in.
	Visit func(*http.Request) Visit
	// Files are the forms of the authority's certificate to download.
	Files []File
}

// State is what is running, without a secret.
type State struct {
	Version   string   // empty where it is not known
	Mode      string   // block, warn or off
	Threshold int      // the risk from which block strikes
	KeyMode   string   // server, passthrough or auto
	Hosts     []string // the intercept list
	// OwnHost is the name of the proxy for those who come through it. CheckHost
	// is another that the proxy alone answers, with a certificate of the
	// authority; empty if there is none. It answers with JSON, of which
	// authority_sha256 matters here.
	OwnHost     string
	CheckHost   string
	Authority   string // its name
	Fingerprint string // SHA-256, in upper-case hex with colons
	Expiry      time.Time
}

// Visit is how a request came in.
type Visit struct {
	Proxy   string // host:port at which this visitor finds the proxy
	Through bool   // the request came through the proxy
	Remote  bool   // the visitor is on another machine
}

// File is one form of the authority's certificate.
type File struct {
	Path  string // such as /ca.pem
	Name  string // under which browsers save it
	Type  string // MIME type
	Write func(io.Writer) error
}

// Start is the page that says how to connect: trust the authority, send the
// traffic here, and see whether both worked. It is safe for concurrent use.
type Start struct {
	cfg    StartConfig
	assets *assets
	page   *template.Template
}

// NewStart returns the page.
func NewStart(cfg StartConfig) *Start {
	funcs := template.FuncMap{"code": func(label, text string) code { return code{Label: label, Lines: strings.Split(text, "\n")} }}
	return &Start{cfg: cfg, assets: newAssets(), page: parse(funcs, "start.html", "systems.html")}
}

// code is a block of lines to copy.
type code struct {
	Label string // where to type them
	Lines []string
}

// Register makes mux serve the page at /start, and beside it what the page
// needs: assets, the certificate and the proxy's configuration file.
func (s *Start) Register(mux *http.ServeMux) {
	mux.Handle("GET /start", s)
	mux.Handle("GET /assets/", s.assets)
	mux.HandleFunc("GET /proxy.pac", s.serveProxyFile)
	for _, file := range s.cfg.Files {
		mux.HandleFunc("GET "+file.Path, file.serve)
	}
}

// view is what the template sees.
type view struct {
	State
	Visit
	Systems  []System
	Selected string // ID of a system
	Browser  string // ID of the system that tells of the visitor's browser
	Mode     string // in words
	Key      string // the same
	Files    map[string]bool
	Title    string
}

// ServeHTTP implements http.Handler: it answers with the page, whatever the
// path. The query's system chooses whose commands are shown.
func (s *Start) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	state := s.cfg.State()
	v := view{
		State: state, Visit: s.cfg.Visit(r), Systems: systems(), Title: "Connect",
		Mode: modeWords(state), Key: keyWords(state.KeyMode), Files: make(map[string]bool),
	}
	v.Selected, v.Browser = recognise(r.UserAgent())
	if asked := r.URL.Query().Get("system"); isSystem(asked) {
		v.Selected = asked
	}
	for _, file := range s.cfg.Files {
		v.Files[file.Path] = true
	}
	var page bytes.Buffer
	if err := s.page.Execute(&page, v); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	connect := ""
	if state.CheckHost != "" {
		connect = "http://" + state.OwnHost + " https://" + state.CheckHost
	}
	secure(w.Header(), connect)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // it shows what is true now
	w.Header().Set("Vary", "User-Agent")
	_, _ = w.Write(page.Bytes()) // the visitor may be gone
}

// Lines is the intercept list in one line.
func (v view) Lines() string { return strings.Join(v.Hosts, ", ") }

// First is a host of the intercept list to give as an example.
func (v view) First() string {
	if len(v.Hosts) == 0 {
		return ""
	}
	return strings.TrimPrefix(v.Hosts[0], "*.")
}

// FingerprintParts is the fingerprint in parts of eight bytes, as people
// compare it.
func (v view) FingerprintParts() []string {
	const part = len("00:11:22:33:44:55:66:77:")
	var parts []string
	for rest := v.Fingerprint; rest != ""; rest = rest[min(part, len(rest)):] {
		parts = append(parts, strings.TrimSuffix(rest[:min(part, len(rest))], ":"))
	}
	return parts
}

// Expires is the day on which the authority ends.
func (v view) Expires() string { return v.Expiry.Format(time.DateOnly) }

func modeWords(s State) string {
	switch s.Mode {
	case "warn":
		return "Records, blocks nothing"
	case "off":
		return "Off"
	}
	return "Blocks and masks"
}

func keyWords(mode string) string {
	switch mode {
	case "server":
		return "InferShield’s own"
	case "passthrough":
		return "The program’s own"
	}
	return "Its own, else the program’s"
}

// serve answers with the file. It is public: there is no key in it.
func (f File) serve(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), "")
	var content bytes.Buffer
	if err := f.Write(&content); err != nil {
		http.Error(w, "this form of the certificate cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	h.Set("Cache-Control", "no-store") // the authority may be replaced
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content.Bytes()))
}

// ProxyHost is the host of the proxy's address, as Java wants it.
func (v view) ProxyHost() string { host, _, _ := net.SplitHostPort(v.Proxy); return host }

// ProxyPort is the port of the proxy's address.
func (v view) ProxyPort() string { _, port, _ := net.SplitHostPort(v.Proxy); return port }
