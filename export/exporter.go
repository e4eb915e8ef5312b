// Package export sends audit records and alerts to other systems: webhooks,
// syslog and OpenTelemetry. It does not know how records are stored, nor how
// anything was decided.
package export

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/infershield/infershield/audit"
)

// Config names the systems that get something. A nil field leaves its system
// out; the zero value exports nothing.
type Config struct {
	Webhook *Webhook
	Syslog  *Syslog
	OTLP    *OTLP
	// Version of this program, as receivers are told.
	Version string
	// Queue bounds the events that wait for one system; further ones are
	// dropped and counted. Zero means 4096.
	Queue int
	// Retry is how long one batch is tried before it is given up and counted as
	// lost. Zero means 2 minutes.
	Retry time.Duration
	// Log takes warnings about systems that cannot be reached. Nil discards
	// them.
	Log *slog.Logger
}

const (
	queueDefault = 4096
	retryDefault = 2 * time.Minute
)

// Exporter hands records and alerts to every system of its Config. All its
// methods may be called from any goroutine, and Record and Raise never wait:
// each system has a bounded queue and one goroutine of its own, so that one
// that hangs holds up neither traffic nor the others.
type Exporter struct {
	pipes  []*pipe
	meters *meters // nil without OTLP
}

// New checks the configuration and starts one goroutine per system. Nothing is
// connected yet: a system that is down when we start is tried when there is
// something to send. Close what it returns.
func New(cfg Config) (*Exporter, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Exporter{}
	destinations, err := e.destinations(cfg)
	if err != nil {
		return nil, err
	}
	for _, d := range destinations {
		e.pipes = append(e.pipes, newPipe(d, cfg))
	}
	return e, nil
}

// destinations makes what cfg names. Nothing runs yet where it fails.
func (e *Exporter) destinations(cfg Config) (all []destination, err error) {
	if cfg.Webhook != nil {
		d, err := newWebhook(*cfg.Webhook, cfg.Version)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	if cfg.Syslog != nil {
		d, err := newSyslog(*cfg.Syslog, cfg.Version)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	if cfg.OTLP != nil {
		telemetry, err := newOTLP(*cfg.OTLP, cfg.Version, cfg.Log)
		if err != nil {
			return nil, err
		}
		e.meters = telemetry.meters
		all = append(all, telemetry.traces, telemetry.logs)
	}
	return all, nil
}

// Record implements audit.Recorder.
func (e *Exporter) Record(r audit.Record) {
	if e.meters != nil {
		e.meters.record(&r)
	}
	for _, p := range e.pipes {
		p.put(event{record: &r})
	}
}

// Raise sends an alert.
func (e *Exporter) Raise(a Alert) {
	for _, p := range e.pipes {
		p.put(event{alert: &a})
	}
}

// Stats is how sending to one system goes.
type Stats struct {
	Name    string `json:"name"`    // webhook, syslog, otlp-traces or otlp-logs
	Sent    uint64 `json:"sent"`    // events that it took
	Dropped uint64 `json:"dropped"` // refused because the queue was full
	Lost    uint64 `json:"lost"`    // given up after all tries
	Queued  int    `json:"queued"`
	Error   string `json:"error"` // of the latest try; empty when that went well
}

// Stats returns one entry per system.
func (e *Exporter) Stats() []Stats {
	all := make([]Stats, len(e.pipes))
	for i, p := range e.pipes {
		all[i] = p.stats()
	}
	return all
}

// Close sends what is queued, as far as ctx allows, and stops. Its error says
// how many events could not be sent. What comes later is dropped. Close only
// once.
func (e *Exporter) Close(ctx context.Context) error {
	var errs []error
	for _, p := range e.pipes {
		p.close(ctx)
	}
	for _, p := range e.pipes {
		errs = append(errs, p.wait())
	}
	if e.meters != nil {
		errs = append(errs, e.meters.close(ctx))
	}
	return errors.Join(errs...)
}
