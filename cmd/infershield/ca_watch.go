package main

import (
	"context"
	"time"
)

// authorityLook is how often an instance looks whether `ca rotate` has replaced
// the root. The data folder is not watched: the audit database is written there
// all the time.
const authorityLook = 2 * time.Second

// watchAuthority mints from another root once there is one. Call the result to
// stop.
func (p *product) watchAuthority() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	tick := time.NewTicker(authorityLook)
	done := make(chan struct{})
	go func() { defer close(done); p.followAuthority(ctx, tick.C) }()
	return func() { tick.Stop(); cancel(); <-done }
}

func (p *product) followAuthority(ctx context.Context, looks <-chan time.Time) {
	last := "" // the trouble that was told already
	for {
		select {
		case <-ctx.Done():
			return
		case <-looks:
		}
		change, err := p.authority.Refresh()
		switch {
		case err == nil:
			last = ""
		case err.Error() != last:
			last = err.Error()
			p.log.Warn("the certificate authority cannot be read; the one before stays in use", "error", err, "hint", "infershield ca show")
		}
		if change.Why != "" {
			p.log.Info("the certificate authority changed", "name", p.authority.Root().Subject.CommonName, "why", change.Why, "overlap", !change.Until.IsZero())
		}
	}
}
