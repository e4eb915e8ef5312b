package export

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/infershield/infershield/audit"
)

// traces makes spans of exchanges that are over and hands them to an exporter.
// One goroutine works with it: its pipe's.
type traces struct {
	exporter sdktrace.SpanExporter
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	ids      *spanIDs
	ended    *spanList
}

func newTraces(exporter sdktrace.SpanExporter, about *resource.Resource) *traces {
	t := &traces{exporter: exporter, ids: &spanIDs{}, ended: &spanList{}}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithIDGenerator(t.ids), sdktrace.WithSpanProcessor(t.ended))
	t.tracer = t.provider.Tracer("github.com/infershield/infershield")
	return t
}

func (t *traces) name() string { return "otlp-traces" }

// wants leaves alerts to logs: they are no spans.
func (t *traces) wants(e event) bool { return e.record != nil }

func (t *traces) close() {
	_ = t.exporter.Shutdown(context.Background()) // it holds nothing
}

// deliver implements destination.
func (t *traces) deliver(ctx context.Context, events []event) error {
	t.ended.spans = t.ended.spans[:0]
	for _, e := range events {
		t.exchange(e.record)
	}
	if err := t.exporter.ExportSpans(ctx, t.ended.spans); err != nil {
		return fmt.Errorf("exporting traces: %w", err)
	}
	return nil
}

// exchange makes the spans of one record, with the times of what they stand
// for.
func (t *traces) exchange(r *audit.Record) {
	end := r.Time.Add(time.Duration(r.DurationMS) * time.Millisecond)
	name := operation(r.Endpoint)
	if r.Model != "" {
		name += " " + r.Model
	}
	t.ids.next = exchangePart
	ctx := context.WithValue(context.Background(), recordID{}, r.ID)
	ctx, span := t.tracer.Start(ctx, name, trace.WithTimestamp(r.Time), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(exchangeAttributes(r)...))
	t.guardrail(ctx, r)
	if e := failure(r); e != "" {
		span.SetStatus(codes.Error, e)
	}
	span.End(trace.WithTimestamp(end))
}

// guardrail is the span of inspection. A denial is no error of it.
func (t *traces) guardrail(ctx context.Context, r *audit.Record) {
	t.ids.next = guardrailPart
	_, span := t.tracer.Start(ctx, guardrailSpan, trace.WithTimestamp(r.Time), trace.WithAttributes(
		operationName.String(guardrailOp), guardianName.String("infershield"), decisionType.String(decision(r)),
		targetType.String(mainTarget(r)), policyID.String(r.PolicyVersion), redacted.Bool(r.Action == "redact")))
	for i := range r.Findings {
		span.AddEvent(findingEvent, trace.WithTimestamp(r.Time), trace.WithAttributes(findingAttributes(&r.Findings[i])...))
	}
	span.End(trace.WithTimestamp(r.Time.Add(time.Duration(r.InspectUS) * time.Microsecond)))
}

// mainTarget is where the finding with the highest score stood.
func mainTarget(r *audit.Record) string {
	worst := &audit.Finding{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Score > worst.Score {
			worst = f
		}
	}
	return target(worst)
}

// recordID is the key of the id in a context for spanIDs: the SDK asks for
// identities with a context and nothing else.
type recordID struct{}

// spanIDs implements the SDK's IDGenerator with the identities of records.
type spanIDs struct{ next string }

func (s *spanIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, _ := ctx.Value(recordID{}).(string)
	return identity(id, s.next)
}

func (s *spanIDs) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	_, span := s.NewIDs(ctx)
	return span
}

// spanList implements the SDK's SpanProcessor: it keeps what has ended.
type spanList struct{ spans []sdktrace.ReadOnlySpan }

func (*spanList) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (l *spanList) OnEnd(s sdktrace.ReadOnlySpan)                 { l.spans = append(l.spans, s) }
func (*spanList) Shutdown(context.Context) error                  { return nil }
func (*spanList) ForceFlush(context.Context) error                { return nil }
