// Package policy turns findings into a verdict: allow, redact or block. It is
// pure, and does not know where the text stood on the wire nor who sent it
// beyond what Subject says.
package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"

	"github.com/infershield/infershield/inspect"
)

// Mode says how much a policy may do.
type Mode string

// The modes. The empty Mode means that nobody chose, which is ModeBlock.
const (
	ModeBlock Mode = "block" // enforce
	ModeWarn  Mode = "warn"  // record what would be done, do nothing
	ModeOff   Mode = "off"   // do not inspect at all
)

// ThresholdMin and ThresholdMax bound every risk threshold.
const (
	ThresholdMin = 1
	ThresholdMax = 100
)

const thresholdDefault = 70

// Reason is why a surface of an exchange cannot be inspected.
type Reason string

// The reasons, as they stand under `unscannable` in a policy file.
const (
	TooLarge    Reason = "too_large"   // text or JSON over the body limit
	Undecodable Reason = "undecodable" // an unknown encoding, or one that unpacks without end
	Opaque      Reason = "opaque"      // images, audio, files, binary messages
)

// Handling is what becomes of text that cannot be inspected.
type Handling string

// The handlings. Pass goes on unmentioned, Flag goes on with a label, Refuse
// does not go on.
const (
	Pass   Handling = "allow"
	Flag   Handling = "flag"
	Refuse Handling = "block"
)

// Policy is a set of rules. It never changes once made, so it may be shared by
// goroutines and swapped whole.
type Policy struct {
	source    []byte
	version   string
	mode      Mode
	threshold int
	weights   [len(categories)]int
	rules     []rule

	unscannable map[Reason]Handling
	onError     Action
	websocket   bool
}

//go:embed default.yaml
var defaultSource []byte

// Default returns the policy that applies where no file is given.
func Default() *Policy {
	p, err := Parse(defaultSource)
	if err != nil {
		panic(fmt.Sprintf("policy: default.yaml: %v", err)) // a broken build
	}
	return p
}

// Settings override what a policy file says. A zero field overrides nothing.
type Settings struct {
	Mode      Mode
	Threshold int // ThresholdMin to ThresholdMax
}

// With returns p with s on top; p itself stays as it is.
func (p *Policy) With(s Settings) *Policy {
	changed := *p
	if s.Mode != "" {
		changed.mode = s.Mode
	}
	if s.Threshold != 0 {
		changed.threshold = min(max(s.Threshold, ThresholdMin), ThresholdMax)
	}
	changed.sign()
	return &changed
}

// Mode says how much p may do. In ModeOff nothing needs to be inspected.
func (p *Policy) Mode() Mode { return p.mode }

// Threshold is the risk from which p blocks, ThresholdMin to ThresholdMax.
func (p *Policy) Threshold() int { return p.threshold }

// Source is the YAML that p was read from. Settings are not in it.
func (p *Policy) Source() []byte { return append([]byte(nil), p.source...) }

// Version names p in a record: a short hash of its source and its settings.
func (p *Policy) Version() string { return p.version }

// sign sets the version. It is computed once, because every record names it.
func (p *Policy) sign() {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", p.mode, p.threshold)
	h.Write(p.source)
	p.version = hex.EncodeToString(h.Sum(nil)[:6])
}

// Unscannable says what becomes of text that cannot be inspected because of r.
// It refuses nothing unless p enforces.
func (p *Policy) Unscannable(r Reason) Handling {
	h, ok := p.unscannable[r]
	if !ok {
		h = Refuse // a reason that p does not know is no reason for trust
	}
	switch {
	case p.mode == ModeOff:
		return Pass
	case p.mode == ModeWarn && h == Refuse:
		return Flag
	}
	return h
}

// OnError is what to do where the inspection itself fails: Allow or Block.
func (p *Policy) OnError() Action {
	if p.mode != ModeBlock {
		return Allow
	}
	return p.onError
}

// WebSocketAllowed reports whether an exchange may become a WebSocket.
func (p *Policy) WebSocketAllowed() bool {
	return p.websocket || p.mode != ModeBlock
}

// Severity is the word for a risk from 0 to 100.
func Severity(risk int) string {
	switch {
	case risk >= 90:
		return "critical"
	case risk >= 70:
		return "high"
	case risk >= 40:
		return "medium"
	}
	return "low"
}

// categories are those of inspect, in label order, with the risk that a
// certain finding of each carries unless a policy file says otherwise. Only
// the first four reach the default threshold: the others are too common in
// honest traffic to stop it by themselves.
var categories = [...]struct {
	name   inspect.Category
	weight int
}{
	{inspect.Injection, 100},
	{inspect.Jailbreak, 100},
	{inspect.Exfiltration, 100},
	{inspect.Leak, 100},
	{inspect.Secret, 65},
	{inspect.PII, 35},
	{inspect.Code, 50},
	{inspect.Evasion, 60},
	{inspect.Coverage, 30},
}

// place is c's index in categories, or -1 for one that this build does not know.
func place(c inspect.Category) int {
	for i := range categories {
		if categories[i].name == c {
			return i
		}
	}
	return -1
}
