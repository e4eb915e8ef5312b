package audit

import (
	"context"
	"encoding/json"
	"fmt"
)

// Query returns the records that f picks, newest first. A record is found once
// it is stored; Sync waits for that.
func (l *Log) Query(ctx context.Context, f Filter) (p Page, err error) {
	if f.Limit <= 0 {
		f.Limit = limitDefault
	}
	f.Limit = min(f.Limit, limitMax)
	err = l.use(ctx, func(db *store) error {
		p, err = db.page(ctx, f)
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("querying the audit log: %w", err)
	}
	return p, nil
}

func (s *store) page(ctx context.Context, f Filter) (p Page, err error) {
	var w where
	if err := s.pick(ctx, &w, f); err != nil {
		return p, err
	}
	found, err := s.latest(ctx, w, f.Limit+1)
	if err != nil {
		return p, err
	}
	if len(found) > f.Limit { // there is a next page
		found = found[:f.Limit]
		p.Next = Cursor(found[f.Limit-1].place)
	}
	p.Records = make([]Record, len(found))
	for i := range found {
		p.Records[i] = found[i].record
	}
	return p, nil
}

func decode(body []byte, r *Record) error { return json.Unmarshal(body, r) }
