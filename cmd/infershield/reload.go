package main

import (
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// reloadSettle is how long after a change the policy file is read: editors write
// a file in several steps.
const reloadSettle = 100 * time.Millisecond

// watchPolicy reads the policy file anew when it changes. A file that cannot be
// read, or holds a fault, changes nothing. The folder is watched, because
// editors and container platforms replace files. Call the result to stop.
func (p *product) watchPolicy() (stop func()) {
	if p.cfg.PolicyPath == "" {
		return func() {}
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(filepath.Dir(p.cfg.PolicyPath)); err != nil {
			_ = w.Close() // of no use
		}
	}
	if err != nil {
		p.log.Warn("the policy file is not watched; restart to apply a change", "path", p.cfg.PolicyPath, "error", err)
		return func() {}
	}
	done := make(chan struct{})
	go func() { defer close(done); p.reloadOn(w) }()
	return func() { _ = w.Close(); <-done } // closing ends reloadOn
}

func (p *product) reloadOn(w *fsnotify.Watcher) {
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	armed := false // or other files in the folder could put it off for ever
	for {
		select {
		case _, ok := <-w.Events:
			if !ok {
				return
			}
			if !armed {
				armed = true
				settled.Reset(reloadSettle)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return
			}
			p.log.Warn("watching the policy file", "error", err)
		case <-settled.C:
			armed = false
			p.reload()
		}
	}
}

func (p *product) reload() {
	fresh, err := p.cfg.loadPolicy()
	if err != nil {
		p.log.Warn("the changed policy is not used; the one before stays in force", "path", p.cfg.PolicyPath, "error", err,
			"hint", "infershield policy check "+p.cfg.PolicyPath)
		return
	}
	if old := p.policy.Swap(fresh); old.Version() != fresh.Version() {
		p.log.Info("policy changed", "path", p.cfg.PolicyPath, "version", fresh.Version())
	}
}
