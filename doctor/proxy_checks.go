package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

func proxyPort(ctx context.Context, v *visit) []Finding {
	p := v.home()
	switch {
	case p.err != nil && canListen(v.Listen):
		return ok(v.Listen + " is free.")
	case p.err != nil:
		return v.cannotListen(v.Listen, "INFERSHIELD_LISTEN")
	case p.ours:
		return ok("InferShield has " + v.Listen + ".")
	}
	return v.taken(v.Listen, "INFERSHIELD_LISTEN")
}

func adminPort(ctx context.Context, v *visit) []Finding {
	conn, err := dial(ctx, Dialable(v.Admin))
	if err != nil {
		if canListen(v.Admin) {
			return ok(v.Admin + " is free.")
		}
		return v.cannotListen(v.Admin, "INFERSHIELD_ADMIN")
	}
	_ = conn.Close() // it was only to see who is there
	if signsAsOurs(ctx, Dialable(v.Admin)) {
		return ok("InferShield has " + v.Admin + ".")
	}
	return v.taken(v.Admin, "INFERSHIELD_ADMIN")
}

// taken is the finding for a port that somebody else has.
func (v *visit) taken(addr, variable string) []Finding {
	by := "another program"
	if who := ownerOf(addr); who.pid > 0 {
		by = fmt.Sprintf("%s (process %d)", who.name, who.pid)
	}
	return wrong(fmt.Sprintf("%s is taken by %s, which is not InferShield.", addr, by),
		"Stop that program, or let InferShield listen elsewhere: a variable beats .env and infershield.yaml, a flag beats it.",
		"export "+variable+"="+freeAddr(addr))
}

func (v *visit) cannotListen(addr, variable string) []Finding {
	return wrong("This user cannot listen on "+addr+".",
		"The port needs privileges, or the address is not this machine's.", "export "+variable+"="+freeAddr("127.0.0.1:8080"))
}

// canListen tries it, and lets go at once.
func canListen(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	_ = l.Close() // nobody has connected
	return true
}

// freeAddr is an address with the host of addr on which nothing listens: one of
// the ports after its own, or any.
func freeAddr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = "127.0.0.1", "8000"
	}
	first, _ := strconv.Atoi(port) // zero will do
	for next := first + 80; next < first+120 && next < 65536; next++ {
		if free := net.JoinHostPort(host, strconv.Itoa(next)); canListen(free) {
			return free
		}
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "127.0.0.1:8080"
	}
	defer l.Close() //nolint:errcheck // nobody has connected
	return l.Addr().String()
}

func proxyRunning(_ context.Context, v *visit) []Finding {
	p := v.proxy()
	switch {
	case p.err != nil:
		return wrong("InferShield does not run on "+v.Listen+".",
			"For a single program there is no need to: "+v.Command("run")+" -- CMD starts one for as long as CMD lives.",
			v.Command("serve")+" &")
	case !p.ours:
		return skipped("Somebody else is on " + v.Listen + "; see proxy.port.")
	case v.check == "":
		return ok("InferShield runs on " + p.addr + ".")
	case strings.Contains(p.refusal, "no certificate"):
		return skipped("InferShield runs on " + p.addr + ", but it cannot show a certificate; see proxy.leaf.")
	case !p.reached():
		return wrong("InferShield runs on "+p.addr+", but does not intercept "+v.Intercept[0]+".",
			"Asked for "+v.check+", "+p.refusal+". It was started with another intercept list.", v.restart())
	case v.isRuns():
		return ok(fmt.Sprintf("The InferShield of run is on %s, in key mode %s.", p.addr, p.hello.KeyMode))
	case p.hello.KeyMode != v.Key.Mode:
		// What runs is what counts: a start from this shell may lack the key.
		return ok(fmt.Sprintf("InferShield runs on %s in key mode %s; this shell says %s, which would count from the next start.", p.addr, p.hello.KeyMode, v.Key.Mode))
	}
	return ok(fmt.Sprintf("InferShield runs on %s in key mode %s (version %s).", p.addr, p.hello.KeyMode, p.hello.Version))
}

func proxyAuthority(_ context.Context, v *visit) []Finding {
	p, a := v.proxy(), v.folder()
	switch {
	case !p.reached():
		return skipped("No running InferShield to ask.")
	case a.cert != nil && a.fingerprint() == p.hello.Authority:
		return ok("The running InferShield uses the authority of " + v.DataDir + ".")
	case p.hello.DataDir != "" && !sameFile(p.hello.DataDir, v.DataDir):
		return wrong(fmt.Sprintf("The running InferShield uses the data folder %s; this shell's is %s.", p.hello.DataDir, v.DataDir),
			"What is exported here is another authority than the one that programs see.",
			"export INFERSHIELD_DATA_DIR="+Quote(p.hello.DataDir))
	}
	return wrong("The running InferShield uses another authority than its data folder holds.",
		"The authority was replaced under it; programs that trust the new one refuse it.", v.restart())
}

func proxyLeaf(_ context.Context, v *visit) []Finding {
	p := v.proxy()
	switch {
	case !p.ours || v.check == "":
		return skipped("No running InferShield to ask.")
	case len(p.chain) == 0:
		return wrong("The running InferShield cannot show a certificate.",
			strings.TrimSuffix("Asked for "+v.check+", "+p.refusal, ".")+". Its authority has expired, or will not sign.", v.restart())
	}
	now, leaf := time.Now(), p.chain[0]
	if now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		return wrong(fmt.Sprintf("The running InferShield shows a certificate that is valid from %s to %s.",
			leaf.NotBefore.Format(time.DateTime), leaf.NotAfter.Format(time.DateTime)),
			"This machine's clock says "+now.UTC().Format(time.DateTime)+" UTC.", v.restart())
	}
	if a := v.folder(); a.cert != nil && p.reached() && a.fingerprint() == p.hello.Authority {
		if _, trusted := p.trustedBy([]*x509.Certificate{a.cert}, v.check); !trusted {
			return wrong("The running InferShield shows a certificate that its own authority does not vouch for.", "", v.restart())
		}
	}
	return ok("The certificate that it shows is valid until " + leaf.NotAfter.Format(time.DateOnly) + "; it is renewed before.")
}
