package doctor

import (
	"context"
	"net"
	"runtime"
	"strings"
)

// nowhereUDP is UDP 443 of an address that exists nowhere (RFC 5737): whether
// the kernel lets a packet to it go shows what it does with QUIC.
const nowhereUDP = "192.0.2.1:443"

// bypassDirect says what stands between the provider and a program that ignores
// the settings. On most machines that is nothing, which is no fault.
func bypassDirect(ctx context.Context, v *visit) []Finding {
	var open []string
	d := net.Dialer{Timeout: dialTimeout}
	if conn, err := d.DialContext(ctx, "udp", nowhereUDP); err == nil {
		if _, err := conn.Write([]byte{0}); err == nil {
			open = append(open, "QUIC (UDP 443)")
		}
		_ = conn.Close() // nobody listens
	}
	if conn, err := d.DialContext(ctx, "udp6", "[2001:db8::1]:443"); err == nil { // RFC 3849: connects where there is a route, and sends nothing
		_ = conn.Close()
		open = append(open, "IPv6")
	}
	summary := "Not closed: a program that ignores the settings can go around the proxy"
	if len(open) > 0 {
		summary += ", by " + strings.Join(open, " and ") + " too"
	}
	f := Finding{State: Skipped, Summary: summary + "."}
	if runtime.GOOS == "linux" {
		f.Detail = v.Command("run") + " --jail -- CMD leaves CMD no other way out."
	}
	return one(f)
}

// bypassBrowser says what cannot be looked at from here.
func bypassBrowser(context.Context, *visit) []Finding {
	return one(Finding{State: Skipped, Summary: "Not looked at: whether browsers resolve names over HTTPS (DoH) or hide them (ECH).",
		Detail: "With a proxy set, a browser leaves names to the proxy and speaks no QUIC to hosts behind it; the gateway's DNS answers withhold ECH."})
}
