package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infershield/infershield/audit"
)

var (
	// secondsBuckets reach from an error answered at once to a long stream.
	secondsBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
	inspectBuckets = []float64{10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1}
	heldBuckets    = []float64{0, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}
)

// exchange holds the metrics that are fed from audit records. The names of the
// first six are those of the Node.js original.
type exchange struct {
	doors, endpoints, actions, statuses set
	categories, directions              set
	keyModes, states                    set

	requests  *grid[prometheus.Counter]  // door, endpoint, action, status
	duration  *grid[prometheus.Observer] // endpoint
	blocked   *grid[prometheus.Counter]  // category, direction
	risk      prometheus.Histogram
	firstByte *grid[prometheus.Observer] // endpoint
	findings  *grid[prometheus.Counter]  // category, direction
	surfaces  *grid[prometheus.Counter]  // state
	keys      *grid[prometheus.Counter]  // key_mode
	errors    prometheus.Counter
	inspect   prometheus.Histogram
	held      prometheus.Histogram

	allowed, redacted           prometheus.Counter
	requestBytes, responseBytes prometheus.Counter
}

func newExchange(r registrar, cfg Config) exchange {
	e := exchange{
		doors:      closedSet(other, "connect", "absolute", "local", "transparent"),
		endpoints:  closedSet(EndpointOther, cfg.Endpoints...),
		actions:    closedSet(other, "allow", "redact", "block"),
		statuses:   closedSet("none", "1xx", "2xx", "3xx", "4xx", "5xx"),
		categories: closedSet(other, cfg.Categories...),
		directions: closedSet(other, "request", "response"),
		keyModes:   closedSet(other, "server", "passthrough", "auto"),
		states:     closedSet(other, "scanned", "skipped", "opaque"),
	}
	e.requests = newGrid(r.counters("http_requests_total", "Exchanges, by what the client was answered; status is none where it left before an answer.",
		"door", "endpoint", "action", "status").WithLabelValues, e.doors, e.endpoints, e.actions, e.statuses)
	e.duration = newGrid(r.histograms("http_request_duration_seconds", "Time from a request's arrival to the end of its answer.",
		secondsBuckets, "endpoint").WithLabelValues, e.endpoints)
	e.blocked = newGrid(r.counters("blocked_requests_total", "Blocked exchanges, by the finding with the highest score.",
		"category", "direction").WithLabelValues, e.categories, e.directions).fill()
	through := r.counters("allowed_requests_total", "Exchanges that went through, as they were or masked.", "action")
	e.allowed, e.redacted = through.WithLabelValues("allow"), through.WithLabelValues("redact")
	e.risk = r.histogram("risk_score_distribution", "Risk of exchanges, 0 to 100.", prometheus.LinearBuckets(0, 10, 11))

	e.firstByte = newGrid(r.histograms("http_first_byte_duration_seconds", "Time from a request's arrival to the first byte of its answer.",
		secondsBuckets, "endpoint").WithLabelValues, e.endpoints)
	e.findings = newGrid(r.counters("findings_total", "Findings, whatever the verdict was.",
		"category", "direction").WithLabelValues, e.categories, e.directions).fill()
	e.surfaces = newGrid(r.counters("surfaces_total", "Surfaces of exchanges, by whether they were inspected.",
		"state").WithLabelValues, e.states).fill()
	e.keys = newGrid(r.counters("key_requests_total", "Exchanges, by whose key went upstream.",
		"key_mode").WithLabelValues, e.keyModes).fill()
	e.errors = r.counter("http_request_errors_total", "Exchanges that did not end well.")
	e.inspect = r.histogram("inspect_duration_seconds", "Time that inspection took of an exchange.", inspectBuckets)
	e.held = r.histogram("held_bytes", "The most that was held back of a stream at a time.", heldBuckets)
	bytes := r.counters("body_bytes_total", "Bytes of bodies.", "direction")
	e.requestBytes, e.responseBytes = bytes.WithLabelValues("request"), bytes.WithLabelValues("response")
	return e
}

// Record implements audit.Recorder.
func (m *Metrics) Record(r audit.Record) { m.exchange.record(&r) }

func (e *exchange) record(r *audit.Record) {
	endpoint := e.endpoints.place(r.Endpoint)
	e.requests.at(e.doors.place(r.Door), endpoint, e.actions.place(r.Action), e.status(r.Status)).Inc()
	e.duration.at(endpoint).Observe(float64(r.DurationMS) / 1000)
	if r.FirstByteMS > 0 { // 0 is also the mark of no answer
		e.firstByte.at(endpoint).Observe(float64(r.FirstByteMS) / 1000)
	}
	e.verdict(r)
	for i := range r.Findings {
		f := &r.Findings[i]
		e.findings.at(e.categories.place(f.Category), e.directions.place(f.Direction)).Inc()
	}
	for i := range r.Coverage {
		e.surfaces.at(e.states.place(r.Coverage[i].State)).Inc()
	}
	e.keys.at(e.keyModes.place(r.KeyMode)).Inc()
	if r.Error != "" {
		e.errors.Inc()
	}
	e.inspect.Observe(float64(r.InspectUS) / 1e6)
	if r.Stream {
		e.held.Observe(float64(r.HeldBytesMax))
	}
	e.requestBytes.Add(float64(max(r.RequestBytes, 0))) // a counter panics at less
	e.responseBytes.Add(float64(max(r.ResponseBytes, 0)))
}

func (e *exchange) verdict(r *audit.Record) {
	e.risk.Observe(float64(r.Risk))
	switch r.Action {
	case "block":
		var worst audit.Finding
		for i := range r.Findings {
			if r.Findings[i].Score > worst.Score {
				worst = r.Findings[i]
			}
		}
		e.blocked.at(e.categories.place(worst.Category), e.directions.place(worst.Direction)).Inc()
	case "allow":
		e.allowed.Inc()
	case "redact":
		e.redacted.Inc()
	}
}

// status is the place of a status in statuses.
func (e *exchange) status(code int) int {
	if code < 100 || code > 599 {
		return len(e.statuses.values) - 1
	}
	return code/100 - 1
}
