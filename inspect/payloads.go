package inspect

// payload is a piece of an attack on another program. In a coding agent's
// traffic it is everyday, so it has a label and never a score that blocks.
type payload struct {
	rule    string
	literal string
	score   float64
}

const (
	ruleSQL       = "sql_injection"
	ruleShell     = "shell_injection"
	ruleScript    = "script_injection"
	ruleTraversal = "path_traversal"
)

var payloadTable = []payload{
	{ruleSQL, "' or '1'='1", 0.5},
	{ruleSQL, "' or 1=1", 0.5},
	{ruleSQL, "\" or 1=1", 0.5},
	{ruleSQL, "' or ''='", 0.5},
	{ruleSQL, "') or ('", 0.45},
	{ruleSQL, "' union select", 0.5},
	{ruleSQL, "1 union select", 0.45},
	{ruleSQL, "union all select null", 0.5},
	{ruleSQL, "; drop table", 0.5},
	{ruleSQL, "'; delete from", 0.5},
	{ruleSQL, "xp_cmdshell", 0.4},
	{ruleSQL, "' and sleep(", 0.5},
	{ruleSQL, "waitfor delay '", 0.45},
	{ruleShell, "; rm -rf /", 0.5},
	{ruleShell, "&& rm -rf /", 0.5},
	{ruleShell, "rm -rf --no-preserve-root", 0.5},
	{ruleShell, "; cat /etc/passwd", 0.5},
	{ruleShell, "| nc -e", 0.5},
	{ruleShell, "/dev/tcp/", 0.5},
	{ruleShell, ":(){ :|:& };:", 0.5},
	{ruleShell, "$(curl ", 0.35},
	{ruleScript, "<script>alert(", 0.5},
	{ruleScript, "<script>document.", 0.5},
	{ruleScript, "onerror=alert(", 0.5},
	{ruleScript, "onload=alert(", 0.5},
	{ruleScript, "javascript:alert(", 0.5},
	{ruleScript, "<img src=x onerror=", 0.5},
	{ruleTraversal, "../../../etc/", 0.4},
	{ruleTraversal, "..\\..\\..\\windows", 0.4},
	{ruleTraversal, "%2e%2e%2f%2e%2e%2f", 0.45},
}

// payloads finds SQL, shell and script payloads.
func payloads() Detector {
	d := Detector{name: "payloads", ahead: 64}
	for _, p := range payloadTable {
		d.triggers = append(d.triggers, trigger{literal: p.literal, fold: true, match: func(w *window) {
			w.take(Code, p.rule, p.score, 0, w.n)
		}})
	}
	return d
}
