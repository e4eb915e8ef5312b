package export

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/infershield/infershield/audit"
)

// The names under which OpenTelemetry knows what we record, all in this file:
// the conventions for generative AI are of status Development and move. Those
// of a guardrail follow the proposal open-telemetry/semantic-conventions#3233.
const (
	operationName  = attribute.Key("gen_ai.operation.name")
	providerName   = attribute.Key("gen_ai.provider.name")
	requestModel   = attribute.Key("gen_ai.request.model")
	agentName      = attribute.Key("gen_ai.agent.name")
	conversationID = attribute.Key("gen_ai.conversation.id")

	guardianName   = attribute.Key("gen_ai.guardian.name")
	decisionType   = attribute.Key("gen_ai.security.decision.type")
	targetType     = attribute.Key("gen_ai.security.target.type")
	policyID       = attribute.Key("gen_ai.security.policy.id")
	redacted       = attribute.Key("gen_ai.security.content.redacted")
	riskCategory   = attribute.Key("gen_ai.security.risk.category")
	riskScore      = attribute.Key("gen_ai.security.risk.score")
	riskSeverity   = attribute.Key("gen_ai.security.risk.severity")
	findingEvent   = "gen_ai.security.finding"
	guardrailSpan  = "apply_guardrail infershield"
	guardrailOp    = "apply_guardrail"
	durationMetric = "gen_ai.client.operation.duration"

	errorType     = attribute.Key("error.type")
	serverAddress = attribute.Key("server.address")
	clientAddress = attribute.Key("client.address")
	httpMethod    = attribute.Key("http.request.method")
	httpStatus    = attribute.Key("http.response.status_code")
	requestSize   = attribute.Key("http.request.body.size")
	responseSize  = attribute.Key("http.response.body.size")
	urlPath       = attribute.Key("url.path")

	ourID        = attribute.Key("infershield.request_id")
	ourDoor      = attribute.Key("infershield.door")
	ourEndpoint  = attribute.Key("infershield.endpoint")
	ourAction    = attribute.Key("infershield.action")
	ourMode      = attribute.Key("infershield.mode")
	ourKeyMode   = attribute.Key("infershield.key_mode")
	ourLabels    = attribute.Key("infershield.labels")
	ourRule      = attribute.Key("infershield.rule")
	ourAlertID   = attribute.Key("infershield.alert.id")
	ourAlertRule = attribute.Key("infershield.alert.rule")
	ourPath      = attribute.Key("infershield.path")
	ourRole      = attribute.Key("infershield.role")
	ourInspect   = attribute.Key("infershield.inspect.duration_us")
	ourHeld      = attribute.Key("infershield.held.bytes_max")
	ourFindings  = attribute.Key("infershield.findings")
	ourStream    = attribute.Key("infershield.stream")
)

// operation is the gen_ai.operation.name of an endpoint.
func operation(endpoint string) string {
	switch endpoint {
	case "chat.completions", "responses", "realtime", "threads", "conversations", "chatkit":
		return "chat"
	case "completions":
		return "text_completion"
	case "images", "audio", "videos":
		return "generate_content"
	case "assistants":
		return "create_agent"
	}
	return endpoint // a name of one's own is allowed
}

// decision is the proposal's word for an action.
func decision(r *audit.Record) string {
	switch {
	case r.Action == "block":
		return "deny"
	case r.Action == "redact":
		return "modify"
	case len(r.Findings) > 0 && r.Mode == "warn":
		return "warn"
	case len(r.Findings) > 0:
		return "audit"
	}
	return "allow"
}

// target is the proposal's word for where a finding stood.
func target(f *audit.Finding) string {
	switch {
	case f.Role == "tool":
		return "tool_call"
	case f.Direction == "response":
		return "llm_output"
	}
	return "llm_input"
}

// exchangeAttributes are those of an exchange in spans and logs. Excerpts are
// not among them: the conventions want content to be opted into, and who wants
// it has the record itself by webhook or syslog.
func exchangeAttributes(r *audit.Record) []attribute.KeyValue {
	all := []attribute.KeyValue{
		operationName.String(operation(r.Endpoint)), providerName.String("openai"),
		serverAddress.String(r.Host), clientAddress.String(r.Client),
		httpMethod.String(r.Method), urlPath.String(r.Path), httpStatus.Int(r.Status),
		requestSize.Int64(r.RequestBytes), responseSize.Int64(r.ResponseBytes),
		agentName.String(r.Agent), decisionType.String(decision(r)), policyID.String(r.PolicyVersion),
		riskScore.Int(r.Risk), riskSeverity.String(r.Severity),
		ourID.String(r.ID), ourDoor.String(r.Door), ourEndpoint.String(r.Endpoint), ourAction.String(r.Action),
		ourMode.String(r.Mode), ourKeyMode.String(r.KeyMode), ourLabels.StringSlice(r.Labels),
		ourInspect.Int64(r.InspectUS), ourHeld.Int64(r.HeldBytesMax), ourStream.Bool(r.Stream),
	}
	if r.Model != "" {
		all = append(all, requestModel.String(r.Model))
	}
	if r.Session != "" {
		all = append(all, conversationID.String(r.Session))
	}
	if e := failure(r); e != "" {
		all = append(all, errorType.String(e))
	}
	return all
}

// failure is a word of a closed set: an error's text may hold anything.
func failure(r *audit.Record) string {
	switch {
	case r.Action == "block":
		return "firewall_block"
	case r.Status == 0:
		return "no_answer"
	case r.Status >= 500:
		return "5xx"
	case r.Status >= 400:
		return "4xx"
	case r.Error != "":
		return "incomplete"
	}
	return ""
}

func findingAttributes(f *audit.Finding) []attribute.KeyValue {
	return []attribute.KeyValue{
		riskCategory.String(f.Category), riskScore.Float64(f.Score), targetType.String(target(f)),
		ourRule.String(f.Rule), ourPath.String(f.Path), ourRole.String(f.Role),
	}
}
