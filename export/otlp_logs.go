package export

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"

	"github.com/infershield/infershield/audit"
)

// logs makes log records of exchanges and alerts. One goroutine works with it:
// its pipe's.
type logs struct {
	exporter sdklog.Exporter
	logger   log.Logger
	emitted  *logList
}

func newLogs(exporter sdklog.Exporter, about *resource.Resource) *logs {
	l := &logs{exporter: exporter, emitted: &logList{}}
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(about), sdklog.WithProcessor(l.emitted))
	l.logger = provider.Logger("github.com/infershield/infershield")
	return l
}

func (l *logs) name() string { return "otlp-logs" }

func (l *logs) wants(event) bool { return true }

func (l *logs) close() {
	_ = l.exporter.Shutdown(context.Background()) // it holds nothing
}

// deliver implements destination.
func (l *logs) deliver(ctx context.Context, events []event) error {
	l.emitted.records = l.emitted.records[:0]
	for _, e := range events {
		if e.alert != nil {
			l.alert(e.alert)
		} else {
			l.exchange(e.record)
		}
	}
	if err := l.exporter.Export(ctx, l.emitted.records); err != nil {
		return fmt.Errorf("exporting logs: %w", err)
	}
	return nil
}

func (l *logs) exchange(r *audit.Record) {
	var out log.Record
	out.SetEventName("infershield.exchange")
	out.SetTimestamp(r.Time)
	out.SetObservedTimestamp(r.Time.Add(time.Duration(r.DurationMS) * time.Millisecond))
	severity, text := log.SeverityInfo, "INFO"
	if len(r.Findings) > 0 {
		severity, text = logSeverity(r.Severity)
	}
	out.SetSeverity(severity)
	out.SetSeverityText(text)
	out.SetBody(attribute.StringValue(summary(r)))
	out.AddAttributes(exchangeAttributes(r)...)
	out.AddAttributes(ourFindings.Int(len(r.Findings)))
	id, span := identity(r.ID, exchangePart)
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled,
	}))
	l.logger.Emit(ctx, out)
}

func (l *logs) alert(a *Alert) {
	var out log.Record
	out.SetEventName("infershield.alert")
	out.SetTimestamp(a.Time)
	out.SetObservedTimestamp(a.Time)
	out.SetSeverity(log.SeverityWarn)
	out.SetSeverityText("WARN")
	if a.Severity == "critical" {
		out.SetSeverity(log.SeverityFatal)
		out.SetSeverityText("FATAL")
	}
	out.SetBody(attribute.StringValue(a.Message))
	out.AddAttributes(ourAlertID.String(a.ID), ourAlertRule.String(a.Rule))
	if a.RecordID != "" {
		out.AddAttributes(ourID.String(a.RecordID), agentName.String(a.Agent))
	}
	l.logger.Emit(context.Background(), out)
}

func logSeverity(ours string) (log.Severity, string) {
	switch ours {
	case "critical":
		return log.SeverityError2, "ERROR"
	case "high":
		return log.SeverityError, "ERROR"
	case "medium":
		return log.SeverityWarn, "WARN"
	}
	return log.SeverityInfo, "INFO"
}

// logList implements the SDK's Processor: it keeps what was emitted.
type logList struct{ records []sdklog.Record }

func (l *logList) OnEmit(_ context.Context, r *sdklog.Record) error {
	l.records = append(l.records, r.Clone())
	return nil
}
func (*logList) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (*logList) Shutdown(context.Context) error                         { return nil }
func (*logList) ForceFlush(context.Context) error                       { return nil }
