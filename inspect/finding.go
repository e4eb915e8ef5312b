package inspect

import "fmt"

// Role says who speaks in a text. It decides which detectors apply and how
// strictly: the operator's own instructions are full of imperatives, a
// document fetched by a tool should hold none for the assistant.
type Role uint8

const (
	// User is a person's or a program's own prompt. It is the zero value,
	// because an unknown speaker gets no privilege.
	User Role = iota
	// System is the operator: system and developer messages, instructions,
	// tool definitions. It is never scored as an attack.
	System
	// Tool is text that a tool, a search or a file brought in.
	Tool
	// Model is what the provider answered.
	Model
)

var roleNames = [...]string{User: "user", System: "system", Tool: "tool", Model: "model"}

// String returns the word used in records and on the command line.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// ParseRole reads a word that String returns. The empty word is User.
func ParseRole(s string) (Role, error) {
	if s == "" {
		return User, nil
	}
	for i, name := range roleNames {
		if s == name {
			return Role(i), nil
		}
	}
	return User, fmt.Errorf("source %q is none of user, system, tool, model", s)
}

// Category is the kind of threat. The set is closed: metrics use it as a label.
type Category string

// The categories, in the order in which labels list them.
const (
	Injection    Category = "injection"    // instructions meant to override the operator's
	Jailbreak    Category = "jailbreak"    // attempts to lift the model's own limits
	Exfiltration Category = "exfiltration" // data on its way out in a link, an image, a call
	Leak         Category = "leak"         // the operator's instructions coming back
	Secret       Category = "secret"       // keys, tokens, passwords
	PII          Category = "pii"          // personal data
	Code         Category = "code"         // SQL, shell or script payloads; never blocks alone
	Evasion      Category = "evasion"      // hidden characters and encodings
	Coverage     Category = "coverage"     // text that could not be inspected as it should
)

// Categories returns every category in label order. The caller owns the slice.
func Categories() []Category {
	return []Category{Injection, Jailbreak, Exfiltration, Leak, Secret, PII, Code, Evasion, Coverage}
}

// Source describes the text handed to Scan or Stream.
type Source struct {
	Role Role
	// Call says that the text is the arguments of a tool call: it acts by
	// itself, where an answer waits for a reader.
	Call bool
	// Memory is what was said before in the exchange, and must not come back.
	// Nil looks for nothing, and costs nothing.
	Memory *Memory
	// Hold says for which findings a Stream holds text back. It changes none.
	Hold Hold
}

// Finding is one threat found in one text. It holds no part of that text.
type Finding struct {
	// Rule is the lower-case snake_case name of what matched, from the closed
	// set of the engine's detectors; personal data is named as in Presidio.
	Rule     string   `json:"rule"`
	Category Category `json:"category"`
	// Score is the detector's certainty, above 0 and up to 1.
	Score float64 `json:"score"`
	// Start and End are byte offsets in the text as it was given, End exclusive.
	// In a Stream they count from the stream's first byte.
	Start int `json:"start"`
	End   int `json:"end"`
	// Views is the chain of decodings that laid the threat bare, outermost
	// first; empty when it stood in the text as it was given.
	Views []string `json:"views,omitempty"`
	// Features names what contributed to the score, strongest first.
	Features []string `json:"features,omitempty"`
}
