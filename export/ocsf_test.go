package export_test

import (
	"encoding/json"
	"testing"

	"github.com/infershield/infershield/export"
)

// TestOCSF checks what the schema requires of both classes, and that the
// record goes along whole.
func TestOCSF(t *testing.T) {
	h := &hook{}
	cfg := serveHook(t, h)
	cfg.OCSF = true
	e := newExporter(t, export.Config{Webhook: &cfg})
	e.Record(record(0)) // blocked
	e.Record(record(1)) // allowed
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var body struct{ Data []map[string]any }
	if err := json.Unmarshal([]byte(h.bodies[0]), &body); err != nil {
		t.Fatal(err)
	}
	common := []string{"category_uid", "class_uid", "activity_id", "type_uid", "time", "severity_id", "metadata", "unmapped"}
	for i, want := range []struct {
		numbers map[string]float64
		members []string
	}{
		{map[string]float64{"category_uid": 2, "class_uid": 2004, "type_uid": 200401, "severity_id": 5, "action_id": 2, "disposition_id": 2, "risk_score": 92},
			[]string{"finding_info", "evidences", "status_id"}},
		{map[string]float64{"category_uid": 6, "class_uid": 6003, "type_uid": 600301, "severity_id": 1, "action_id": 1, "status_id": 1},
			[]string{"actor", "api", "src_endpoint", "dst_endpoint"}},
	} {
		got := body.Data[i]
		for _, name := range append(want.members, common...) {
			if got[name] == nil {
				t.Errorf("event %d has no %s", i, name)
			}
		}
		for name, n := range want.numbers {
			if got[name] != n {
				t.Errorf("event %d: %s = %v; want %v", i, name, got[name], n)
			}
		}
		if id := got["unmapped"].(map[string]any)["id"]; id != record(i).ID {
			t.Errorf("event %d: record %v", i, id)
		}
	}
}
