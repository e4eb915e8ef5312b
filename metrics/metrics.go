// Package metrics is the Prometheus view of audit records and tunnels. It
// knows nothing else: what happens where is told to it.
//
// Label values come from closed sets alone. No host, path, agent, model or
// other word that traffic can choose ever becomes one.
package metrics

import (
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/infershield/infershield/audit"
)

const (
	// EndpointOther is the endpoint label of what is not in Config.Endpoints.
	EndpointOther = "generic"
	// other is the fallback of all other labels.
	other = "other"
	// scrapesMax bounds the scrapes served at a time.
	scrapesMax = 4
)

// Config names the closed sets that only the caller knows and the sources that
// are asked at each scrape. The zero value is useful: a nil func leaves its
// metrics out.
type Config struct {
	// Version and Commit of the program, for build_info.
	Version, Commit string
	// Endpoints are the names that records may bear; all others count as
	// EndpointOther.
	Endpoints []string
	// Categories are those that findings may have; all others count as "other".
	Categories []string
	// Audit returns the audit log's own counts.
	Audit func() audit.Stats
	// Connections returns how many client connections are open.
	Connections func() int
	// CAExpiry returns when the local authority's certificate ends. The zero
	// time means that there is none.
	CAExpiry func() time.Time
	// Exports returns how sending to each other system goes. The names must be
	// of a closed set.
	Exports func() []Export
	// Log takes errors of scrapes. Nil discards them.
	Log *slog.Logger
}

// Metrics counts. All its methods may be called from any goroutine and never
// block.
type Metrics struct {
	handler  http.Handler
	exchange exchange

	tunnels        prometheus.Counter
	tunnelErrors   prometheus.Counter
	tunnelsOpen    prometheus.Gauge
	tunnelUp       prometheus.Counter
	tunnelDown     prometheus.Counter
	tunnelDuration prometheus.Histogram

	distrusts prometheus.Counter
	panics    prometheus.Counter
	alerts    *grid[prometheus.Counter] // rule
	rules     set
	outcomes  set
	opinions  *grid[prometheus.Counter] // outcome
}

// New returns metrics with a registry of their own.
func New(cfg Config) *Metrics {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	registry := prometheus.NewRegistry()
	r := registrar{registry}
	m := &Metrics{exchange: newExchange(r, cfg)}

	m.tunnels = r.counter("tunnels_total", "Raw tunnels that clients asked for.")
	m.tunnelErrors = r.counter("tunnel_errors_total", "Raw tunnels that could not be opened.")
	m.tunnelsOpen = r.gauge("open_tunnels", "Raw tunnels that are open now.")
	m.tunnelDuration = r.histogram("tunnel_duration_seconds", "How long raw tunnels were open.",
		[]float64{.1, 1, 10, 60, 300, 1800, 3600})
	bytes := r.counters("tunnel_bytes_total", "Bytes carried by raw tunnels that have ended.", "direction")
	m.tunnelUp, m.tunnelDown = bytes.WithLabelValues("up"), bytes.WithLabelValues("down")

	m.distrusts = r.counter("client_ca_distrusts_total", "TLS handshakes that a client ended because it does not trust the local authority.")
	m.panics = r.counter("panics_total", "Panics that ended one exchange.")
	m.outcomes = closedSet(other, "raised", "lowered", "agreed", "failed")
	m.opinions = newGrid(r.counters("second_opinions_total", "Second opinions asked for, by what came of them.",
		"outcome").WithLabelValues, m.outcomes).fill()
	m.rules = closedSet(other, "risk", "blocks", "key_failures", "ca_expiry")
	m.alerts = newGrid(r.counters("alerts_total", "Alerts raised, by rule.", "rule").WithLabelValues, m.rules).fill()
	registerSources(r, cfg)
	if cfg.Exports != nil {
		registry.MustRegister(newExports(cfg.Exports))
	}

	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesMax,
	})
	return m
}

// registerSources registers what is read when a scrape comes.
func registerSources(r registrar, cfg Config) {
	start := time.Now()
	r.gaugeFunc("uptime_seconds", "Time since the start.", func() float64 { return time.Since(start).Seconds() })
	r.labelled("build_info", "Always 1; the labels say what is running.",
		prometheus.Labels{"version": cfg.Version, "commit": cfg.Commit, "go_version": runtime.Version()}).Set(1)
	if f := cfg.Connections; f != nil {
		r.gaugeFunc("open_connections", "Client connections that are open now.", func() float64 { return float64(f()) })
	}
	if f := cfg.CAExpiry; f != nil {
		r.gaugeFunc("ca_expiry_timestamp_seconds", "When the local authority's certificate ends; NaN where there is none.",
			func() float64 { return timestamp(f()) })
	}
	f := cfg.Audit
	if f == nil {
		return
	}
	r.counterFunc("audit_written_records_total", "Audit records stored.", func() float64 { return float64(f().Written) })
	r.counterFunc("audit_dropped_records_total", "Audit records refused because the queue was full.",
		func() float64 { return float64(f().Dropped) })
	r.counterFunc("audit_lost_records_total", "Audit records that could not be stored in spite of retries.",
		func() float64 { return float64(f().Lost) })
	r.gaugeFunc("audit_queued_records", "Audit records that wait to be stored.", func() float64 { return float64(f().Queued) })
	r.gaugeFunc("audit_up", "Whether the latest write to the audit database went well, 1 or 0.", func() float64 {
		if f().Err != nil {
			return 0
		}
		return 1
	})
}

func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.Unix())
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler { return m.handler }

// TunnelOpened counts a tunnel that a client asked for. Each call is followed
// by one of TunnelClosed.
func (m *Metrics) TunnelOpened() {
	m.tunnels.Inc()
	m.tunnelsOpen.Inc()
}

// Tunnel is how a raw tunnel ended.
type Tunnel struct {
	Up, Down int64 // bytes towards and from the destination
	Duration time.Duration
	Failed   bool // it could not be opened
}

// TunnelClosed counts what a tunnel carried.
func (m *Metrics) TunnelClosed(t Tunnel) {
	m.tunnelsOpen.Dec()
	if t.Failed {
		m.tunnelErrors.Inc()
		return
	}
	m.tunnelUp.Add(float64(max(t.Up, 0))) // a counter panics at less
	m.tunnelDown.Add(float64(max(t.Down, 0)))
	m.tunnelDuration.Observe(t.Duration.Seconds())
}

// Distrust counts a client that ended its handshake because it does not trust
// the local authority.
func (m *Metrics) Distrust() { m.distrusts.Inc() }

// Panic counts a panic that was recovered.
func (m *Metrics) Panic() { m.panics.Inc() }

// Opinion counts a second opinion that was asked for.
func (m *Metrics) Opinion(outcome string) { m.opinions.at(m.outcomes.place(outcome)).Inc() }

// Alert counts an alert that was raised.
func (m *Metrics) Alert(rule string) { m.alerts.at(m.rules.place(rule)).Inc() }
