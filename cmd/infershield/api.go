package main

import (
	"context"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/dashboard"
	"github.com/infershield/infershield/export"
)

// newAPI is what the pages, and scripts, ask about the audit log.
func (p *product) newAPI() *dashboard.API {
	started := time.Now()
	return dashboard.NewAPI(dashboard.APIConfig{
		Log:       p.records,
		Why:       func(r audit.Record) any { return p.why(r) },
		System:    func(ctx context.Context) any { return p.system(ctx, started) },
		Alerts:    func() int { return len(p.watch.Alerts()) },
		ParseTime: parseSince,
	})
}

// apiWhy is why an exchange was decided as it was.
type apiWhy struct {
	ID             string          `json:"id"`
	Action         string          `json:"action"`
	Sentences      []string        `json:"sentences"`
	Findings       []audit.Finding `json:"findings"`
	Version        string          `json:"policy_version"`
	CurrentVersion string          `json:"current_policy_version"`
	Next           []string        `json:"next"`
}

func (p *product) why(r audit.Record) apiWhy {
	return apiWhy{
		ID: r.ID, Action: r.Action, Sentences: whyRecord(r), Findings: append([]audit.Finding{}, r.Findings...),
		Version: r.PolicyVersion, CurrentVersion: p.policy.Load().Version(),
		Next: []string{"infershield audit show " + r.ID},
	}
}

type (
	apiSystem struct {
		Version   string         `json:"version"`
		Uptime    int64          `json:"uptime_s"`
		Mode      string         `json:"mode"`
		KeyMode   string         `json:"key_mode"`
		Listen    string         `json:"listen"`
		Intercept []string       `json:"intercept"`
		CA        apiCA          `json:"ca"`
		Audit     apiAudit       `json:"audit"`
		Exports   []export.Stats `json:"exports"`
		Health    []apiHealth    `json:"health"`
	}
	apiCA struct {
		NotAfter    time.Time `json:"not_after"`
		DaysLeft    int       `json:"days_left"`
		Fingerprint string    `json:"fingerprint"`
	}
	apiAudit struct {
		Stats apiAuditStats `json:"stats"`
		Head  string        `json:"head"` // of the chain; empty where there is none
	}
	apiAuditStats struct {
		Queued   int   `json:"queued"`
		Capacity int   `json:"capacity"`
		Written  int64 `json:"written"`
		Dropped  int64 `json:"dropped"`
		Lost     int64 `json:"lost"`
	}
	apiHealth struct {
		Name   string `json:"name"`
		State  string `json:"state"` // ok, warn or fail
		Detail string `json:"detail"`
		Fix    string `json:"fix,omitempty"`
	}
)

// caWarnDays is how long before its end the authority is told of.
const caWarnDays = 30

func (p *product) system(ctx context.Context, started time.Time) apiSystem {
	stats, root := p.records.Stats(), p.authority.Root()
	days := int(time.Until(root.NotAfter).Hours() / 24)
	s := apiSystem{
		Version: thisBuild().Version, Uptime: int64(time.Since(started).Seconds()),
		Mode: string(p.policy.Load().Mode()), KeyMode: p.cfg.KeyMode.String(),
		Listen: p.frontAddr, Intercept: append([]string{}, p.cfg.Intercept...),
		CA:      apiCA{NotAfter: root.NotAfter.UTC(), DaysLeft: days, Fingerprint: p.authority.Fingerprint()},
		Audit:   apiAudit{Stats: apiAuditStats{stats.Queued, stats.Capacity, stats.Written, stats.Dropped, stats.Lost}},
		Exports: append([]export.Stats{}, p.exports.Stats()...),
	}
	if head, err := p.records.Head(ctx); err == nil {
		s.Audit.Head = head.Hash
	}
	log := apiHealth{Name: "audit log", State: "ok", Detail: "It is written."}
	if stats.Err != nil {
		log = apiHealth{"audit log", "fail", "It cannot be written, and records are being lost.", "infershield doctor"}
	}
	authority := apiHealth{Name: "certificate authority", State: "ok", Detail: "It is valid."}
	if days < caWarnDays {
		authority = apiHealth{"certificate authority", "warn", "It ends soon.", "infershield ca rotate"}
	}
	s.Health = []apiHealth{log, authority}
	return s
}
