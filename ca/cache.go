package ca

import (
	"container/list"
	"crypto/tls"
	"sync"
	"time"
)

// cache keeps the most recently used certificates.
type cache struct {
	max int

	mu     sync.Mutex
	byHost map[string]*list.Element // of *cached
	order  *list.List               // most recently used first
}

type cached struct {
	host    string
	cert    *tls.Certificate
	renewal time.Time // from then on it is as good as gone
}

func newCache(most int) *cache {
	return &cache{max: most, byHost: make(map[string]*list.Element), order: list.New()}
}

// find returns the certificate for host if it is to be used at the time now. A
// clock that was set back may have made it one of the future.
func (c *cache) find(host string, now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byHost[host]
	if !ok {
		return nil
	}
	entry := el.Value.(*cached)
	if !now.Before(entry.renewal) || now.Before(entry.cert.Leaf.NotBefore) {
		return nil
	}
	c.order.MoveToFront(el)
	return entry.cert
}

// put keeps a certificate, in place of an older one for the same host or of the
// least recently used one.
func (c *cache) put(host string, cert *tls.Certificate, renewal time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := &cached{host: host, cert: cert, renewal: renewal}
	if el, ok := c.byHost[host]; ok {
		el.Value = entry
		c.order.MoveToFront(el)
		return
	}
	if c.order.Len() >= c.max {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byHost, oldest.Value.(*cached).host)
	}
	c.byHost[host] = c.order.PushFront(entry)
}
