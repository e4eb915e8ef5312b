package doctor

import (
	"context"
	"net"
	"runtime"
	"strings"
)

// Addresses that exist nowhere (RFC 5737, RFC 3849). Connecting a UDP socket to
// one sends nothing and shows whether there is a route; writing to it shows what
// the kernel's own rules do with QUIC.
const (
	nowhere4 = "192.0.2.1:443"
	nowhere6 = "[2001:db8::1]:443"
)

// bypassDirect says what stands between the provider and a program that ignores
// the settings. On most machines that is nothing, which is no fault.
func bypassDirect(ctx context.Context, v *visit) []Finding {
	var ways []string
	d := net.Dialer{Timeout: dialTimeout}
	conn4, err4 := d.DialContext(ctx, "udp4", nowhere4)
	if err4 == nil {
		defer conn4.Close() //nolint:errcheck // nobody listens
		if _, err := conn4.Write([]byte{0}); err == nil {
			ways = append(ways, "QUIC (UDP 443)")
		}
	}
	conn6, err6 := d.DialContext(ctx, "udp6", nowhere6)
	if err6 == nil {
		defer conn6.Close() //nolint:errcheck // as above
		ways = append(ways, "IPv6")
	}
	if err4 != nil && err6 != nil {
		return ok("There is no way out of here but through the proxy.")
	}
	summary := "Not closed: a program that ignores the settings can go around the proxy"
	if len(ways) > 0 {
		summary += ", by " + strings.Join(ways, " and ") + " too"
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
