package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/infershield/infershield/audit"
)

// heartbeat is how often a stream shows that it is alive. Proxies between cut
// what is silent for longer.
const heartbeat = 15 * time.Second

// stream sends each record as it is stored, as server-sent events whose id is
// the record's. A client that comes back with Last-Event-ID goes on behind it.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	f, err := a.filter(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_filter", err.Error())
		return
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusTooManyRequests, "too_many_streams", fmt.Sprintf("%d streams are open, which is the most. Close one and try again.", streamsMax))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	f.After, f.Limit, f.Before = r.Header.Get("Last-Event-ID"), 0, 0
	events := make(chan audit.Record)
	failed := make(chan error, 1)
	go a.follow(ctx, f, events, failed)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the server's is for requests
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprint(w, ": the audit log\n\n")
	_ = control.Flush()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.ended:
			return
		case <-failed:
			return // the client comes back and is told why
		case <-beat.C:
			_, err = fmt.Fprint(w, ": alive\n\n")
		case record := <-events:
			err = writeEvent(w, record)
		}
		if err != nil || control.Flush() != nil {
			return
		}
	}
}

// follow gives each record that f picks to events until ctx ends.
func (a *API) follow(ctx context.Context, f audit.Filter, events chan<- audit.Record, failed chan<- error) {
	for record, err := range a.cfg.Log.Follow(ctx, f) {
		if err != nil {
			failed <- err
			return
		}
		select {
		case events <- record:
		case <-ctx.Done():
			return
		}
	}
}

func writeEvent(w http.ResponseWriter, record audit.Record) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: record\nid: %s\ndata: %s\n\n", record.ID, text)
	return err
}
