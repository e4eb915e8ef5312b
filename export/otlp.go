package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// OTLP is an OpenTelemetry collector, spoken to by OTLP over HTTP with
// protobuf. It gets a trace for each exchange (a client span with a guardrail
// span in it, whose events are the findings), a log record for each exchange
// and alert, and metrics.
type OTLP struct {
	// URL is the collector's base, as http://127.0.0.1:4318. /v1/traces,
	// /v1/logs and /v1/metrics are added to its path.
	URL string
	// Headers go along with each request; they may hold a token.
	Headers map[string]Secret
	// MetricsInterval is how often metrics are sent. Zero means a minute.
	MetricsInterval time.Duration
	// Client makes the requests. Nil means one with a timeout of its own.
	Client *http.Client
}

// telemetry is an OTLP at work.
type telemetry struct {
	traces *traces
	logs   *logs
	meters *meters
}

func newOTLP(cfg OTLP, version string, log *slog.Logger) (*telemetry, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("the OTLP collector is no http or https URL")
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: tryTimeout}
	}
	if cfg.MetricsInterval <= 0 {
		cfg.MetricsInterval = time.Minute
	}
	at := func(signal string) string { return strings.TrimSuffix(cfg.URL, "/") + "/v1/" + signal }
	headers := make(map[string]string, len(cfg.Headers))
	for name, value := range cfg.Headers {
		headers[name] = string(value)
	}
	// The exporters connect when they send. Their own retries are off: each
	// batch is tried again, and counted, by its pipe.
	ctx := context.Background()
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(at("traces")), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithHTTPClient(cfg.Client), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("making the OTLP exporter of traces: %w", err)
	}
	records, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(at("logs")), otlploghttp.WithHeaders(headers),
		otlploghttp.WithHTTPClient(cfg.Client), otlploghttp.WithRetry(otlploghttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("making the OTLP exporter of logs: %w", err)
	}
	points, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(at("metrics")), otlpmetrichttp.WithHeaders(headers),
		otlpmetrichttp.WithHTTPClient(cfg.Client), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("making the OTLP exporter of metrics: %w", err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "infershield"), attribute.String("service.version", version))
	m, err := newMeters(failureLog{points, log}, about, cfg.MetricsInterval)
	if err != nil {
		return nil, err
	}
	return &telemetry{traces: newTraces(spans, about), logs: newLogs(records, about), meters: m}, nil
}

// failureLog tells our log when metrics cannot be sent. The SDK would tell a
// handler that the whole process shares.
type failureLog struct {
	sdkmetric.Exporter
	log *slog.Logger
}

// Export implements the SDK's Exporter.
func (f failureLog) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	if err := f.Exporter.Export(ctx, m); err != nil {
		f.log.Warn("exporting metrics fails; counts go with the next try", "error", err)
	}
	return nil
}

// identity is the trace and span of an exchange. Both follow from its id, so
// that its log leads to its trace, and what is sent again is the same.
func identity(id, part string) (trace.TraceID, trace.SpanID) {
	whole := sha256.Sum256([]byte("trace " + id))
	span := sha256.Sum256([]byte(part + " " + id))
	return trace.TraceID(whole[:16]), trace.SpanID(span[:8])
}

const (
	exchangePart  = "exchange"
	guardrailPart = "guardrail"
)
