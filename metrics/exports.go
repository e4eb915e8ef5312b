package metrics

import "github.com/prometheus/client_golang/prometheus"

// Export is how sending to one other system goes.
type Export struct {
	Name                string
	Sent, Dropped, Lost uint64 // events
	Queued              int
	Failing             bool // the latest try went wrong
}

// exports is read when a scrape comes.
type exports struct {
	read               func() []Export
	events, queued, up *prometheus.Desc
}

func newExports(read func() []Export) exports {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, append([]string{"destination"}, labels...), nil)
	}
	return exports{
		read:   read,
		events: desc("export_events_total", "Events for other systems, by what came of them.", "outcome"),
		queued: desc("export_queued_events", "Events that wait to be sent."),
		up:     desc("export_up", "Whether the latest try to send went well, 1 or 0."),
	}
}

// Describe implements prometheus.Collector.
func (e exports) Describe(ch chan<- *prometheus.Desc) {
	ch <- e.events
	ch <- e.queued
	ch <- e.up
}

// Collect implements prometheus.Collector.
func (e exports) Collect(ch chan<- prometheus.Metric) {
	for _, x := range e.read() {
		for outcome, n := range map[string]uint64{"sent": x.Sent, "dropped": x.Dropped, "lost": x.Lost} {
			ch <- prometheus.MustNewConstMetric(e.events, prometheus.CounterValue, float64(n), x.Name, outcome)
		}
		ch <- prometheus.MustNewConstMetric(e.queued, prometheus.GaugeValue, float64(x.Queued), x.Name)
		up := 1.0
		if x.Failing {
			up = 0
		}
		ch <- prometheus.MustNewConstMetric(e.up, prometheus.GaugeValue, up, x.Name)
	}
}
