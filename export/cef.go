package export

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/infershield/infershield/audit"
)

// cef writes events in ArcSight's Common Event Format, version 0 (rev. 27):
//
//	CEF:0|Vendor|Product|Version|Event class|Name|Severity|key=value …
//
// The keys are those of its dictionary; what has none goes into the custom
// strings cs1 to cs6 with their labels.
type cef struct{ version string }

func (c cef) text(e event) (string, error) {
	if e.alert != nil {
		return c.alert(e.alert), nil
	}
	return c.record(e.record), nil
}

func (c cef) alert(a *Alert) string {
	severity := 7
	if a.Severity == "critical" {
		severity = 10
	}
	x := extension{}
	x.number("rt", a.Time.UnixMilli())
	x.text("externalId", a.ID)
	x.text("suser", a.Agent)
	x.text("msg", a.Message)
	x.custom("cs1", "record", a.RecordID)
	return c.header("alert:"+a.Rule, "Alert: "+a.Rule, severity) + x.String()
}

func (c cef) record(r *audit.Record) string {
	class := "exchange"
	if len(r.Labels) > 0 {
		class = r.Labels[0]
	}
	x := extension{}
	x.number("rt", r.Time.UnixMilli())
	x.text("externalId", r.ID)
	x.text("src", r.Client)
	x.text("suser", r.Agent)
	x.text("dhost", r.Host)
	x.text("request", r.Path)
	x.text("requestMethod", r.Method)
	x.text("act", r.Action)
	x.text("outcome", strconv.Itoa(r.Status))
	x.number("in", r.RequestBytes)
	x.number("out", r.ResponseBytes)
	x.text("msg", summary(r))
	x.custom("cn1", "risk", strconv.Itoa(r.Risk))
	x.custom("cn2", "duration_ms", strconv.FormatInt(r.DurationMS, 10))
	x.custom("cs1", "labels", strings.Join(r.Labels, ","))
	x.custom("cs2", "model", r.Model)
	x.custom("cs3", "endpoint", r.Endpoint)
	x.custom("cs4", "session", r.Session)
	x.custom("cs5", "policy_version", r.PolicyVersion)
	x.custom("cs6", "rules", rules(r))
	return c.header(class, summary(r), r.Risk/10) + x.String()
}

// rules lists what fired, each rule once.
func rules(r *audit.Record) string {
	var names []string
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if !seen[f.Rule] {
			seen[f.Rule] = true
			names = append(names, f.Rule)
		}
	}
	return strings.Join(names, ",")
}

// header escapes "|" and "\"; a header has no line ends.
func (c cef) header(class, name string, severity int) string {
	safe := strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	return fmt.Sprintf("CEF:0|InferShield|InferShield|%s|%s|%s|%d|", safe.Replace(c.version), safe.Replace(class), safe.Replace(name), severity)
}

// extension is the part of keys and values.
type extension struct{ strings.Builder }

// text adds a value, if there is one. "=" and "\" are escaped, and so are line
// ends, which are allowed in values alone.
func (x *extension) text(key, value string) {
	if value == "" {
		return
	}
	if x.Len() > 0 {
		x.WriteByte(' ')
	}
	x.WriteString(key + "=" + strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`).Replace(value))
}

func (x *extension) number(key string, n int64) { x.text(key, strconv.FormatInt(n, 10)) }

// custom adds a custom value under its label.
func (x *extension) custom(key, label, value string) {
	if value == "" {
		return
	}
	x.text(key, value)
	x.text(key+"Label", label)
}
