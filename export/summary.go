package export

import (
	"fmt"
	"strings"

	"github.com/infershield/infershield/audit"
)

// summary is one line about a record, for lists that people read.
func summary(r *audit.Record) string {
	verb := "allowed"
	switch r.Action {
	case "block":
		verb = "blocked"
	case "redact":
		verb = "masked"
	}
	line := fmt.Sprintf("%s %s%s %s, risk %d", r.Method, r.Host, r.Path, verb, r.Risk)
	if len(r.Labels) > 0 {
		line += ": " + strings.Join(r.Labels, ", ")
	}
	return line
}
