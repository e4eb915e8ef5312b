package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/infershield/infershield/audit"
)

// meters counts exchanges for OpenTelemetry. Counts are cumulative: what one
// failed sending did not tell, the next does.
type meters struct {
	provider *sdkmetric.MeterProvider
	duration metric.Float64Histogram
	inspect  metric.Float64Histogram
	verdicts metric.Int64Counter
	findings metric.Int64Counter
}

func newMeters(exporter sdkmetric.Exporter, about *resource.Resource, every time.Duration) (*meters, error) {
	m := &meters{provider: sdkmetric.NewMeterProvider(sdkmetric.WithResource(about),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(every), sdkmetric.WithTimeout(tryTimeout))))}
	meter := m.provider.Meter("github.com/infershield/infershield")
	var errs [4]error
	// The buckets are those that the convention recommends.
	m.duration, errs[0] = meter.Float64Histogram(durationMetric, metric.WithUnit("s"), metric.WithDescription("Duration of an exchange."),
		metric.WithExplicitBucketBoundaries(.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92))
	m.inspect, errs[1] = meter.Float64Histogram("infershield.inspect.duration", metric.WithUnit("s"), metric.WithDescription("Time that inspection took of an exchange."),
		metric.WithExplicitBucketBoundaries(25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1))
	m.verdicts, errs[2] = meter.Int64Counter("infershield.exchanges", metric.WithUnit("{exchange}"), metric.WithDescription("Exchanges, by verdict."))
	m.findings, errs[3] = meter.Int64Counter("infershield.findings", metric.WithUnit("{finding}"), metric.WithDescription("Findings, by category."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("making the OTLP metrics: %w", err)
	}
	return m, nil
}

// record counts one exchange. It waits for no network. Attributes come from
// closed sets: the model and the host, which traffic chooses, stand in traces.
func (m *meters) record(r *audit.Record) {
	ctx := context.Background()
	common := []attribute.KeyValue{operationName.String(operation(r.Endpoint)), providerName.String("openai")}
	if e := failure(r); e != "" {
		common = append(common, errorType.String(e))
	}
	m.duration.Record(ctx, float64(r.DurationMS)/1000, metric.WithAttributes(common...))
	m.inspect.Record(ctx, float64(r.InspectUS)/1e6)
	m.verdicts.Add(ctx, 1, metric.WithAttributes(decisionType.String(decision(r))))
	for i := range r.Findings {
		f := &r.Findings[i]
		m.findings.Add(ctx, 1, metric.WithAttributes(riskCategory.String(f.Category), targetType.String(target(f))))
	}
}

// close sends what was counted since the last time.
func (m *meters) close(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("sending the last OTLP metrics: %w", err)
	}
	return nil
}
