package mitm

import "sync"

// distrustClientsMax bounds how many clients are remembered. A client beyond
// it is not logged; it is counted all the same.
const distrustClientsMax = 1024

// distrust remembers which clients were already told of in the log.
type distrust struct {
	mu   sync.Mutex
	seen map[string]struct{}
}

func newDistrust() *distrust { return &distrust{seen: make(map[string]struct{})} }

// first reports whether client is seen for the first time.
func (d *distrust) first(client string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.seen[client]; ok || len(d.seen) >= distrustClientsMax {
		return false
	}
	d.seen[client] = struct{}{}
	return true
}
