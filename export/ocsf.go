package export

import (
	"encoding/json"
	"net"
	"strconv"

	"github.com/infershield/infershield/audit"
)

// ocsfVersion is the schema that events follow: https://schema.ocsf.io/1.3.0.
const ocsfVersion = "1.3.0"

// ocsf writes records as events of the Open Cybersecurity Schema Framework: a
// Detection Finding (class 2004) where something was found, else an API
// Activity (class 6003). The audit record stands whole under "unmapped".
type ocsf struct{ version string }

type ocsfEvent struct {
	Category   int           `json:"category_uid"`
	Class      int           `json:"class_uid"`
	Activity   int           `json:"activity_id"`
	Type       int           `json:"type_uid"` // class and activity in one
	Time       int64         `json:"time"`     // ms
	Severity   int           `json:"severity_id"`
	Status     int           `json:"status_id"`
	StatusCode string        `json:"status_code"` // of the HTTP answer
	Action     int           `json:"action_id"`
	Dispo      int           `json:"disposition_id"`
	Duration   int64         `json:"duration"` // ms
	Message    string        `json:"message"`
	Metadata   ocsfMetadata  `json:"metadata"`
	Actor      *ocsfActor    `json:"actor,omitempty"` // of class 6003
	API        *ocsfAPI      `json:"api,omitempty"`   // the same
	Source     *ocsfEndpoint `json:"src_endpoint,omitempty"`
	Dest       *ocsfEndpoint `json:"dst_endpoint,omitempty"`
	Finding    *ocsfFinding  `json:"finding_info,omitempty"` // of class 2004
	Risk       *int          `json:"risk_score,omitempty"`
	Evidences  []ocsfProof   `json:"evidences,omitempty"`
	Unmapped   audit.Record  `json:"unmapped"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	UID      string      `json:"uid"`
	LoggedMS int64       `json:"logged_time"`
	Product  ocsfProduct `json:"product"`
	Profiles []string    `json:"profiles"`
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version"`
}

type ocsfActor struct {
	AppName string `json:"app_name"`
}

type ocsfAPI struct {
	Operation string      `json:"operation"`
	Service   ocsfService `json:"service"`
}

type ocsfService struct {
	Name string `json:"name"`
}

type ocsfEndpoint struct {
	IP       string `json:"ip,omitempty"`
	Hostname string `json:"hostname,omitempty"`
}

type ocsfFinding struct {
	UID       string   `json:"uid"`
	Title     string   `json:"title"`
	Types     []string `json:"types"`
	CreatedMS int64    `json:"created_time"`
}

type ocsfProof struct {
	Data json.RawMessage `json:"data"` // of type JSON: one audit.Finding
}

// The numbers are those of the schema's enumerations.
var (
	ocsfSeverities = map[string]int{"low": 2, "medium": 3, "high": 4, "critical": 5}
	ocsfActions    = map[string]int{"allow": 1, "block": 2, "redact": 4}  // Allowed, Denied, Modified
	ocsfDispos     = map[string]int{"allow": 1, "block": 2, "redact": 11} // Allowed, Blocked, Corrected
	ocsfActivities = map[string]int{"POST": 1, "GET": 2, "HEAD": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
)

const (
	ocsfOther         = 99
	ocsfInformational = 1
	ocsfSuccess       = 1
	ocsfFailure       = 2
)

func (o *ocsf) event(r *audit.Record) ocsfEvent {
	e := ocsfEvent{
		Time: r.Time.UnixMilli(), Duration: r.DurationMS, Message: summary(r),
		Severity: ocsfInformational, Status: ocsfSuccess, StatusCode: strconv.Itoa(r.Status),
		Action: enumerated(ocsfActions, r.Action), Dispo: enumerated(ocsfDispos, r.Action),
		Metadata: ocsfMetadata{
			Version: ocsfVersion, UID: r.ID, LoggedMS: r.Time.UnixMilli() + r.DurationMS,
			Product:  ocsfProduct{Name: "InferShield", Vendor: "InferShield", Version: o.version},
			Profiles: []string{"security_control"},
		},
		Dest: &ocsfEndpoint{Hostname: r.Host}, Unmapped: *r,
	}
	if net.ParseIP(r.Client) != nil {
		e.Source = &ocsfEndpoint{IP: r.Client}
	}
	if r.Error != "" || r.Status == 0 || r.Status >= 400 {
		e.Status = ocsfFailure
	}
	if len(r.Findings) == 0 {
		o.activity(&e, r)
	} else {
		o.finding(&e, r)
	}
	e.Type = e.Class*100 + e.Activity
	return e
}

// activity fills in what an exchange without findings is.
func (o *ocsf) activity(e *ocsfEvent, r *audit.Record) {
	e.Category, e.Class, e.Activity = 6, 6003, enumerated(ocsfActivities, r.Method)
	e.Actor = &ocsfActor{AppName: r.Agent}
	e.API = &ocsfAPI{Operation: r.Method + " " + r.Path, Service: ocsfService{Name: r.Endpoint}}
}

// finding fills in what was found. What is recorded only, by a policy that does
// not enforce, is Observed and Detected.
func (o *ocsf) finding(e *ocsfEvent, r *audit.Record) {
	e.Category, e.Class, e.Activity = 2, 2004, 1 // Create
	e.Severity = ocsfInformational
	if n, ok := ocsfSeverities[r.Severity]; ok {
		e.Severity = n
	}
	if r.Action == "allow" {
		e.Action, e.Dispo = 3, 15
	}
	e.Status = 1 // New
	e.Risk = &r.Risk
	e.Finding = &ocsfFinding{UID: r.ID, Title: summary(r), Types: r.Labels, CreatedMS: r.Time.UnixMilli()}
	for i := range r.Findings {
		if b, err := json.Marshal(r.Findings[i]); err == nil { // a score is NaN at worst
			e.Evidences = append(e.Evidences, ocsfProof{Data: b})
		}
	}
}

func enumerated(numbers map[string]int, word string) int {
	if n, ok := numbers[word]; ok {
		return n
	}
	return ocsfOther
}
