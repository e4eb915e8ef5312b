package main

import (
	"context"
	"time"

	"github.com/infershield/infershield/export"
	"github.com/infershield/infershield/metrics"
)

// exportDrain is how long what is queued for other systems may take at the
// end.
const exportDrain = 5 * time.Second

// newOutputs makes what tells other systems and raises alerts.
func (p *product) newOutputs() (err error) {
	cfg := p.cfg.exportConfig()
	cfg.Version, cfg.Log = thisBuild().Version, p.log
	if p.exports, err = export.New(cfg); err != nil {
		return err
	}
	p.watch = export.NewWatch(export.WatchConfig{
		Rules:    p.cfg.Alerts,
		CAExpiry: func() time.Time { return p.authority.Root().NotAfter },
		Raise: func(a export.Alert) {
			p.metrics.Alert(a.Rule)
			p.exports.Raise(a)
			p.log.Warn("alert", "rule", a.Rule, "severity", a.Severity, "message", a.Message)
		},
	})
	return nil
}

// closeOutputs ends alerts and sends what is queued.
func (p *product) closeOutputs() error {
	p.watch.Close()
	ctx, cancel := context.WithTimeout(context.Background(), exportDrain)
	defer cancel()
	return p.exports.Close(ctx)
}

// exportStats translates between two packages that do not know each other.
func (p *product) exportStats() []metrics.Export {
	var all []metrics.Export
	for _, s := range p.exports.Stats() {
		all = append(all, metrics.Export{Name: s.Name, Sent: s.Sent, Dropped: s.Dropped, Lost: s.Lost, Queued: s.Queued, Failing: s.Error != ""})
	}
	return all
}
