package mitm

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// The doors, as records name them.
const (
	DoorConnect  = "connect"
	DoorAbsolute = "absolute"
	DoorLocal    = "local"
)

// Visit says how a request came in.
type Visit struct {
	Door   string
	Client string // the client's address, without a port

	keeper  keeper
	arrival *arrival
}

// keeper looks after connections that have left net/http's care.
type keeper interface {
	keep(net.Conn) bool
	release(net.Conn)
}

type visitKey struct{}

// VisitOf returns how the request that ctx belongs to came in. Its zero value
// means that the request did not come through a Proxy.
func VisitOf(ctx context.Context) Visit {
	v, _ := ctx.Value(visitKey{}).(*Visit)
	if v == nil {
		return Visit{}
	}
	return *v
}

// frontContext and interceptedContext run once per connection, so that a
// request costs no allocation for its visit.
func (p *Proxy) frontContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, visitKey{}, &Visit{Door: DoorLocal, Client: hostOf(c.RemoteAddr()), keeper: p, arrival: arrivalOf(c)})
}

func interceptedContext(ctx context.Context, c net.Conn) context.Context {
	ic := c.(*tls.Conn).NetConn().(*intercepted) // the handoff passes nothing else
	ctx = context.WithValue(ctx, interceptedKey{}, ic)
	return context.WithValue(ctx, visitKey{}, &ic.visit)
}

// throughDoor marks a request that came in by another door than its
// connection's usual one.
func throughDoor(r *http.Request, door string) *http.Request {
	v := VisitOf(r.Context())
	v.Door = door
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, &v))
}

func hostOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
