// Package audit keeps one record per exchange: it stores, queries, follows and
// exports them. It does not know how anything was decided.
package audit

import "time"

// Record is one exchange as spec'd for `audit list --json` and the API. Every
// field is always present in its JSON, empty or null where it does not apply.
// It never holds a credential, nor a byte that policy masks.
type Record struct {
	ID       string    `json:"id"` // the request_id that the client was told
	Time     time.Time `json:"time"`
	Door     string    `json:"door"` // connect, absolute, local or transparent
	Client   string    `json:"client"`
	Agent    string    `json:"agent"`
	Session  string    `json:"session"`
	Host     string    `json:"host"`
	Method   string    `json:"method"`
	Path     string    `json:"path"` // without the query string
	Endpoint string    `json:"endpoint"`
	Model    string    `json:"model"`
	Stream   bool      `json:"stream"`
	Status   int       `json:"status"` // what the client was answered; 0 when it left before an answer

	Action   string    `json:"action"` // allow, redact or block
	Mode     string    `json:"mode"`   // block, warn or off
	Risk     int       `json:"risk"`   // 0 to 100
	Labels   []string  `json:"labels"`
	Severity string    `json:"severity"` // low, medium, high or critical
	Findings []Finding `json:"findings"`

	PromptExcerpt   string     `json:"prompt_excerpt"`   // masked, then cut
	ResponseExcerpt string     `json:"response_excerpt"` // masked, then cut
	Coverage        []Coverage `json:"coverage"`
	BodySHA256      Digests    `json:"body_sha256"`

	KeyMode       string `json:"key_mode"`
	RequestBytes  int64  `json:"request_bytes"`
	ResponseBytes int64  `json:"response_bytes"`
	DurationMS    int64  `json:"duration_ms"`
	FirstByteMS   int64  `json:"first_byte_ms"`
	InspectUS     int64  `json:"inspect_us"`
	HeldBytesMax  int64  `json:"held_bytes_max"`
	PolicyVersion string `json:"policy_version"`
	Error         string `json:"error"` // why the exchange did not end well; empty when it did
}

// Finding is where one threat stood. Offsets are bytes in the text of one
// segment, End exclusive.
type Finding struct {
	Rule      string  `json:"rule"`
	Category  string  `json:"category"`
	Score     float64 `json:"score"`
	Direction string  `json:"direction"` // request or response
	Role      string  `json:"role"`
	Path      string  `json:"path"`
	Start     int     `json:"start"`
	End       int     `json:"end"`
}

// Coverage says of one surface of an exchange whether it was inspected.
type Coverage struct {
	Surface string `json:"surface"`
	State   string `json:"state"` // scanned, skipped or opaque
	Reason  string `json:"reason"`
}

// Digests are hex SHA-256 sums of the bodies as they came and as they left.
// Equal sums prove that nothing was changed. A sum is empty where no body was
// seen to its end.
type Digests struct {
	RequestIn   string `json:"request_in"`
	RequestOut  string `json:"request_out"`
	ResponseIn  string `json:"response_in"`
	ResponseOut string `json:"response_out"`
}

// Recorder takes finished records. Record never blocks and may be called from
// any goroutine; the record belongs to the recorder afterwards.
type Recorder interface {
	Record(Record)
}

// Tee hands each record to every recorder in turn.
type Tee []Recorder

// Record implements Recorder.
func (t Tee) Record(r Record) {
	for _, rec := range t {
		rec.Record(r)
	}
}
